// Healthy deploys inside a lab, with slow pods and a slow load balancer: `node in-lab.ts COUNT`. Exit code 1 unless all are live.
import pLimit from 'p-limit';
import { appFiles } from '../dist/app-files.ts';
import { edgeGateway } from '../dist/edge.ts';
import { kubectl, resetKnobs, setKnobs } from '../dist/lab-control.ts';
import { deploy, makeSetting } from '../faults/setting.ts';
import { chance } from './course.ts';

const count = Number(process.argv[2]);
const random = chance(1);

/** Every third has a Gateway of its own, which comes with it; pods are ready after up to 15 s. */
async function healthy(index: number): Promise<boolean> {
  const name = `healthy-${index}`;
  const own = index % 3 === 0;
  const after = Math.round(random() * 15);
  const files = appFiles(name, (yaml) =>
    yaml
      .replace(
        `metadata: { labels: { app: ${name} } }`,
        `metadata: { labels: { app: ${name} }, annotations: { lab/ready-after: ${after}s } }`,
      )
      .replace(
        'name: public, namespace: infra',
        own ? `name: edge, namespace: ${name}` : 'name: public, namespace: infra',
      ),
  );
  // The app's files have the namespace already.
  const gateway = edgeGateway(name).replace(/^[\s\S]*?---\n/, '');
  const all = own ? { 'gateway.yaml': gateway, ...files } : files;
  const { report, seconds } = await deploy(all, { 'wait-timeout': '3m' });
  const broken = report.hosts.flatMap(({ links }) => links.filter(({ state }) => state === 'broken'));
  const good = report.outcome === 'live' && broken.length === 0;
  const why = good ? '' : `: ${report.verdict} ${broken.map(({ code }) => code).join(', ')}`;
  console.log(`${good ? '✓' : '✗'} ${name}: ${report.outcome} after ${Math.round(seconds)} s${why}`);
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
  return good;
}

await makeSetting();
await setKnobs({ loadBalancerActiveSeconds: 10 });
const limit = pLimit(4);
const results = await Promise.all(Array.from({ length: count }, (_, index) => limit(() => healthy(index))));
await resetKnobs();
console.log(`${results.filter(Boolean).length} of ${count} healthy deploys in the lab were called live`);
process.exitCode = results.every(Boolean) ? 0 : 1;
