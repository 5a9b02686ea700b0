// Runs faults inside a lab: `node in-lab.ts RESULTS.json NAME …`. Those that touch what all share run alone, at the end.

import { setMaxListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import pLimit from 'p-limit';
import { kubectl, resetKnobs } from '../dist/lab-control.ts';
import type { Fault } from './fault.ts';
import { faults } from './matrix.ts';
import { type FaultResult, runFault } from './run-fault.ts';
import { makeSetting } from './setting.ts';

/** Runs mostly wait; the machine has two cores. */
const beside = 4;

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

async function one(fault: Fault): Promise<void> {
  const result = await runFault(fault);
  results.push(result);
  writeFileSync(file, JSON.stringify({ controller, results }));
  const mark = result.ok ? '✓' : '✗';
  console.log(`${mark} ${result.fault}: ${result.said} (${result.seconds} s)`);
  for (const why of result.wrong) console.log(`    ${why}`);
  tidy(fault);
}

const { versions } = await makeSetting();
controller = versions['lbc'] === 'stand-in' ? 'stand-in' : `real ${versions['lbc']}`;
const limit = pLimit(beside);
await Promise.all(wanted.filter(({ alone }) => !alone).map((fault) => limit(() => one(fault))));
for (const fault of wanted.filter(({ alone }) => alone)) await one(fault);
await resetKnobs();
writeFileSync(file, JSON.stringify({ controller, results }));
