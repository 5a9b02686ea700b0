// Hostnames that cannot be published as written.
import { refOf, type Sourced } from '../bundle/object.ts';
import { isHostname } from '../gateway/hostnames.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { LintInput } from './input.ts';

/** 63 characters of a label less `cname-`: beyond it ExternalDNS writes the record without its ownership TXT (external-dns#6430). */
const longestLabel = 57;

export const lintNames = ({ routes }: LintInput): readonly Finding[] => routes.flatMap(lintHostnames);

const lintHostnames = ({ object, source }: Sourced): Finding[] => {
  const ref = refOf(object);
  return hostnamesOf(object).flatMap((host) => {
    const label = host.split('.')[0] ?? '';
    if (!isHostname(host)) {
      return [
        finding('error', 'lint/hostname-invalid', `${ref} asks for ${host}, which is no DNS name.`, {
          source,
          ref,
        }),
      ];
    }
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
