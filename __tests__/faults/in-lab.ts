// Runs faults inside a lab: `node in-lab.ts RESULTS.json NAME …`. Those that touch what all share are injected alone, after the
// others; their controls and mended settings stand side by side.

import { setMaxListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import pLimit from 'p-limit';
import { kubectl, resetKnobs } from '../dist/lab-control.ts';
import type { Fault } from './fault.ts';
import { faults } from './matrix.ts';
import { type FaultResult, FaultRun } from './run-fault.ts';
import { makeSetting } from './setting.ts';

/** Runs mostly wait; three labs of so many keep two cores busy. */
const beside = 3;

setMaxListeners(50);
const [file = '', ...names] = process.argv.slice(2);
const wanted = faults.filter(({ name }) => names.includes(name));
const results: FaultResult[] = [];
let controller = '';

function tidy(fault: Fault): void {
  for (const suffix of fault.fresh ? ['', '-control'] : ['']) {
    kubectl('delete', 'namespace', `${fault.name}${suffix}`, '--ignore-not-found', '--wait=false');
  }
}

function done(run: FaultRun): void {
  const result = run.result();
  results.push(result);
  writeFileSync(file, JSON.stringify({ controller, results }));
  const mark = result.ok ? '✓' : '✗';
  console.log(`${mark} ${result.fault}: ${result.said} (${result.seconds} s)`);
  for (const why of result.wrong) console.log(`    ${why}`);
  tidy(run.fault);
}

const { versions } = await makeSetting();
controller = versions['lbc'] === 'stand-in' ? 'stand-in' : `real ${versions['lbc']}`;
const limit = pLimit(beside);
const runs = wanted.map((fault) => new FaultRun(fault));
const alone = runs.filter(({ fault }) => fault.alone);
await Promise.all(
  runs.map((run) =>
    limit(async () => {
      await run.control();
      if (run.fault.alone) return;
      await run.faulty();
      await run.mended();
      done(run);
    }),
  ),
);
for (const run of alone) await run.faulty();
await Promise.all(
  alone.map((run) =>
    limit(async () => {
      await run.mended();
      done(run);
    }),
  ),
);
await resetKnobs();
writeFileSync(file, JSON.stringify({ controller, results }));
