// `npx node scripts/release-notes.ts vX.Y.Z`: the section of that version in CHANGELOG.md; fails where tag, package and changelog disagree.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The section of a version, without its heading.
 * @param version `1.2.3`
 * @throws Error where the changelog has no section of it, or an empty one
 */
export function notesOf(changelog: string, version: string): string {
  const section = changelog
    .split(/^## /m)
    .slice(1)
    .find((each) => each.split(/[\s,]/)[0] === version);
  const notes = section?.split('\n').slice(1).join('\n').trim();
  if (!notes) throw new Error(`CHANGELOG.md says nothing of ${version}: add the section "## ${version}".`);
  return notes;
}

/** @throws Error where the tag is not the package's version */
export function versionOfTag(tag: string, packageVersion: string): string {
  if (tag !== `v${packageVersion}`)
    throw new Error(`The tag is ${tag}, but package.json says ${packageVersion}: they must agree.`);
  return packageVersion;
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  try {
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    console.log(notesOf(changelog, versionOfTag(process.argv[2] ?? '', version)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
