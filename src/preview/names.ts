// The name of a preview: one DNS label that is also its namespace. The same for the same pull request in every run.
import { createHash } from 'node:crypto';

/** What a template's placeholders stand for. */
export interface NameParts {
  /** `owner/name`; in the hash, so that two repositories with the same branch do not meet. */
  readonly repository: string;
  readonly number: number;
  readonly branch: string;
  readonly sha: string;
}

const placeholders = ['number', 'branch', 'app', 'sha'] as const;

/**
 * Characters of a name: 63 of a DNS label, less the six of `cname-`, the longest that ExternalDNS puts before the first
 * label for its ownership TXT. A longer one gets an address without an owner, which nobody ever removes
 * (external-dns registry/mapper/mapper.go, registry/txt/registry.go). A `--txt-prefix` without a dot takes more.
 */
export const longestName = 57;

const hashLength = 7;

/** Lower case; what is neither a letter nor a digit becomes one `-`, none at the ends; accents fall off (NFKD). */
export const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const trimmed = (text: string): string => text.replace(/^-+|-+$/g, '');

/** What is wrong with a template, as the tail of "accepted: "; `undefined` for a good one. */
export const templateProblem = (template: string): string | undefined => {
  const found = [...template.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
  const strange = found.find((name) => !placeholders.some((each) => each === name));
  if (strange !== undefined)
    return `only the placeholders ${placeholders.map((each) => `{${each}}`).join(', ')}`;
  if (!/^[a-z0-9-]*$/.test(template.replace(/\{[^}]*\}/g, '')))
    return 'lower-case letters, digits and `-` around placeholders';
  if (!found.includes('number') && !found.includes('branch'))
    return 'a template with {number} or {branch}: without them all pull requests would share one preview';
  return undefined;
};

/** Repository names differ in more than case (GitHub keeps no two that do not), branch names may not. */
const isChanged = (name: string, value: string): boolean =>
  slug(value) !== (name === 'app' ? value.toLowerCase() : value);

/**
 * `pr-{number}-{app}` → `pr-42-sample-app`. `{app}` is the repository's name, `{sha}` the commit's first seven digits.
 *
 * Whenever making a slug of a value changed it (`feature/login`, `Fix-1`), or the name is longer than `longest`, it ends in
 * `-` and seven hexadecimal digits of SHA-256(repository, NUL, template with the values as they are): `a/b` and `a-b`
 * do not share a preview.
 */
export const previewName = (template: string, parts: NameParts, longest = longestName): string => {
  const values: Readonly<Record<string, string>> = {
    number: String(parts.number),
    branch: parts.branch,
    app: parts.repository.slice(parts.repository.indexOf('/') + 1),
    sha: parts.sha.slice(0, 7),
  };
  const fill = (write: (value: string) => string): string =>
    template.replace(/\{([^}]*)\}/g, (_all, name: string) => write(values[name] ?? ''));
  const used = Object.entries(values).filter(([name]) => template.includes(`{${name}}`));
  // `--` at the third and fourth place is for internationalised names alone (RFC 5891).
  const plain = trimmed(fill(slug)).replace(/-{2,}/g, '-');
  const changed = used.some(([name, value]) => isChanged(name, value)) || plain !== fill(slug);
  return changed || plain.length > longest
    ? hashed(plain, [parts.repository.toLowerCase(), fill((value) => value)], longest)
    : plain;
};

/** The name cut to leave room for the hash of what it stands for. */
const hashed = (name: string, of: readonly string[], longest: number): string => {
  const hash = createHash('sha256').update(of.join('\0')).digest('hex').slice(0, hashLength);
  const cut = trimmed(name.slice(0, Math.max(0, longest - hashLength - 1)));
  return cut === '' ? hash : `${cut}-${hash}`;
};

/**
 * The hosts of a preview: the first hostname of the repository gets the preview's own name, each other one the name with
 * its own first label behind it. One label below the domain, always: a wildcard certificate covers no more.
 * @param hosts as the repository has them, in the order of its files
 */
export const previewHosts = (
  name: string,
  hosts: readonly string[],
  domain: string,
  longest = longestName,
): ReadonlyMap<string, string> => {
  const distinct = [...new Set(hosts.map((host) => host.toLowerCase()))];
  const labels = distinct.map((host) => host.replace(/^\*\./, 'any.').split('.')[0] ?? '');
  return new Map(
    distinct.map((host, index) => {
      const label = labels[index] ?? '';
      if (index === 0) return [host, `${name}.${domain}`];
      const long = `${name}-${slug(label)}`;
      const alone = labels.filter((each, at) => at > 0 && each === label).length === 1;
      const fits = alone && slug(label) === label && long.length <= longest;
      return [host, `${fits ? long : hashed(long, [name, host], longest)}.${domain}`];
    }),
  );
};
