// Hostnames that cannot be published as written.
import { list } from '../bundle/field.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import { canonical, isHostname } from '../gateway/hostnames.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { LintInput } from './input.ts';

/** 63 characters of a label less `cname-`: beyond it ExternalDNS writes the record without its ownership TXT (external-dns#6430). */
const longestLabel = 57;

/** Of envsubst and Flux, of kustomize's old `vars`, of Helm and its like, and of people. */
const placeholder = /\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|<[^>]*>|\$[A-Z_]{2,}/;

/** What is known to be wrong with a hostname that people write. */
const slips: readonly (readonly [RegExp, string])[] = [
  [
    placeholder,
    'Fill the placeholder in before this step, or let a chart or a kustomization do it: nothing here does.',
  ],
  [/[:/]/, 'Write the name alone, without scheme, port and path.'],
  [/^\*$/, 'Leave `hostnames` out to take every host of the listener, or name a domain: `*.example.com`.'],
  [/\*/, 'A `*` stands for the whole first label: `*.example.com`.'],
  [/^[\d.]+$/, 'A hostname is no IP address: take a name of a hosted zone.'],
  [/[^\x20-\x7e]/, 'Write names with other letters in their ASCII form (`xn--…`).'],
];

const form = 'Labels hold letters, digits and `-`, at most 63 of them, and are separated by dots.';

export const lintNames = (input: LintInput): readonly Finding[] => {
  const { routes, objects } = input;
  // Flux fills in what its Kustomizations substitute.
  const isFilled = objects.some(({ object }) => object.apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'));
  return routes.flatMap((route) => [
    ...invalid(route)
      .filter(({ host }) => !(isFilled && placeholder.test(host)))
      .map(({ found }) => found),
    ...lintLabels(route),
  ]);
};

/** As they were written: a name in lower case is not found again. */
const invalid = ({ object, source }: Sourced) => {
  const ref = refOf(object);
  return list(object, 'spec', 'hostnames')
    .filter((host) => typeof host === 'string')
    .filter((host) => !isHostname(canonical(host)))
    .map((host) => {
      const hint = slips.find(([slip]) => slip.test(host))?.[1] ?? form;
      const message = `${ref} asks for "${host}", which is no DNS name.`;
      return { host, found: finding('error', 'lint/hostname-invalid', message, { source, ref, hint }) };
    });
};

const lintLabels = ({ object, source }: Sourced): Finding[] => {
  const ref = refOf(object);
  return hostnamesOf(object).flatMap((host) => {
    const label = host.split('.')[0] ?? '';
    if (!isHostname(host)) return [];
    if (label.length <= longestLabel) return [];
    return [
      finding(
        'error',
        'lint/label-too-long',
        `${ref}: the first label of ${host} has ${label.length} characters; with more than ${longestLabel}, ExternalDNS writes the record without its ownership record and can never change or remove it again.`,
        { source, ref, hint: `Shorten the label to ${longestLabel} characters.` },
      ),
    ];
  });
};
