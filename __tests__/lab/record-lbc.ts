// `npm run lab exec -- node __tests__/lab/record-lbc.ts FOLDER [SCENARIO…]`: plays scenarios with the controller of LAB_LBC, and writes down what it did. The folder is named after its version: `…/v3.5.0`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeApi } from '../../lab/controller/kube/api.ts';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';
import { isAtLeast } from '../../src/gateway/versions.ts';
import { resetKnobs, setKnobs } from '../dist/lab-control.ts';
import { apply, applyStep, isManifestGone, remove } from './lbc-cluster.ts';
import { gatewayClass, type Manifest } from './lbc-manifests.ts';
import { Observer } from './lbc-observer.ts';
import { lastStates, type Phase } from './lbc-recording.ts';
import { SCENARIOS, type Scenario } from './lbc-scenarios.ts';
import { ensureCrds, removeCrds, Subject, until } from './lbc-subject.ts';

/** As long as the first recordings waited. */
const STEP_MS = 6_000;
/** Until the controller knows of what the Gateway refers to: it would complain of it for a moment. */
const PAUSE_MS = 300;
const ROUTES_MS = 3_000;
const GATEWAY_MS = 4_000;
const STANDING_CLASS = gatewayClass('aws-alb');

const [folder = '', ...names] = process.argv.slice(2);
const version = basename(folder);
const kubeconfig = process.env['KUBECONFIG'] ?? '';
const api = new KubeApi(readKubeconfig(kubeconfig));
const gates =
  process.env['LBC_GATES'] ??
  `ALBGatewayAPI=true,NLBGatewayAPI=false${isAtLeast(version, '3.2.2') ? ',GatewayListenerSet=false' : ''}`;

const refOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

const rowsOf = ({ t, act, changes }: Phase, what: readonly string[]): readonly unknown[] => [
  { t, [act]: what },
  ...changes,
];

async function record({ name, steps }: Scenario): Promise<void> {
  const namespace = `t-${name}`;
  const own: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} };
  await apply(api, own);
  const observer = new Observer(api, namespace);
  const applied: Manifest[] = [];
  const acts: string[][] = [];
  try {
    await observer.start(STANDING_CLASS.metadata.name);
    await observer.listen();
    const given = {
      namespace,
      certificateArn: process.env['LAB_CERTIFICATE_ARN'] ?? '',
      lbcApi: isAtLeast(version, '3.5.0') ? ('v1' as const) : ('v1beta1' as const),
    };
    for (const step of steps(given)) {
      observer.begin('applied');
      const phase = observer.phases.at(-1);
      const manifests = [...step.apply, ...(step.afterFinalizer ?? [])];
      acts.push(manifests.map(refOf));
      applied.push(...manifests);
      const held = (): boolean =>
        phase?.changes.some(({ kind, finalizers }) => kind === 'Gateway' && finalizers.length > 0) ?? false;
      await applyStep(api, step, held, PAUSE_MS);
      await sleep(STEP_MS);
    }
    const events = await observer.events();
    const told = [...observer.told];
    await setKnobs({ deniedActions: [] });
    for (const [kinds, ms] of [
      [['HTTPRoute', 'GRPCRoute'], ROUTES_MS],
      [['Gateway'], GATEWAY_MS],
    ] as const) {
      observer.begin('deleted');
      acts.push(kinds.map((kind) => `${kind}/*`));
      for (const manifest of applied)
        if (kinds.some((kind) => kind === manifest.kind)) await remove(api, manifest);
      await sleep(ms);
    }
    const left = lastStates(observer.phases, ['Gateway', 'HTTPRoute', 'GRPCRoute', 'TargetGroupBinding']);
    const recording = {
      scenario: name,
      note: `gates ${gates}`,
      controller: `aws-load-balancer-controller ${version}`,
      gatewayAPI: 'v1.6.1 standard',
      log: observer.phases.flatMap((phase, index) => rowsOf(phase, acts[index] ?? [])),
      events,
      told,
      leftAfterDelete: Object.keys(left),
    };
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(recording, null, 1)}\n`);
    console.log(
      `${name}: ${observer.phases.flatMap(({ changes }) => changes).length} rows, ${told.length} told`,
    );
  } finally {
    observer.stop();
    await setKnobs({ deniedActions: [] });
    for (const manifest of applied.toReversed()) await remove(api, manifest);
    await remove(api, own);
    await until(() => isManifestGone(api, own), `${namespace} gone`, 60);
  }
}

mkdirSync(folder, { recursive: true });
await setKnobs({ loadBalancerActiveSeconds: 1 });
const crds = await ensureCrds(api);
const subject = await Subject.find(api, kubeconfig, gates);
try {
  await apply(api, STANDING_CLASS);
  await sleep(STEP_MS);
  for (const scenario of SCENARIOS)
    if (names.length === 0 || names.includes(scenario.name)) await record(scenario);
} finally {
  await resetKnobs();
  await remove(api, STANDING_CLASS);
  await until(() => isManifestGone(api, STANDING_CLASS), 'the class gone', 60);
  await subject.stop();
  await removeCrds(api, crds);
  await api.close();
}
