// The controller of the lab writes what the real one wrote: each recorded scenario is played again and compared, status by status.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeApi } from '../../lab/controller/kube/api.ts';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';
import { resetKnobs, setKnobs } from '../dist/lab-control.ts';
import { apply, applyStep, isManifestGone, remove } from './lbc-cluster.ts';
import { gatewayClass, type Manifest } from './lbc-manifests.ts';
import { Observer } from './lbc-observer.ts';
import {
  eventSet,
  lastStates,
  type Phase,
  phasesOf,
  type Recording,
  statesByObject,
} from './lbc-recording.ts';
import { SCENARIOS, type Step } from './lbc-scenarios.ts';
import { ensureCrds, removeCrds, Subject, until } from './lbc-subject.ts';

const RECORDINGS = join(import.meta.dirname, '../fixtures/lbc-transcripts/v3.5.0');
const STANDING_CLASS = 'aws-alb';
/** So long nothing more must happen after everything that should have has. */
const QUIET_MS = 700;
const PATIENCE_MS = 12_000;
/** Of what is deleted, the end alone is compared. */
const ENDING = ['Gateway', 'HTTPRoute', 'GRPCRoute'];
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
    await applyStep(api, step, () =>
      phase.changes.some(({ kind, finalizers }) => kind === 'Gateway' && finalizers.length > 0),
    );
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
  for (const kinds of [['HTTPRoute', 'GRPCRoute'], ['Gateway']]) {
    const recordedUntil = recorded.slice(0, observer.phases.length + 1);
    observer.begin('deleted');
    const phase = observer.phases.at(-1) ?? { act: 'deleted', changes: [] };
    for (const manifest of applied) if (kinds.includes(manifest.kind)) await remove(api, manifest);
    const wanted = lastStates(recordedUntil, ENDING);
    const bindings = (): number => Object.keys(lastStates(observer.phases, ['TargetGroupBinding'])).length;
    await settle(phase, () => same(lastStates(observer.phases, ENDING), wanted) && bindings() === 0);
    expect(lastStates(observer.phases, ENDING)).toEqual(wanted);
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
  const isOurs = await isManifestGone(api, standing);
  await apply(api, standing);
  if (isOurs) left.push(standing);
  const isAccepted = async (): Promise<boolean> => {
    const { status } = await api.get<{ status?: { conditions?: { status: string }[] } }>(
      `/apis/gateway.networking.k8s.io/v1/gatewayclasses/${STANDING_CLASS}`,
    );
    return status?.conditions?.[0]?.status === 'True';
  };
  await until(isAccepted, `GatewayClass ${STANDING_CLASS} accepted by ${subject.name}`, 60);
});

afterAll(async () => {
  await resetKnobs();
  await subject?.stop();
  await removeCrds(api, crds);
  await api.close();
});

describe('the load balancer controller does as the real 3.5.0 did', () => {
  test.each(chosen.map((scenario) => ({ name: scenario.name, scenario })))(
    '$name',
    async ({ name, scenario }) => {
      const recording = JSON.parse(readFileSync(join(RECORDINGS, `${name}.json`), 'utf8')) as Recording;
      const namespace = `t-${name}`;
      const own: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} };
      await remove(api, own);
      await until(() => isManifestGone(api, own), `${namespace} of an earlier run gone`);
      await apply(api, own);
      const observer = new Observer(api, namespace);
      const applied: Manifest[] = [];
      try {
        await observer.start(STANDING_CLASS);
        const given = { namespace, certificateArn: process.env['LAB_CERTIFICATE_ARN'] ?? '' };
        await play(scenario.steps(given), recording, observer, applied);
      } finally {
        observer.stop();
        await setKnobs({ deniedActions: [] });
        // Gateways before their class: it is held while one refers to it.
        for (const manifest of applied.toReversed()) await remove(api, manifest);
        await remove(api, own);
        left.push(own, ...applied.filter(({ kind }) => kind === 'GatewayClass'));
      }
    },
  );

  test('and holds nothing back', async () => {
    // A namespace takes some seconds to go, a class as long as the controller's back-off: all are waited for together.
    for (const manifest of left) {
      await remove(api, manifest);
      const { name } = manifest.metadata;
      await until(() => isManifestGone(api, manifest), `${name} gone: nothing holds it`, 60);
    }
  });
});
