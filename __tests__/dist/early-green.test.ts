// No early green: what is right at most places, or most of the time, is not right; and nobody asks too early.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { app, edgeGateway, edgeRoute } from './edge.ts';
import {
  ensureInfra,
  type Finished,
  kubectl,
  lab,
  layout,
  resetKnobs,
  run,
  setKnobs,
  workspaceOf,
} from './harness.ts';

const namespace = 'early';
const host = (name: string): string => `early-${name}.example.com`;
const route = (name: string, more: Partial<Parameters<typeof edgeRoute>[1]> = {}): string =>
  edgeRoute(namespace, { name, hostnames: [host(name)], ...more });

const files = (routes: readonly string[]) => ({
  'gateway.yaml': edgeGateway(namespace),
  'app.yaml': app(namespace, 'web'),
  'routes.yaml': routes.join('---\n'),
});

async function deploy(routes: readonly string[], timeout: string): Promise<Finished> {
  const workspace = workspaceOf(files(routes));
  try {
    return await run({ workspace: workspace.path, inputs: { 'wait-timeout': timeout } });
  } finally {
    workspace.remove();
  }
}

/** Host, link, code and message of what is in the way. */
const stops = ({ report }: Finished) =>
  report.hosts.map(({ host: name, live, links }) => {
    const link = links.find(({ state }) => state === 'waiting' || state === 'broken');
    return { name, live, link: link?.id, code: link?.code, message: link?.message ?? '' };
  });

beforeAll(ensureInfra);

afterAll(async () => {
  await resetKnobs();
  kubectl('delete', 'namespace', namespace, '--wait=false');
});

test('one stale name server, one wrong certificate, one answer of three: none passes', async () => {
  await lab('DELETE', '/dns/queries');
  const before = ['certificate', 'answers', 'plain', 'half'];
  const control = await deploy(
    before.map((name) => route(name)),
    '60s',
  );
  expect(stops(control).filter(({ live }) => !live)).toEqual([]);

  await setKnobs({
    // This server believes what it saw until now: it has never heard of the host that comes next.
    staleNameServers: [2],
    defaultCertificateFor: { [host('certificate')]: [1] },
    answers: { [host('answers')]: [200, 200, 503] },
  });
  const faulty = await deploy(
    [
      route('stale'),
      route('certificate'),
      route('answers'),
      route('plain', { listener: 'http' }),
      route('half'),
      route('half-two', { hostnames: [host('half')], path: '/two', backend: 'nowhere' }),
    ],
    '15s',
  );
  expect({ code: faulty.code, live: faulty.outputs['live'] }).toEqual({ code: 1, live: 'false' });
  expect(faulty.report.outcome).toBe('not-live');
  expect(stops(faulty)).toEqual([
    {
      name: host('stale'),
      live: false,
      link: 'nameservers',
      code: 'nameservers/not-served',
      message: expect.stringMatching(
        new RegExp(`^1 of 4 name servers does not give .*: ${layout.nameServerNames[2]} says NXDOMAIN`),
      ),
    },
    {
      name: host('certificate'),
      live: false,
      link: 'certificate',
      code: 'certificate/wrong-name',
      message: expect.stringContaining('default.invalid'),
    },
    {
      name: host('answers'),
      live: false,
      link: 'https',
      code: expect.stringMatching(/^(https\/no-targets|look\/confirming)$/),
      message: expect.stringContaining(' 503 '),
    },
    // The load balancer has a certificate for it, and no rule.
    { name: host('plain'), live: false, link: 'rule', code: 'rule/plain-http', message: expect.anything() },
    {
      name: host('half'),
      live: false,
      link: 'route',
      code: 'route/backend-not-found',
      message: expect.stringContaining('HTTPRoute early/half-two'),
    },
  ]);

  const queries = (await lab('GET', '/dns/queries')) as readonly { readonly name: string }[];
  expect(queries.length).toBeGreaterThan(0);
  // Whoever asks a recursive resolver for a host before all name servers have it is told NXDOMAIN for 15 minutes.
  expect([...new Set(queries.map(({ name }) => name))].filter((name) => name.startsWith('early-'))).toEqual(
    [],
  );

  await resetKnobs();
  const mended = await deploy(
    [
      ...['stale', ...before].map((name) => route(name)),
      route('half-two', { hostnames: [host('half')], path: '/two' }),
    ],
    '60s',
  );
  expect(stops(mended).filter(({ live }) => !live)).toEqual([]);
  expect(mended.report.outcome).toBe('live');
});
