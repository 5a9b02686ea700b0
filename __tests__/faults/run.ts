// `npm run faults [-- --only TEXT,… --labs N]`: every fault through the built action, in labs of its own; writes .lab/faults.json and docs/faults.md. With --table only the table of the page is written, from the matrix.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnInLab, startLab, stopLab } from '../../lab/cluster/lab.ts';
import { stamp } from '../../lab/stamp.ts';
import type { Fault } from './fault.ts';
import { faults } from './matrix.ts';
import type { FaultResult } from './run-fault.ts';
import { faultPage, withTable } from './table.ts';

const root = join(import.meta.dirname, '../..');
const dist = process.env['LAB_DIST'] ?? join(root, 'dist');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-faults-'));

interface Share {
  readonly controller: string;
  readonly results: readonly FaultResult[];
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    labs: { type: 'string', default: '3' },
    table: { type: 'boolean', default: false },
    out: { type: 'string', default: '.lab/faults.json' },
  },
});
const out = resolve(root, values.out);
const labFolder = (index: number): string =>
  `${resolve(root, process.env['LAB_DIR'] ?? '.lab-faults')}-${index + 1}`;

function wanted(): readonly Fault[] {
  const parts = values.only?.split(',');
  return parts === undefined
    ? faults
    : faults.filter(({ name, family }) => parts.some((part) => name.includes(part) || family === part));
}

/** Faults that run alone cost a lab as much as several that do not: both kinds are dealt out in turn. */
const shares = (all: readonly Fault[], count: number): readonly (readonly Fault[])[] =>
  Array.from({ length: count }, (_, lab) =>
    [true, false].flatMap((alone) =>
      all
        .filter((fault) => (fault.alone ?? false) === alone)
        .filter((_fault, index) => index % count === lab),
    ),
  );

async function inLab(share: readonly Fault[], index: number): Promise<Share> {
  const dir = labFolder(index);
  const file = join(scratch, `${index}.json`);
  const lab = await startLab({ dir });
  try {
    const running = spawnInLab(
      lab.path,
      process.execPath,
      [join(import.meta.dirname, 'in-lab.ts'), file, ...share.map(({ name }) => name)],
      { folder: root, environment: { LAB_DIST: dist } },
    );
    running.child.stdout?.on('data', (text: Buffer) => process.stdout.write(text));
    const { code, stderr } = await running.ended;
    if (code !== 0) console.error(stderr);
    return JSON.parse(readFileSync(file, 'utf8')) as Share;
  } finally {
    await stopLab(lab.path);
  }
}

const page = join(root, 'docs/faults.md');
if (values.table) {
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), faults));
  process.exit();
}
const all = wanted();
const labs = Math.max(1, Math.min(Number(values.labs), all.length));
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    const dirs = Array.from({ length: labs }, (_, index) => labFolder(index));
    void Promise.all(dirs.map((dir) => stopLab(dir))).finally(() => process.exit(1));
  });
try {
  const done = await Promise.all(shares(all, labs).map(inLab));
  const order = new Map(faults.map(({ name }, index) => [name, index]));
  const results = done
    .flatMap(({ results: some }) => some)
    .toSorted((one, other) => (order.get(one.fault) ?? 0) - (order.get(other.fault) ?? 0));
  const missing = all.filter(({ name }) => !results.some(({ fault }) => fault === name));
  const stamped = stamp();
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(
    out,
    `${JSON.stringify(
      done.flatMap(({ controller, results: some }) =>
        some.map((each) => ({ ...each, ...stamped, controller })),
      ),
      null,
      2,
    )}\n`,
  );
  if (values.only === undefined && missing.length === 0)
    writeFileSync(page, faultPage(faults, results, done[0]?.controller ?? ''));
  const bad = results.filter(({ ok }) => !ok).length + missing.length;
  for (const { name } of missing) console.log(`✗ ${name}: did not run`);
  console.log(`\n${results.length - (bad - missing.length)} passed, ${bad} failed`);
  process.exitCode = bad === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
