// Between an admitted route and its answer: the workload behind it, and the routes of others in its way.
import { beforeAll, expect, test } from '@jest/globals';
import { app, edgeGateway } from './edge.ts';
import { ensureInfra, type Finished, kubectl, kubectlApply, runApp } from './harness.ts';

interface Fault {
  readonly link: string;
  readonly code: string;
  /** The whole message, or what it must name. */
  readonly says: RegExp;
  /** Of the repository's own files. */
  readonly change?: (yaml: string) => string;
  /** What other teams have in the cluster, before and after they have mended it. */
  readonly others?: { readonly broken: () => void; readonly mend: () => void };
  /** A Gateway of the fault's own, in that namespace. */
  readonly gateway?: string;
}

const openEdge = (namespace: string): string =>
  edgeGateway(namespace).replaceAll(
    'port: 443 }',
    'port: 443, allowedRoutes: { namespaces: { from: All } } }',
  );

/** Another team's route at the Gateway `edge` of its namespace. */
const theirs = (
  namespace: string,
  host: string,
  weight = 1,
): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: theirs, namespace: ${namespace} }
spec:
  hostnames: [${host}]
  parentRefs: [{ name: edge, sectionName: https }]
  rules: [{ backendRefs: [{ name: web, port: 8080, weight: ${weight} }] }]
`;

const faults: Readonly<Record<string, Fault>> = {
  // The seed article's: the Service exposes 8080 while nginx listens on 80.
  port: {
    link: 'workload',
    code: 'workload/port-mismatch',
    says: /^Service port\/port sends its port 8080 to port 8080 of the pods, whose containers declare 80 \(http\), container web\.$/,
    change: (yaml) => yaml.replace('targetPort: http', 'targetPort: 8080'),
  },
  crash: {
    link: 'workload',
    code: 'workload/crash-loop',
    says: /^Container web of Pod crash\/crash-\S+ has ended 4 times, last with exit code 1\.$/,
    change: (yaml) =>
      yaml.replace(
        'metadata: { labels: { app: crash } }',
        'metadata: { labels: { app: crash }, annotations: { lab/fails: CrashLoopBackOff } }',
      ),
  },
  empty: {
    link: 'workload',
    code: 'workload/no-pods',
    says: /^Service empty\/empty selects app=emtpy, which no pod in namespace empty has\.$/,
    change: (yaml) => yaml.replace('selector: { app: empty }', 'selector: { app: emtpy }'),
  },
  // No condition and no event tells of either.
  blocked: {
    link: 'route',
    code: 'route/blocked-by-other',
    says: /^HTTPRoute edge-blocked\/theirs stops the controller for every route of Gateway edge-blocked\/edge, so HTTPRoute blocked\/blocked is not looked at: the weight of backend web is 1000, and 999 is the most\.$/,
    gateway: 'edge-blocked',
    others: {
      broken: () => {
        kubectlApply(
          `${openEdge('edge-blocked')}---\n${app('edge-blocked', 'web')}---\n${theirs('edge-blocked', 'theirs.example.com')}`,
        );
        kubectl('wait', '-n', 'edge-blocked', 'gateway/edge', '--for=condition=Programmed', '--timeout=60s');
        kubectlApply(theirs('edge-blocked', 'theirs.example.com', 1000));
      },
      mend: () => kubectlApply(theirs('edge-blocked', 'theirs.example.com', 999)),
    },
  },
  shadowed: {
    link: 'rule',
    code: 'rule/shadowed',
    says: /^https:\/\/shadowed\.example\.com\/ is answered by HTTPRoute edge-shadowed\/theirs, which sends to Service edge-shadowed\/web: its rule stands before that of HTTPRoute shadowed\/shadowed\.$/,
    gateway: 'edge-shadowed',
    others: {
      broken: () =>
        kubectlApply(
          `${openEdge('edge-shadowed')}---\n${app('edge-shadowed', 'web')}---\n${theirs('edge-shadowed', 'shadowed.example.com')}`,
        ),
      mend: () => kubectl('delete', 'httproute', 'theirs', '-n', 'edge-shadowed'),
    },
  },
};

const publish = (
  name: string,
  { gateway = 'infra', change = (yaml) => yaml }: Partial<Fault>,
): Promise<Finished> =>
  runApp(name, {
    inputs: { 'wait-timeout': '3m' },
    change: (yaml) => {
      const parent = gateway === 'infra' ? 'public' : 'edge';
      return change(yaml).replace('name: public, namespace: infra', `name: ${parent}, namespace: ${gateway}`);
    },
  });

beforeAll(ensureInfra);

test('each is named before the time is up, and alive once mended', async () => {
  for (const { others } of Object.values(faults)) others?.broken();
  const broken = await Promise.all(Object.entries(faults).map(([name, fault]) => publish(name, fault)));
  for (const [index, [name, { link, code, says }]] of Object.entries(faults).entries()) {
    const { report, seconds } = broken[index] ?? {};
    expect(report?.firstBroken).toEqual({ host: `${name}.example.com`, link, code });
    expect(report?.hosts[0]?.links.find(({ id }) => id === link)?.message).toMatch(says);
    expect(seconds).toBeLessThan(100);
  }
  // The port alone is only a suspicion: it is the load balancer that proves it.
  expect(
    broken[0]?.report.hosts[0]?.links.find(({ id }) => id === 'workload')?.evidence.at(-1),
  ).toMatchObject({
    from: 'load balancer',
    saw: expect.stringMatching(/of Service port\/port is not healthy: \S+:8080 is unhealthy/),
  });

  for (const { others } of Object.values(faults)) others?.mend();
  const mended = await Promise.all(
    Object.entries(faults).map(([name, { gateway }]) =>
      publish(name, gateway === undefined ? {} : { gateway }),
    ),
  );
  expect(mended.map(({ report }) => [report.hosts[0]?.host, report.outcome])).toEqual(
    Object.keys(faults).map((name) => [`${name}.example.com`, 'live']),
  );
});
