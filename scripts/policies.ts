// The policy documents that terraform/policies gives for the examples' setting, kept as JSON so that tests need no Terraform.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RenderedPolicies {
  /** SHA-256 over the module's files: tells documents that are older than their source. */
  readonly sources: string;
  /** By output of the module; of an output with several, by `output.key`. */
  readonly documents: Readonly<Record<string, unknown>>;
}

export const renderedPath = 'terraform/policies/rendered.json';

/** @param root the repository's folder */
export function policySources(root: string): string {
  const folder = join(root, 'terraform/policies');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.tf'))
    .sort()) {
    hash.update(`${file}\0${readFileSync(join(folder, file), 'utf8')}\0`);
  }
  return hash.digest('hex');
}

/** @param root the repository's folder */
export const renderedPolicies = (root: string): RenderedPolicies =>
  JSON.parse(readFileSync(join(root, renderedPath), 'utf8')) as RenderedPolicies;
