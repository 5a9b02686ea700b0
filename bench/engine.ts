// Applies a file of manifests with the action's own engine, and nothing else: what the bench measures as a whole process.
import { readFileSync } from 'node:fs';
import { applyStage } from '../src/apply/apply.ts';
import { parseManifests } from '../src/bundle/parse.ts';
import { serverSideApplier } from '../src/kube/apply.ts';
import { discover } from '../src/kube/discovery.ts';
import { counted } from './counted.ts';

/** What it writes to standard output, as one line of JSON. */
export interface EngineRun {
  /** From the first request (which opens the connection) to the last response. */
  readonly seconds: number;
  readonly requests: number;
  /** Of them, those for one object by its name. */
  readonly objectRequests: number;
  /** How many objects came to which end. */
  readonly results: Readonly<Record<string, number>>;
  /** Peak resident set of the process, in MB. */
  readonly megabytes: number;
}

const [file = '', endpoint = '', caFile = '', tokenFile = '', namespace = ''] = process.argv.slice(2);
const { objects } = parseManifests(readFileSync(file, 'utf8'), file);
const kube = counted(endpoint, caFile, tokenFile);
const signal = new AbortController().signal;
const since = performance.now();
const applier = serverSideApplier(kube, await discover(kube, signal), { namespace });
const { objects: applied, problem } = await applyStage(objects, applier, signal);
const seconds = (performance.now() - since) / 1000;
await kube.close();
if (problem) throw problem;
const results: Record<string, number> = {};
for (const { reported } of applied) results[reported.result] = (results[reported.result] ?? 0) + 1;
const megabytes = process.resourceUsage().maxRSS / 1024;
const run: EngineRun = {
  seconds,
  requests: kube.requests(),
  objectRequests: kube.objectRequests(),
  results,
  megabytes,
};
process.stdout.write(`${JSON.stringify(run)}\n`);
