// The links between an admitted route and its answer: the load balancer's rule, the workload, the targets.
import { list } from '../../bundle/field.ts';
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import type { Found, FoundTargetGroup, Link, Look } from '../../chain/link.ts';
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import type { Nudges, Sleeper } from '../../chain/nudge.ts';
import { observeWorkload } from '../../chain/observe-workload.ts';
import { foundRule, judgeRule, observeRule, type RuleWant } from '../../chain/rule.ts';
import { judgeTargets, observeTargets } from '../../chain/targets.ts';
import { judgeWorkload } from '../../chain/workload.ts';
import { type BackendRef, backendRefsOf, rulesToNowhere } from '../../gateway/backend-refs.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import type { Code } from '../../verdict/codes.ts';
import { type HostWant, once } from './want.ts';

export interface TrafficPorts {
  readonly cluster: ClusterReader;
  readonly loadBalancers: LoadBalancers;
  readonly nudges: Nudges;
}

const routesOf = ({ published, others }: HostWant): readonly KubernetesObject[] =>
  [published, ...others].map(({ route }) => route.object);

const backendsOf = (want: HostWant): readonly BackendRef[] => {
  const refs = routesOf(want).flatMap((route) => backendRefsOf(route, namespaceOf(route, want.namespace)));
  return [...new Map(refs.map((ref) => [`${ref.namespace}/${ref.name}:${ref.port ?? ''}`, ref])).values()];
};

/** Where one rule of one route sends somewhere, the host may live by it. */
const nowhere = (want: HostWant): readonly string[] => {
  const routes = routesOf(want);
  const dead = routes.every(
    (route) => rulesToNowhere(route).length === Math.max(1, list(route, 'spec', 'rules').length),
  );
  return dead ? routes.map(refOf) : [];
};

const ruleWant = (want: HostWant, { loadBalancerArn }: Found): RuleWant => ({
  ...(loadBalancerArn !== undefined && { loadBalancerArn }),
  request: { host: want.published.probeHost, ...want.probe },
  hostOnly: want.published.kind === 'GRPC',
  routes: routesOf(want),
  namespace: want.namespace,
  gateways: want.published.parents,
});

export function trafficLinks(want: HostWant, { cluster, loadBalancers, nudges }: TrafficPorts): Link[] {
  return [
    once('rule', async (found, signal) => {
      const wanted = ruleWant(want, found);
      const seen = await observeRule(loadBalancers, cluster, wanted, signal);
      return { verdict: judgeRule(wanted, seen), found: foundRule(wanted, seen) };
    }),
    {
      ...once('workload', async (_found, signal) => {
        const wanted = { backends: backendsOf(want), nowhere: nowhere(want) };
        const { verdict, suspicion } = judgeWorkload(await observeWorkload(cluster, wanted, signal), wanted);
        return { verdict, ...(suspicion && { found: { suspicion } }) };
      }),
      inCluster: true,
    },
    once('targets', async (found, signal) => {
      const wanted = { groups: found.targetGroups ?? [] };
      const seen = await observeTargets(loadBalancers, cluster, wanted, signal);
      const verdict = judgeTargets(seen, (group) => nudges.freshness(bindingOf(group), want.freshness));
      if (verdict.state === 'waiting' && verdict.old === true)
        await Promise.all(
          seen
            .filter(({ complaint }) => complaint !== undefined)
            .map(({ group }) => nudges.touch(bindingOf(group), signal)),
        );
      return explained({ verdict }, found);
    }),
  ];
}

const bindingOf = ({ service, binding }: FoundTargetGroup): Sleeper => ({
  kind: kinds.targetGroupBinding.kind,
  namespace: service?.namespace ?? '',
  name: binding ?? '',
});

/** What a container that does not listen on the port looks like from outside. */
const unanswered: readonly Code[] = [
  'targets/unhealthy',
  'https/bad-gateway',
  'https/no-targets',
  'https/target-timeout',
];

/** A look that shows an unanswered port proves what the link `workload` could only suspect. */
export function explained(look: Look, { suspicion }: Found): Look {
  const { verdict } = look;
  if (suspicion === undefined || verdict.state === 'ok' || !unanswered.includes(verdict.code)) return look;
  const evidence = [...suspicion.evidence, { from: 'load balancer', saw: verdict.message }];
  return { ...look, revises: { id: 'workload', verdict: { ...suspicion, evidence } } };
}
