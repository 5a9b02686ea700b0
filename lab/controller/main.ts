// A stand-in for AWS Load Balancer Controller 3.5.0's Gateway API part: same flags, same statuses and events, load balancers in whatever AWS it is pointed at.
import { Elb } from './aws/elb.ts';
import type { Access } from './aws/signed.ts';
import { missingKinds } from './detection.ts';
import { type Flags, parseFlags } from './flags.ts';
import { classReconciler } from './gateway/classes.ts';
import { releaseConfiguration } from './gateway/configuration.ts';
import { GatewayReconciler } from './gateway/reconcile.ts';
import { RouteStatusWriter } from './gateway/route-status.ts';
import { releaseTargetConfiguration } from './gateway/target-configuration.ts';
import { KubeApi } from './kube/api.ts';
import { readKubeconfig } from './kube/config.ts';
import { EventRecorder } from './kube/events.ts';
import { Leadership } from './kube/lease.ts';
import { Log } from './log.ts';
import { CONTROLLER } from './objects.ts';
import { type Reconcile, WorkQueue } from './queue.ts';
import { bindingReconciler } from './targets.ts';
import { connect } from './wakes.ts';
import { World } from './world.ts';

const VERSION = 'v3.5.0';
/** With all three named, the operator has decided and nothing is detected. */
const DETECTED_GATES = ['ALBGatewayAPI', 'NLBGatewayAPI', 'GatewayListenerSet'];

const setup = new Log('setup');

async function isEnabled(api: KubeApi, flags: Flags): Promise<boolean> {
  if (!flags.gates.ALBGatewayAPI) return false;
  const missing = await missingKinds(api);
  if (missing.length === 0) return true;
  if (DETECTED_GATES.every((gate) => flags.gates.given.has(gate))) {
    const [, version, kind] = /^(.*)\/([^/]+)$/.exec(missing[0] ?? '') ?? [];
    throw new Error(`no matches for kind "${kind}" in version "${version}"`);
  }
  setup.info('Disabling ALBGatewayAPI: missing required CRDs', { missing });
  return false;
}

function queue(name: string, workers: number, reconcile: Reconcile): WorkQueue {
  const log = new Log('');
  return new WorkQueue(workers, reconcile, (key, error) => {
    const [namespace, object] = key.includes('/') ? key.split('/') : ['', key];
    log.error('Reconciler error', error, { controller: name, namespace, name: object });
  });
}

async function run(api: KubeApi, flags: Flags, signal: AbortSignal): Promise<void> {
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  const elb = new Elb({
    region: flags.region,
    maxAttempts: flags.maxAttempts,
    ...(endpoint && { endpoint }),
  });
  const access: Access = { region: flags.region, endpoint, credentials: elb.client.config.credentials };
  const cloud = { elb, access, clusterName: flags.clusterName, vpcId: flags.vpcId, wafv2: flags.wafv2 };
  const world = new World(api);
  const log = new Log(`controllers.${CONTROLLER}`);
  const reconciler = new GatewayReconciler({
    world,
    cloud,
    events: new EventRecorder(api, CONTROLLER, log),
    routes: new RouteStatusWriter(world, log),
    log,
    defaultTargetType: flags.defaultTargetType,
    defaultScheme: flags.defaultScheme,
    stabilizationMs: flags.stabilizationMs,
  });
  const released = async <T>(
    object: (T & { metadata: { deletionTimestamp?: string } }) | undefined,
    release: (object: T) => Promise<void>,
  ): Promise<undefined> => {
    if (object?.metadata.deletionTimestamp) await release(object);
  };
  connect(world, {
    classes: queue('aws-lbc-gateway-class-controller', 1, classReconciler(world)),
    gateways: queue(CONTROLLER, flags.workers, reconciler.reconcile),
    bindings: queue(
      'targetGroupBinding',
      3,
      bindingReconciler(world, elb, new EventRecorder(api, 'targetGroupBinding', log)),
    ),
    configurations: queue('aws-lbc-loadbalancerconfiguration-controller', 1, (key) => {
      const [namespace, name = ''] = key.split('/');
      return released(world.configurations.get(namespace, name), (each) => releaseConfiguration(world, each));
    }),
    targetConfigurations: queue('aws-lbc-targetgroupconfiguration-controller', 1, (key) => {
      const [namespace, name = ''] = key.split('/');
      return released(world.targetConfigurations.get(namespace, name), (each) =>
        releaseTargetConfiguration(world, each),
      );
    }),
  });
  await world.start(signal, (resource, error) => log.error('list or watch failed', error, { resource }));
  setup.info('starting the stand-in controller', { controller: CONTROLLER });
}

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2), process.env);
  setup.info('version', { GitVersion: VERSION, standIn: true });
  if (!flags.kubeconfig)
    throw new Error('--kubeconfig or KUBECONFIG is needed: the stand-in runs outside of pods');
  const kubeAccess = readKubeconfig(flags.kubeconfig);
  const api = new KubeApi(kubeAccess);
  const enabled = await isEnabled(api, flags);

  const ending = new AbortController();
  const namespace = flags.leaderElectionNamespace ?? kubeAccess.namespace ?? 'kube-system';
  const leadership = flags.leaderElection
    ? new Leadership(api, setup, namespace, flags.leaderElectionId)
    : undefined;
  const end = async (code: number): Promise<void> => {
    ending.abort();
    await leadership?.release().catch(() => undefined);
    process.exit(code);
  };
  process.once('SIGTERM', () => void end(0));
  process.once('SIGINT', () => void end(0));
  // Disabled or not leading, the process still has to live on: its pod stays ready.
  setInterval(() => undefined, 60_000);

  await leadership?.acquire((error) => {
    setup.error('problem running manager', error);
    void end(1);
  });
  if (enabled) await run(api, flags, ending.signal);
}

main().catch((error: unknown) => {
  setup.error('unable to start controller', error);
  process.exit(1);
});
