// `npm run mutations`: more than fifty mutations, each to be found with layer, path, author and healing verdict, and gone after mending.
// Options: --only FAMILY,… (parts of their names), --out .lab/mutations.json; --inside is how it calls itself.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { importCertificate } from '../certificate.ts';
import { runInOwnLab } from '../own-lab.ts';
import { runAction } from '../runner.ts';
import { stamp } from '../stamp.ts';
import { aws } from './aws.ts';
import { certificates } from './certificates.ts';
import { type Checked, check, deployInputs, faults, itemFor } from './check.ts';
import { helm } from './helm.ts';
import { https } from './https.ts';
import { identity } from './identity.ts';
import { kubernetes } from './kubernetes.ts';
import type { Family, Mutation } from './mutation.ts';
import { records } from './records.ts';
import { prepareRepository } from './repository.ts';
import { makeDriftRole } from './role.ts';

interface Verdict {
  readonly mutation: string;
  readonly layer: string;
  readonly path: string;
  /** As the check said it. */
  readonly found: string | null;
  readonly by: string | null;
  readonly heals: string | null;
  readonly gone: boolean;
  readonly faults: readonly string[];
  readonly ok: boolean;
}

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    out: { type: 'string', default: join(root, '.lab/mutations.json') },
    inside: { type: 'string' },
  },
});

/** Looks until the mended things are gone: controllers need a moment. */
const attempts = 8;

/** Makes them and looks; once more where whoever mends them was faster. */
async function found(workspace: string, { mutations, hurried, recheck }: Family): Promise<Checked> {
  for (let attempt = 1; ; attempt += 1) {
    for (const each of mutations) await each.make();
    const checked = await check(workspace, recheck === undefined ? {} : { 'drift-recheck': recheck });
    const all = mutations.every((each) => itemFor(each, checked.items) !== undefined);
    if (all || hurried !== true || attempt === 3) return checked;
    for (const each of mutations) await each.mend?.();
  }
}

async function ofFamily(workspace: string, family: Family): Promise<readonly Verdict[]> {
  const { name, mutations, mend } = family;
  console.error(`${name}: ${mutations.length}`);
  const { items, result } = await found(workspace, family);
  for (const each of mutations) await each.mend?.();
  await mend?.();
  let left = mutations;
  let after = items;
  for (let attempt = 0; attempt < attempts && left.length > 0; attempt += 1) {
    after = (await check(workspace, { 'drift-recheck': '5s' })).items;
    left = mutations.filter((each) => itemFor(each, after) !== undefined);
  }
  const verdicts = mutations.map((each) => verdictOf(each, items, !left.includes(each)));
  if (verdicts.some(({ ok }) => !ok)) {
    console.error(result.log.slice(result.log.indexOf('::group::Compare')).slice(0, 6_000));
    console.error('after mending:', JSON.stringify(after.map((item) => `${item.ref} ${item.path}`)));
  }
  return verdicts;
}

function verdictOf(mutation: Mutation, items: Parameters<typeof faults>[1], gone: boolean): Verdict {
  const item = itemFor(mutation, items);
  const wrong = [...faults(mutation, items), ...(gone ? [] : ['still told after mending'])];
  console.error(
    `  ${wrong.length === 0 ? '✓' : '✗'} ${mutation.name}${wrong.length === 0 ? '' : `: ${wrong.join('; ')}`}`,
  );
  return {
    mutation: mutation.name,
    layer: mutation.layer,
    path: item?.path ?? String(mutation.path),
    found: item === undefined ? null : (item.found ?? 'nothing'),
    by: item?.by ?? null,
    heals: item === undefined || item.heals === false ? null : item.heals.by,
    gone,
    faults: wrong,
    ok: wrong.length === 0,
  };
}

async function inside(out: string): Promise<number> {
  const workspace = mkdtempSync(join(tmpdir(), 'eks-gateway-mutations-'));
  try {
    prepareRepository(workspace, process.env['LAB_DIR'] ?? '');
    const deployed = await runAction({
      workspace,
      inputs: deployInputs,
    });
    if (deployed.code !== 0) throw new Error(`the repository did not come alive:\n${deployed.log}`);
    await makeDriftRole();
    const before = await check(workspace);
    if (before.items.length > 0 || before.result.code !== 0)
      throw new Error(`it has drifted before anything was done:\n${before.result.log}`);
    let certificate: string | undefined;
    const other = (): string => {
      certificate ??= importCertificate(['other.example.com']);
      return certificate;
    };
    const families = [
      ...kubernetes(workspace),
      ...helm(workspace),
      ...records(),
      ...identity(),
      ...certificates(),
      ...aws(other),
      ...https(),
    ];
    const verdicts: Verdict[] = [];
    const only = (values.only ?? '').split(',');
    for (const family of families.filter(({ name }) => only.some((each) => name.includes(each))))
      verdicts.push(...(await ofFamily(workspace, family)));
    const stamped = stamp();
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(
      out,
      `${JSON.stringify(
        verdicts.map((each) => ({ ...each, ...stamped })),
        null,
        2,
      )}\n`,
    );
    const good = verdicts.filter(({ ok }) => ok).length;
    console.log(`\n${good} of ${verdicts.length} mutations found, judged and gone after mending: ${out}`);
    return good === verdicts.length ? 0 : 1;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

process.exitCode =
  values.inside === undefined
    ? await runInOwnLab([import.meta.filename, ...process.argv.slice(2), '--inside', values.out])
    : await inside(values.inside);
