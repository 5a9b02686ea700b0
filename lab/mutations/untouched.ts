// `npm run mutations:untouched`: a hundred checks of a system that nobody edits while its controllers are kept at work. Not one alarm.
// Options: --checks 100, --out .lab/untouched.json; --inside is how it calls itself.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnInLab, startLab, stopLab } from '../cluster/lab.ts';
import { runAction } from '../runner.ts';
import { check, repositoryInputs } from './check.ts';
import { churn } from './churn.ts';
import { prepareRepository } from './repository.ts';
import { makeDriftRole } from './role.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    checks: { type: 'string', default: '100' },
    out: { type: 'string', default: join(root, '.lab/untouched.json') },
    inside: { type: 'string' },
  },
});

async function inside(out: string): Promise<number> {
  const workspace = mkdtempSync(join(tmpdir(), 'eks-gateway-untouched-'));
  try {
    prepareRepository(workspace, process.env['LAB_DIR'] ?? '');
    const deployed = await runAction({
      workspace,
      inputs: { ...repositoryInputs, 'create-namespace': 'true', 'wait-timeout': '3m' },
    });
    if (deployed.code !== 0) throw new Error(`the repository did not come alive:\n${deployed.log}`);
    await makeDriftRole();
    const alarms: { readonly check: number; readonly said: string }[] = [];
    const answers = new Set<string>();
    for (let index = 0; index < Number(values.checks); index += 1) {
      churn[index % churn.length]?.();
      const { items, result } = await check(workspace, { 'drift-recheck': '90s' });
      answers.add(`${result.outputs['drift']} ${result.code}`);
      const said = items.map(
        ({ layer, ref, path, found }) => `${layer} ${ref} ${path}: ${found ?? 'nothing'}`,
      );
      alarms.push(...said.map((each) => ({ check: index, said: each })));
      console.error(`${index + 1}: ${result.outputs['drift']} ${said.join('; ')}`);
    }
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
    const bundle = join(process.env['LAB_DIST'] ?? join(root, 'dist'), 'index.js');
    const dist = createHash('sha256').update(readFileSync(bundle)).digest('hex');
    const result = { checks: Number(values.checks), alarms, answers: [...answers], commit, dist };
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`${alarms.length} alarms in ${values.checks} checks; answers: ${[...answers].join(', ')}`);
    return alarms.length === 0 && answers.size === 1 && answers.has('false 0') ? 0 : 1;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** A lab of its own, beside whatever runs. */
async function outside(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-untouched-lab-'));
  try {
    const lab = await startLab({ dir: join(folder, 'lab'), log: console.error });
    const args = [import.meta.filename, ...process.argv.slice(2), '--inside', values.out];
    const environment = process.env['LAB_DIST'] === undefined ? {} : { LAB_DIST: process.env['LAB_DIST'] };
    const running = spawnInLab(lab.path, process.execPath, args, { folder: root, environment });
    running.child.stdout?.pipe(process.stdout);
    running.child.stderr?.pipe(process.stderr);
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => void running.kill('SIGTERM'));
    return (await running.ended).code ?? 1;
  } finally {
    await stopLab(join(folder, 'lab'));
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = values.inside === undefined ? await outside() : await inside(values.inside);
