// The controller of the lab writes what the real one wrote: each recorded scenario is played again and compared, status by status.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isConflict, KubeApi } from '../../lab/controller/kube/api.ts';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';
import { resetKnobs, setKnobs } from '../dist/lab-control.ts';
import { Observer } from './lbc-observer.ts';
import {
  eventSet,
  lastStates,
  type Phase,
  phasesOf,
  type Recording,
  statesByObject,
} from './lbc-recording.ts';
import { gatewayClass, type Manifest, SCENARIOS, type Step } from './lbc-scenarios.ts';
import { ensureCrds, isGone, removeCrds, Subject, until } from './lbc-subject.ts';

const RECORDINGS = join(import.meta.dirname, '../fixtures/lbc-transcripts/v3.5.0');
const STANDING_CLASS = 'aws-alb';
/** So long nothing more must happen after everything that should have has. */
const QUIET_MS = 700;
const PATIENCE_MS = 12_000;
const PLURALS: Record<string, string> = {
  Namespace: 'namespaces',
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  Service: 'services',
  LoadBalancerConfiguration: 'loadbalancerconfigurations',
  TargetGroupConfiguration: 'targetgroupconfigurations',
};

const kubeconfig = process.env['KUBECONFIG'] ?? '';
const all = process.env['LBC_SCENARIOS'] === 'all';
const chosen = all
  ? SCENARIOS
  : SCENARIOS.filter((each, index) => SCENARIOS.findIndex(({ family }) => family === each.family) === index);

/** What is to be gone at the end: namespaces and classes. */
const left: Manifest[] = [];
let api: KubeApi;
let subject: Subject;
let crds: string[] = [];

const pathOf = ({ apiVersion, kind, metadata: { namespace } }: Manifest): string => {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace ? `${base}/namespaces/${namespace}/${PLURALS[kind]}` : `${base}/${PLURALS[kind]}`;
};

async function apply(manifest: Manifest): Promise<void> {
  try {
    await api.create(pathOf(manifest), manifest);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await api.merge(`${pathOf(manifest)}/${manifest.metadata.name}`, manifest);
  }
}

async function remove(manifest: Manifest): Promise<void> {
  const path = `${pathOf(manifest)}/${manifest.metadata.name}`;
  if (!(await isGone(api, path))) await api.remove(path);
}

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (value: unknown): unknown =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, each]) => [key, sorted(each)]),
      )
    : Array.isArray(value)
      ? value.map(sorted)
      : value;

/** Waits until it is as wanted, or patience ends, and then until nothing moves any more; the comparison itself is the caller's. */
async function settle(phase: Phase, isAsWanted: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isAsWanted()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  let count = -1;
  while (phase.changes.length !== count && Date.now() < end + PATIENCE_MS) {
    count = phase.changes.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

/** Gateways last: on a busy machine the controller would see one without its routes, and tell of it once more. */
async function applyTogether(manifests: readonly Manifest[]): Promise<void> {
  const isGateway = ({ kind }: Manifest): boolean => kind === 'Gateway';
  for (const manifest of [...manifests.filter((each) => !isGateway(each)), ...manifests.filter(isGateway)])
    await apply(manifest);
}

async function play(
  steps: Step[],
  recording: Recording,
  observer: Observer,
  applied: Manifest[],
): Promise<void> {
  const recorded = phasesOf(recording);
  for (const [index, step] of steps.entries()) {
    observer.begin('applied');
    const phase = observer.phases[index] ?? { act: 'applied', changes: [] };
    applied.push(...step.apply, ...(step.afterFinalizer ?? []));
    await applyTogether(step.apply);
    if (step.afterFinalizer) {
      await until(
        () => phase.changes.some(({ kind, finalizers }) => kind === 'Gateway' && finalizers.length > 0),
        'the Gateway has its finalizer',
      );
      for (const manifest of step.afterFinalizer) await apply(manifest);
    }
    const wanted = statesByObject(recorded[index]?.changes ?? []);
    const wantedEvents = eventSet(recording.events);
    const isLast = index === steps.length - 1;
    await settle(
      phase,
      async () =>
        same(statesByObject(phase.changes), wanted) &&
        (!isLast || same(eventSet(await observer.events()), wantedEvents)),
    );
    expect(statesByObject(phase.changes)).toEqual(wanted);
    if (isLast) expect(eventSet(await observer.events())).toEqual(wantedEvents);
  }

  // What happens on the way while several routes go depends on who is quicker; where it ends does not.
  for (const kind of ['HTTPRoute', 'Gateway']) {
    const recordedUntil = recorded.slice(0, observer.phases.length + 1);
    observer.begin('deleted');
    const phase = observer.phases.at(-1) ?? { act: 'deleted', changes: [] };
    for (const manifest of applied) if (manifest.kind === kind) await remove(manifest);
    const kinds = ['Gateway', 'HTTPRoute'];
    const wanted = lastStates(recordedUntil, kinds);
    const bindings = (): number => Object.keys(lastStates(observer.phases, ['TargetGroupBinding'])).length;
    await settle(phase, () => same(lastStates(observer.phases, kinds), wanted) && bindings() === 0);
    expect(lastStates(observer.phases, kinds)).toEqual(wanted);
    expect(bindings()).toBe(0);
  }
}

beforeAll(async () => {
  // Time for the route that comes after the Gateway: what is told of a balancer that comes up does not count routes anew.
  await setKnobs({ loadBalancerActiveSeconds: 1 });
  api = new KubeApi(readKubeconfig(kubeconfig));
  crds = await ensureCrds(api);
  subject = await Subject.find(api, kubeconfig);
  const standing = gatewayClass(STANDING_CLASS);
  const isOurs = await isGone(api, `${pathOf(standing)}/${STANDING_CLASS}`);
  await apply(standing);
  if (isOurs) left.push(standing);
  const isAccepted = async (): Promise<boolean> => {
    const { status } = await api.get<{ status?: { conditions?: { status: string }[] } }>(
      `/apis/gateway.networking.k8s.io/v1/gatewayclasses/${STANDING_CLASS}`,
    );
    return status?.conditions?.[0]?.status === 'True';
  };
  await until(isAccepted, `GatewayClass ${STANDING_CLASS} accepted by ${subject.name}`, 60);
}, 120_000);

afterAll(async () => {
  await resetKnobs();
  await subject?.stop();
  await removeCrds(api, crds);
  await api.close();
}, 60_000);

describe('the load balancer controller does as the real 3.5.0 did', () => {
  test.each(chosen.map((scenario) => ({ name: scenario.name, scenario })))(
    '$name',
    async ({ name, scenario }) => {
      const recording = JSON.parse(readFileSync(join(RECORDINGS, `${name}.json`), 'utf8')) as Recording;
      const namespace = `t-${name}`;
      const own: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} };
      await remove(own);
      await until(() => isGone(api, `${pathOf(own)}/${namespace}`), `${namespace} of an earlier run gone`);
      await apply(own);
      const observer = new Observer(api, namespace);
      const applied: Manifest[] = [];
      try {
        await observer.start(STANDING_CLASS);
        const given = { namespace, certificateArn: process.env['LAB_CERTIFICATE_ARN'] ?? '' };
        await play(scenario.steps(given), recording, observer, applied);
      } finally {
        observer.stop();
        // Gateways before their class: it is held while one refers to it.
        for (const manifest of applied.toReversed()) await remove(manifest);
        await remove(own);
        left.push(own, ...applied.filter(({ kind }) => kind === 'GatewayClass'));
      }
    },
    120_000,
  );

  test('and holds nothing back', async () => {
    // A namespace takes some seconds to go, a class as long as the controller's back-off: all are waited for together.
    for (const manifest of left) {
      await remove(manifest);
      const { name } = manifest.metadata;
      await until(() => isGone(api, `${pathOf(manifest)}/${name}`), `${name} gone: nothing holds it`, 60);
    }
  }, 120_000);
});
