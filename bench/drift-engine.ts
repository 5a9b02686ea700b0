// Compares a file of manifests with the cluster as a drift check does, and nothing else: what the bench measures as a whole process.
import { readFileSync } from 'node:fs';
import { parseManifests } from '../src/bundle/parse.ts';
import { discover } from '../src/kube/discovery.ts';
import { lookAtObjects } from '../src/modes/drift/objects.ts';
import { counted } from './counted.ts';
import type { EngineRun } from './engine.ts';

const [file = '', endpoint = '', caFile = '', tokenFile = '', namespace = ''] = process.argv.slice(2);
const { objects } = parseManifests(readFileSync(file, 'utf8'), file);
const kube = counted(endpoint, caFile, tokenFile);
const signal = new AbortController().signal;
const since = performance.now();
const discovery = await discover(kube, signal);
const { sightings, unchecked } = await lookAtObjects(
  { signal, environment: { workspace: '.' } },
  { kube, discovery },
  {
    exact: false,
    expected: objects.map((each) => ({
      ...each,
      layer: 'kubernetes',
      namespace,
      manager: 'eks-gateway-action',
    })),
  },
);
const seconds = (performance.now() - since) / 1000;
await kube.close();
if (unchecked[0]) throw new Error(unchecked[0].message);
const results = { compared: objects.length, drifted: new Set(sightings.map(({ ref }) => ref)).size };
const run: EngineRun = {
  seconds,
  requests: kube.requests(),
  objectRequests: 0,
  results,
  megabytes: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(run)}\n`);
