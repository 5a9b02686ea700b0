// `npm run mutations:untouched`: a hundred checks of a system that nobody edits while its controllers are kept at work. Not one alarm.
// Options: --checks 100, --out .lab/untouched.json; --inside is how it calls itself.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runInOwnLab } from '../own-lab.ts';
import { runAction } from '../runner.ts';
import { stamp } from '../stamp.ts';
import { check, deployInputs } from './check.ts';
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
      inputs: deployInputs,
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
    const result = { checks: Number(values.checks), alarms, answers: [...answers], ...stamp() };
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`${alarms.length} alarms in ${values.checks} checks; answers: ${[...answers].join(', ')}`);
    return alarms.length === 0 && answers.size === 1 && answers.has('false 0') ? 0 : 1;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

process.exitCode =
  values.inside === undefined
    ? await runInOwnLab([import.meta.filename, ...process.argv.slice(2), '--inside', values.out])
    : await inside(values.inside);
