// Compares a file of manifests with the cluster as a drift check does, and nothing else: what the bench measures as a whole process.
import { readFileSync } from 'node:fs';
import { parseManifests } from '../src/bundle/parse.ts';
import { connect } from '../src/kube/connection.ts';
import { discover } from '../src/kube/discovery.ts';
import { lookAtObjects } from '../src/modes/drift/objects.ts';
import { systemClock } from '../src/system-clock.ts';
import type { EngineRun } from './engine.ts';

const [file = '', endpoint = '', caFile = '', tokenFile = '', namespace = ''] = process.argv.slice(2);
const { objects } = parseManifests(readFileSync(file, 'utf8'), file);
const token = readFileSync(tokenFile, 'utf8').trim();
const kube = connect({
  endpoint,
  caData: readFileSync(caFile).toString('base64'),
  token: async () => token,
  clock: systemClock,
});
let requests = 0;
const counted: typeof kube = {
  ...kube,
  send: (request, signal) => {
    requests += 1;
    return kube.send(request, signal);
  },
};
const signal = new AbortController().signal;
const since = performance.now();
const discovery = await discover(counted, signal);
const { sightings, unchecked } = await lookAtObjects(
  { signal, environment: { workspace: '.' } },
  { kube: counted, discovery },
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
  requests,
  objectRequests: 0,
  results,
  megabytes: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(run)}\n`);
