// What a release says of itself: tag, package.json and changelog have to agree.
import { expect, test } from '@jest/globals';
import { notesOf, versionOfTag } from '../../scripts/release-notes.ts';

const changelog =
  '# Changelog\n\n## Unreleased\n\n## 1.10.0\n\nTen.\n\n## 1.1.0, 2026-12-01\n\n- One\n- Two\n';

test('the section of the version, and not of one that begins alike', () => {
  expect(notesOf(changelog, '1.1.0')).toBe('- One\n- Two');
  expect(notesOf(changelog, '1.10.0')).toBe('Ten.');
});

test.each(['1.2.0', 'Unreleased'])('nothing to say of %s', (version) => {
  expect(() => notesOf(changelog, version)).toThrow(`CHANGELOG.md says nothing of ${version}`);
});

test('a tag that is not the version of the package', () => {
  expect(versionOfTag('v1.1.0', '1.1.0')).toBe('1.1.0');
  expect(() => versionOfTag('v1.1', '1.1.0')).toThrow('The tag is v1.1, but package.json says 1.1.0');
});
