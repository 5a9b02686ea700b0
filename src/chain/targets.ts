// The link `targets`: at least one target of each group is healthy, as the load balancer sees it.
import type { KubernetesObject } from '../bundle/object.ts';
import { type Freshness, lookedAgainMs, notBefore } from '../gateway/conditions.ts';
import { failureOf } from '../gateway/failure.ts';
import type { Seen } from '../verdict/seen.ts';
import {
  broken,
  type Evidence,
  type NotOk,
  ok,
  type State,
  skipped,
  type Verdict,
  waiting,
} from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { type ControllerEvent, observeEvents } from './events.ts';
import type { FoundTargetGroup } from './link.ts';
import type { LoadBalancers, Target, TargetGroupHealth } from './load-balancer.ts';
import { judgeNotSeen } from './look.ts';

export interface TargetsWant {
  /** As found at the link `rule`. */
  readonly groups: readonly FoundTargetGroup[];
}

/** What complaints about a group's TargetGroupBinding are measured against. */
export type FreshnessOf = (group: FoundTargetGroup) => Pick<Freshness, 'since' | 'nudged'>;

export interface GroupSeen {
  readonly group: FoundTargetGroup;
  readonly seen: Seen<TargetGroupHealth | undefined>;
  /** The controller's last complaint about the TargetGroupBinding; read only while no target of the group is healthy. */
  readonly complaint?: ControllerEvent;
}

/** A target whose health is not checked gets requests all the same. */
const serves = ({ state }: Target): boolean => state === 'healthy' || state === 'unavailable';

const bindingOf = ({ service, binding }: FoundTargetGroup): KubernetesObject | undefined =>
  service === undefined || binding === undefined
    ? undefined
    : {
        apiVersion: kinds.targetGroupBinding.apiVersion,
        kind: kinds.targetGroupBinding.kind,
        metadata: { name: binding, namespace: service.namespace },
      };

const complaintOf = async (
  reader: ClusterReader,
  group: FoundTargetGroup,
  signal: AbortSignal,
): Promise<ControllerEvent | undefined> => {
  const binding = bindingOf(group);
  if (binding === undefined) return undefined;
  const events = await observeEvents(reader, binding, signal);
  const all = 'value' in events ? events.value : [];
  const last = all.findLast(({ message }) => !/requeue needed/.test(message));
  return last === undefined || last.reason === 'SuccessfullyReconciled' ? undefined : last;
};

export const observeTargets = (
  loadBalancers: LoadBalancers,
  reader: ClusterReader,
  { groups }: TargetsWant,
  signal: AbortSignal,
): Promise<readonly GroupSeen[]> =>
  Promise.all(
    groups.map(async (group) => {
      const seen = await loadBalancers.health(group.arn, signal);
      const idle = 'value' in seen && !(seen.value?.targets.some(serves) ?? false);
      const complaint = idle ? await complaintOf(reader, group, signal) : undefined;
      return { group, seen, ...(complaint && { complaint }) };
    }),
  );

const reached =
  "Does the container listen on that port, does the pods' security group admit the load balancer, and does no NetworkPolicy of their namespace keep it out?";

/** Reason codes of DescribeTargetHealth ("Target health reason codes", Elastic Load Balancing guide). */
const hints: Readonly<Record<string, string>> = {
  'Target.ResponseCodeMismatch':
    'Let the health check ask a path that answers, or accept the status (healthCheckConfig of a TargetGroupConfiguration).',
  'Target.Timeout': reached,
  'Target.FailedHealthChecks': reached,
  'Target.HealthCheckDisabled': '',
};

const nameOf = ({ arn, service }: FoundTargetGroup): string =>
  service === undefined ? `target group ${arn}` : `Service ${service.namespace}/${service.name}`;

const sayTarget = ({ state, reason, description }: Target): string =>
  [state, reason, description].filter((part) => part !== undefined && part !== '').join(', ');

const at = ({ id, port }: Target): string => `${id}${port === undefined ? '' : `:${port}`}`;

const shown = 5;

const evidenceOf = (group: FoundTargetGroup, targets: readonly Target[]): readonly Evidence[] =>
  targets
    .slice(0, shown)
    .map((target) => ({ from: `${nameOf(group)}, target ${at(target)}`, saw: sayTarget(target) }));

const complaintEvidence = ({ group, complaint }: GroupSeen): readonly Evidence[] =>
  complaint === undefined
    ? []
    : [
        {
          from: `TargetGroupBinding ${group.service?.namespace}/${group.binding} event ${complaint.reason}`,
          saw: complaint.message,
        },
      ];

const asleep = ({ service, binding }: FoundTargetGroup): string =>
  `This complaint is older than this run: the controller sleeps in its back-off (up to 16 min 40 s) until the TargetGroupBinding is touched: kubectl --namespace ${service?.namespace} annotate targetgroupbinding ${binding} --overwrite touched=now`;

/**
 * What the controller says of the TargetGroupBinding, where that is why no target is healthy: it registers pods even where it
 * cannot open their security group (pkg/targetgroupbinding/resource_manager.go, v3.5.0), and then their checks time out.
 */
const judgeRefused = (
  of: GroupSeen,
  targets: readonly Target[],
  { since, nudged }: ReturnType<FreshnessOf>,
): Verdict | undefined => {
  const { group, complaint } = of;
  if (complaint === undefined || !/^Failed(NetworkReconcile|Reconcile)$/.test(complaint.reason))
    return undefined;
  const closed = complaint.reason === 'FailedNetworkReconcile';
  if (!closed && targets.length > 0) return undefined;
  const { passing, hint } = failureOf('gateway/deploy-failed', complaint.message);
  // Of security groups it looks again every 15 s; of all else when its back-off ends. Not every event of a long row is kept.
  const standsMs = of.seen.at.getTime() - since.getTime();
  const stands = (closed || nudged === true) && standsMs >= lookedAgainMs;
  const news = notBefore(complaint.at, since) || stands;
  const does = closed ? 'open the pods to the load balancer' : 'register the pods with the load balancer';
  const pending = passing || hint === '' || targets.some(({ state }) => state === 'initial') || !news;
  return (pending ? waiting : broken)('targets/refused', {
    old: !news && !closed,
    message: `The controller cannot ${does}, for ${nameOf(group)}: ${complaint.message}.`.replace(
      /\.\.$/,
      '.',
    ),
    evidence: [...complaintEvidence(of), ...evidenceOf(group, targets)],
    hint: news || closed ? hint : `${hint} ${asleep(group)}`.trim(),
  });
};

const judgeNone = (of: GroupSeen): Verdict =>
  waiting('targets/none', {
    message:
      `The load balancer has no target of ${nameOf(of.group)} yet${of.complaint === undefined ? '' : `: ${of.complaint.message}`}.`.replace(
        /\.\.$/,
        '.',
      ),
    evidence: complaintEvidence(of),
    hint: 'The controller registers ready endpoints within seconds; look at the events of the TargetGroupBinding.',
  });

const judgeUnhealthy = (group: FoundTargetGroup, { targets, check }: TargetGroupHealth): Verdict => {
  const evidence = [
    ...evidenceOf(group, targets),
    ...(check === undefined ? [] : [{ from: `health check of ${nameOf(group)}`, saw: check }]),
  ];
  const first = targets.find(({ state }) => state === 'unhealthy');
  // One that is still being checked may turn out well.
  if (first !== undefined && !targets.some(({ state }) => state === 'initial'))
    return broken('targets/unhealthy', {
      message: `${targets.length === 1 ? 'The only target' : `None of the ${targets.length} targets`} of ${nameOf(group)} is ${targets.length === 1 ? 'not ' : ''}healthy: ${at(first)} is ${sayTarget(first)}.`,
      evidence,
      hint: hints[first.reason ?? ''] ?? '',
    });
  if (targets.every(({ state }) => state.includes('draining')))
    return waiting('targets/draining', {
      message: `All ${targets.length} targets of ${nameOf(group)} are draining.`,
      evidence,
    });
  return waiting('targets/initial', {
    message: `No target of ${nameOf(group)} has passed its health checks yet.`,
    evidence,
  });
};

const judgeGroup = (of: GroupSeen, freshness: ReturnType<FreshnessOf>): Verdict => {
  const { group, seen } = of;
  if (!('value' in seen)) return judgeNotSeen(seen, `The health of ${nameOf(group)}`);
  const health = seen.value;
  const targets = health?.targets ?? [];
  const serving = targets.filter(serves);
  const refused = serving.length === 0 ? judgeRefused(of, targets, freshness) : undefined;
  if (refused !== undefined) return refused;
  if (health === undefined || targets.length === 0) return judgeNone(of);
  if (serving.length === 0) return judgeUnhealthy(group, health);
  return ok(
    `${serving.length} of ${targets.length} targets of ${nameOf(group)} ${serving.length === 1 ? 'is' : 'are'} healthy.`,
    evidenceOf(group, targets),
  );
};

const order: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

/** Each group that gets requests of the host needs a healthy target; the worst group speaks. */
export const judgeTargets = (seen: readonly GroupSeen[], freshnessOf: FreshnessOf): Verdict => {
  if (seen.length === 0)
    return skipped('look/not-used', { message: 'The rule sends to no target group, or none is known.' });
  const verdicts = seen.map((each) => judgeGroup(each, freshnessOf(each.group)));
  const bad = verdicts
    .filter((verdict): verdict is NotOk => verdict.state !== 'ok')
    .toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state))[0];
  return (
    bad ??
    ok(
      verdicts.map(({ message }) => message).join(' '),
      verdicts.flatMap(({ evidence }) => evidence),
    )
  );
};
