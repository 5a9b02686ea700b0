// Hostnames that cannot be published as written.
import { field, list } from '../bundle/field.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import { placeholderIn, renderFirst } from '../bundle/placeholder.ts';
import { isHostname } from '../gateway/hostnames.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { LintInput } from './input.ts';

/** 63 characters of a label less `cname-`: beyond it ExternalDNS writes the record without its ownership TXT (external-dns#6430). */
const longestLabel = 57;

/** Of kustomize's old `vars`, and of people; others are known from `placeholderIn`. */
const blank = /\$\([^)]*\)|<[^>]*>/;

/** What is known to be wrong with a hostname that people write. */
const slips: readonly (readonly [RegExp, string])[] = [
  [
    blank,
    'Fill the placeholder in before this step, or let a chart or a kustomization do it: nothing here does.',
  ],
  [/[:/]/, 'Write the name alone, without scheme, port and path.'],
  [/^\*$/, 'Leave `hostnames` out to take every host of the listener, or name a domain: `*.example.com`.'],
  [/\*(?!\.)|.\*/, 'A `*` stands for the whole first label: `*.example.com`.'],
  [/^[\d.]+$/, 'A hostname is no IP address: take a name of a hosted zone.'],
  [/[^\x20-\x7e]/, 'Write names with other letters in their ASCII form (`xn--…`).'],
  [/[A-Z]|\.$/, 'Write it in lower case and without a dot at the end: the API server takes no other form.'],
];

const form = 'Labels hold letters, digits and `-`, at most 63 of them, and are separated by dots.';

const hintOf = (host: string): string => {
  const left = placeholderIn(host);
  if (left !== undefined) return renderFirst(left);
  return slips.find(([slip]) => slip.test(host))?.[1] ?? form;
};

interface Named {
  readonly each: Sourced;
  /** As it was written: a name in lower case is not found again. */
  readonly host: string;
}

const namesIn = (each: Sourced, hosts: readonly unknown[]): readonly Named[] =>
  hosts.flatMap((host) => (typeof host === 'string' ? [{ each, host }] : []));

const ofRoute = (each: Sourced): readonly Named[] => namesIn(each, list(each.object, 'spec', 'hostnames'));

const ofGateway = (each: Sourced): readonly Named[] =>
  each.object.kind === 'Gateway'
    ? namesIn(
        each,
        list(each.object, 'spec', 'listeners').map((listener) => field(listener, 'hostname')),
      )
    : [];

/** Hostnames of routes, and of listeners of the Gateways among the objects, that the API server would refuse. */
export const invalidHostnames = (
  routes: readonly Sourced[],
  objects: readonly Sourced[],
): readonly Finding[] => {
  // Flux fills in what its Kustomizations substitute.
  const isFilled = objects.some(({ object }) => object.apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'));
  return [...routes.flatMap(ofRoute), ...objects.flatMap(ofGateway)].flatMap(({ each, host }) => {
    const { object, source } = each;
    if (isHostname(host) || (isFilled && (placeholderIn(host) !== undefined || blank.test(host)))) return [];
    const ref = refOf(object);
    const message = `${ref} asks for "${host}", which is no DNS name.`;
    return [finding('error', 'lint/hostname-invalid', message, { source, ref, hint: hintOf(host) })];
  });
};

const lintLabels = ({ object, source }: Sourced): Finding[] => {
  const ref = refOf(object);
  return hostnamesOf(object).flatMap((host) => {
    const label = host.split('.')[0] ?? '';
    if (!isHostname(host) || label.length <= longestLabel) return [];
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

export const lintNames = ({ routes, objects }: LintInput): readonly Finding[] => [
  ...invalidHostnames(routes, objects),
  ...routes.flatMap(lintLabels),
];
