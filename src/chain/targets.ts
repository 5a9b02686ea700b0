// The link `targets`: at least one target of each group is healthy, as the load balancer sees it.
import type { KubernetesObject } from '../bundle/object.ts';
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

export interface GroupSeen {
  readonly group: FoundTargetGroup;
  readonly seen: Seen<TargetGroupHealth | undefined>;
  /** The controller's last complaint about the TargetGroupBinding; read only while the group has no target. */
  readonly complaint?: ControllerEvent;
}

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
  const last = 'value' in events ? events.value.at(-1) : undefined;
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
      const empty = 'value' in seen && (seen.value?.targets.length ?? 0) === 0;
      const complaint = empty ? await complaintOf(reader, group, signal) : undefined;
      return { group, seen, ...(complaint && { complaint }) };
    }),
  );

/** Reason codes of DescribeTargetHealth ("Target health reason codes", Elastic Load Balancing guide). */
const hints: Readonly<Record<string, string>> = {
  'Target.ResponseCodeMismatch':
    'Let the health check ask a path that answers, or accept the status (healthCheckConfig of a TargetGroupConfiguration).',
  'Target.Timeout':
    "Does the container listen on that port, and does the pods' security group admit the load balancer?",
  'Target.FailedHealthChecks':
    "Does the container listen on that port, and does the pods' security group admit the load balancer?",
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

const judgeNone = ({ group, complaint }: GroupSeen): Verdict =>
  waiting('targets/none', {
    message:
      `The load balancer has no target of ${nameOf(group)} yet${complaint === undefined ? '' : `: ${complaint.message}`}.`.replace(
        /\.\.$/,
        '.',
      ),
    evidence:
      complaint === undefined
        ? []
        : [
            {
              from: `TargetGroupBinding ${group.service?.namespace}/${group.binding} event ${complaint.reason}`,
              saw: complaint.message,
            },
          ],
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

/** A target whose health is not checked gets requests all the same. */
const serves = ({ state }: Target): boolean => state === 'healthy' || state === 'unavailable';

const judgeGroup = (of: GroupSeen): Verdict => {
  const { group, seen } = of;
  if (!('value' in seen)) return judgeNotSeen(seen, `The health of ${nameOf(group)}`);
  const health = seen.value;
  if (health === undefined || health.targets.length === 0) return judgeNone(of);
  const serving = health.targets.filter(serves);
  if (serving.length === 0) return judgeUnhealthy(group, health);
  return ok(
    `${serving.length} of ${health.targets.length} targets of ${nameOf(group)} ${serving.length === 1 ? 'is' : 'are'} healthy.`,
    evidenceOf(group, health.targets),
  );
};

const order: readonly State[] = ['broken', 'waiting', 'unknown', 'skipped', 'ok'];

/** Each group that gets requests of the host needs a healthy target; the worst group speaks. */
export const judgeTargets = (seen: readonly GroupSeen[]): Verdict => {
  if (seen.length === 0)
    return skipped('look/not-used', { message: 'The rule sends to no target group, or none is known.' });
  const verdicts = seen.map(judgeGroup);
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
