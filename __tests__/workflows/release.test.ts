// The scripts of the workflows that keep the repository, run as they stand there; git is real, GitHub's side is played by it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Sbom } from '../../scripts/sbom.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-release-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(scratch, 'in-'));

/** The one script of a workflow that holds this text. */
function scriptWith(workflow: string, text: string): string {
  const { jobs } = parse(readFileSync(join(root, '.github/workflows', workflow), 'utf8')) as {
    readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
  };
  const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = [] }) => run));
  const [found = '', ...more] = scripts.filter((script) => script.includes(text));
  expect({ found: found !== '', more }).toEqual({ found: true, more: [] });
  return found;
}

/** Programs that stand before the real ones on PATH: bash scripts by name. */
function programs(scripts: Readonly<Record<string, string>>): string {
  const bin = folder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\nset -eu\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return `${bin}:${process.env['PATH']}`;
}

/** As a runner starts a step without `shell:`. */
function runScript(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: scratch, ...env },
  });
  return { code: status, output: `${stdout}${stderr}` };
}

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

function repository(): string {
  const path = folder();
  git(path, 'init', '--quiet', '--initial-branch=main');
  mkdirSync(join(path, 'dist'));
  writeFileSync(join(path, 'dist/index.js'), 'built\n');
  git(path, 'add', '--all');
  git(path, 'commit', '--quiet', '--message', 'First');
  return path;
}

describe('release.yml: dist is built again and compared', () => {
  const compare = scriptWith('release.yml', 'git diff --exit-code');
  const build = (script: string) => {
    const path = repository();
    return runScript(compare, path, { PATH: programs({ npm: script }) }).code;
  };
  test.each([
    ['the same files', 'echo built > dist/index.js', 0],
    ['another content', 'echo other > dist/index.js', 1],
    ['a file more', 'echo more > dist/more.js', 1],
    ['a file less', 'rm dist/index.js', 1],
    ['a build that fails', 'exit 3', 3],
  ])('%s', (_what, script, code) => {
    expect(build(script)).toBe(code);
  });
});

test('release.yml: the list of what is in the bundle names what the action depends on, and nothing else', () => {
  const temp = folder();
  const script = scriptWith('release.yml', 'sbom.ts');
  expect(runScript(script, root, { RUNNER_TEMP: temp })).toMatchObject({ code: 0 });
  const { bomFormat, components } = JSON.parse(readFileSync(join(temp, 'sbom.cdx.json'), 'utf8')) as Sbom;
  expect(bomFormat).toBe('CycloneDX');
  const listed = components.map(({ name, version }) => `${name}@${version}`);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  expect(listed).toEqual(
    expect.arrayContaining(Object.entries(dependencies).map(([name, version]) => `${name}@${version}`)),
  );
  expect(listed.filter((each) => /^(jest|@swc|typescript|node-linux)/.test(each))).toEqual([]);
  // What the bundler found in dist, by the licences that it copied.
  const licences = readFileSync(join(root, 'dist/licenses.txt'), 'utf8');
  const copied = [...licences.matchAll(/^(@?[a-z][\w./-]*)\n(?:MIT|Apache|ISC|BSD|0BSD|BlueOak)/gm)];
  const names = new Set(['eks-gateway-action', ...components.map(({ name }) => name)]);
  expect(copied.length).toBeGreaterThan(20);
  expect(copied.map(([, name = '']) => name).filter((name) => !names.has(name))).toEqual([]);
});

/** `gh api` over the refs of a real repository, as GitHub's REST API has them. */
const refsOfGitHub = (path: string): string => `
declare -A field; method=GET; url=
while [ $# -gt 0 ]; do
  case "$1" in
    api|--paginate) ;;
    --method) method=$2; shift ;;
    --jq) test "$2" = '.[].ref'; shift ;;
    -f|-F) field["\${2%%=*}"]="\${2#*=}"; shift ;;
    *) url=$1 ;;
  esac
  shift
done
cd '${path}'
case "$method $url" in
  "GET repos/o/r/git/matching-refs/"*) git for-each-ref --format='%(refname)' | grep -F "refs/\${url#*matching-refs/}" ;;
  "PATCH repos/o/r/git/refs/"*)
    ref="refs/\${url#*git/refs/}"; git rev-parse --quiet --verify "$ref" > /dev/null || { echo 'Reference does not exist' >&2; exit 1; }
    test "\${field[force]}" = true; git update-ref "$ref" "\${field[sha]}" ;;
  "POST repos/o/r/git/refs") git update-ref "\${field[ref]}" "\${field[sha]}" ;;
  *) echo "unexpected: $method $url" >&2; exit 9 ;;
esac`;

describe('release.yml: vX moves to the newest vX.Y.Z', () => {
  const move = scriptWith('release.yml', 'matching-refs');

  /** Tags in the order in which they were released, each with a commit of its own; gives where v1 and v2 are at the end. */
  function release(tags: readonly string[]) {
    const path = repository();
    for (const tag of tags) {
      git(path, 'commit', '--quiet', '--allow-empty', '--message', tag);
      git(path, 'tag', tag);
      const sha = git(path, 'rev-parse', 'HEAD');
      const env = { GITHUB_REF_NAME: tag, GITHUB_SHA: sha, GH_REPO: 'o/r' };
      expect(runScript(move, path, { ...env, PATH: programs({ gh: refsOfGitHub(path) }) })).toMatchObject({
        code: 0,
      });
    }
    const at = (tag: string): string =>
      git(path, 'tag', '--list', tag) === '' ? '' : git(path, 'log', '-1', '--format=%s', tag);
    return { v1: at('v1'), v2: at('v2') };
  }

  test('where GitHub does not answer, the job fails', () => {
    const env = { GITHUB_REF_NAME: 'v1.0.0', GITHUB_SHA: 'abc', GH_REPO: 'o/r' };
    expect(runScript(move, folder(), { ...env, PATH: programs({ gh: 'exit 1' }) })).toMatchObject({
      code: 1,
    });
  });

  test.each([
    ['the first one makes it', ['v1.0.0'], { v1: 'v1.0.0', v2: '' }],
    ['the next ones move it', ['v1.0.0', 'v1.0.1', 'v1.9.0', 'v1.10.0'], { v1: 'v1.10.0', v2: '' }],
    ['a new major version has its own', ['v1.3.0', 'v2.0.0'], { v1: 'v1.3.0', v2: 'v2.0.0' }],
    [
      'a mended older version does not take it back',
      ['v1.3.0', 'v1.4.0', 'v1.3.1'],
      { v1: 'v1.4.0', v2: '' },
    ],
    ['v10 is no v1', ['v10.0.0', 'v1.2.0'], { v1: 'v1.2.0', v2: '' }],
  ])('%s', (_what, tags, expected) => {
    expect(release(tags)).toEqual(expected);
  });
});

test('release.yml: a tag without its section in the changelog ends it', () => {
  const script = scriptWith('release.yml', 'release-notes.ts');
  const env = { GITHUB_REF_NAME: 'v99.0.0', RUNNER_TEMP: folder() };
  const { code, output } = runScript(script, root, env);
  expect(code).toBe(1);
  expect(output).toContain('The tag is v99.0.0, but package.json says');
});

describe('commit-dist.yml: three files become a commit, as data', () => {
  const commit = scriptWith('commit-dist.yml', 'createCommitOnBranch');
  const files = ['index.js', 'licenses.txt', 'package.json'];

  /** What the artifact holds, changed; gives what was sent to GitHub. */
  function send(change: (dist: string) => void) {
    const path = folder();
    const dist = join(path, 'dist');
    mkdirSync(dist);
    for (const name of files) writeFileSync(join(dist, name), `${name} "quoted" $(x)\n`);
    change(dist);
    const env = { GH_REPO: 'o/r', BRANCH: 'dependabot/npm/a', HEAD: 'abc' };
    const gh = `test "$*" = 'api graphql --input -'; cat > '${path}/sent'`;
    const { code } = runScript(commit, path, { ...env, PATH: programs({ gh }) });
    const sent = existsSync(join(path, 'sent')) ? readFileSync(join(path, 'sent'), 'utf8') : '';
    return { code, sent };
  }

  test('on the branch of the update, on top of the commit that was built', () => {
    const { code, sent } = send(() => {});
    expect(code).toBe(0);
    const { input } = (
      JSON.parse(sent) as { variables: { input: { fileChanges: { additions: unknown[] } } } }
    ).variables;
    expect(input).toMatchObject({
      branch: { repositoryNameWithOwner: 'o/r', branchName: 'dependabot/npm/a' },
      expectedHeadOid: 'abc',
    });
    expect(input.fileChanges.additions).toEqual(
      files.map((name) => ({
        path: `dist/${name}`,
        contents: Buffer.from(`${name} "quoted" $(x)\n`).toString('base64'),
      })),
    );
  });

  test.each<[string, (dist: string) => void]>([
    ['a file more', (dist) => writeFileSync(join(dist, 'more.js'), '')],
    ['a file less', (dist) => rmSync(join(dist, 'index.js'))],
    [
      'a link',
      (dist) => {
        rmSync(join(dist, 'index.js'));
        symlinkSync('/etc/passwd', join(dist, 'index.js'));
      },
    ],
    ['a folder', (dist) => mkdirSync(join(dist, '.github'))],
    ['too much', (dist) => writeFileSync(join(dist, 'index.js'), Buffer.alloc(20_000_001))],
  ])('%s: nothing is sent', (_what, change) => {
    const { code, sent } = send(change);
    expect({ failed: code !== 0, sent }).toEqual({ failed: true, sent: '' });
  });

  test('dist is those three files', () => {
    const path = folder();
    cpSync(join(root, 'dist'), path, { recursive: true });
    expect(execFileSync('ls', ['-A', path], { encoding: 'utf8' }).trim().split('\n').sort()).toEqual(files);
  });
});
