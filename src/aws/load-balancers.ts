// Reads the rules of a load balancer and the health of its targets, paced and shared between all hosts.
import {
  type Action,
  DescribeListenersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
  type Rule,
  type RuleTransform,
  type RuleCondition as SdkCondition,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import pLimit from 'p-limit';
import type { LoadBalancers, Target, TargetGroupHealth } from '../chain/load-balancer.ts';
import { shared } from '../chain/shared.ts';
import type { Clock } from '../clock.ts';
import type { ListenerRule, Rewrite, RuleAction, RuleCondition } from '../gateway/alb-rules.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, elbv2Client } from './clients.ts';
import { denialOf, orGone, permissionOf, sentenceOf } from './denial.ts';

/** Milliseconds for which an answer is shared; what is healthy is asked again more seldom. */
const fresh = 3_000;
const freshHealthy = 30_000;

/** Milliseconds between two calls: LBC needs the account's rate for itself. */
const distance = 100;

/** What every read needs. */
interface Reading {
  readonly client: ElasticLoadBalancingV2Client;
  readonly paced: Paced;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Paced = <Answer>(call: () => Promise<Answer>) => Promise<Answer>;

/** @param settings.signal every call must bring the same signal: answers are shared */
export function loadBalancers(settings: {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): LoadBalancers {
  const { aws, credentials, clock, signal } = settings;
  const reading = { client: elbv2Client(aws, credentials), paced: pacing(clock, signal), clock, signal };
  const rules = shared(
    clock,
    () => fresh,
    (arn: string) => seenRules(reading, arn),
  );
  const health = shared(
    clock,
    (seen: Seen<TargetGroupHealth | undefined>) =>
      'value' in seen && seen.value !== undefined && isHealthy(seen.value.targets) ? freshHealthy : fresh,
    (arn: string) => seenHealth(reading, arn),
  );
  return { rules: (arn) => rules(arn), health: (arn) => health(arn) };
}

/** Calls keep their distance, and at most four are under way. */
function pacing(clock: Clock, signal: AbortSignal): Paced {
  const limit = pLimit(4);
  let nextCall = Number.NEGATIVE_INFINITY;
  return (call) =>
    limit(async () => {
      const start = Math.max(clock.monotonic(), nextCall);
      nextCall = start + distance;
      await clock.sleep(Math.max(0, start - clock.monotonic()), signal);
      return call();
    });
}

async function looked<Value>(
  { clock, signal }: Reading,
  action: string,
  read: () => Promise<Value>,
): Promise<Seen<Value>> {
  try {
    return { value: await read(), at: clock.now() };
  } catch (error) {
    signal.throwIfAborted();
    const at = clock.now();
    const denial = denialOf(error);
    if (denial !== undefined)
      return { at, denied: permissionOf(denial, `elasticloadbalancing:${action}`, '*') };
    const failed = `Elastic Load Balancing did not answer as it should: ${sentenceOf(error)}`;
    return { at, failed, cause: error };
  }
}

/** Of all listeners; `undefined` where there is no such load balancer. */
async function seenRules(reading: Reading, arn: string): Promise<Seen<readonly ListenerRule[] | undefined>> {
  const listeners = await looked(reading, 'DescribeListeners', () => listenersOf(reading, arn));
  if (!('value' in listeners)) return listeners;
  if (listeners.value === undefined) return { at: listeners.at, value: undefined };
  const all: ListenerRule[] = [];
  for (const listener of listeners.value) {
    const seen = await looked(reading, 'DescribeRules', () => rulesOf(reading, listener));
    if (!('value' in seen)) return seen;
    all.push(...seen.value);
  }
  return { at: reading.clock.now(), value: all };
}

/** How the group checks its targets is asked for only where none of them is healthy. */
const seenHealth = (reading: Reading, arn: string): Promise<Seen<TargetGroupHealth | undefined>> =>
  looked(reading, 'DescribeTargetHealth', async () => {
    const targets = await targetsOf(reading, arn);
    if (targets === undefined || targets.length === 0 || isHealthy(targets)) return targets && { targets };
    const check = await checkOf(reading, arn);
    return { targets, ...(check !== undefined && { check }) };
  });

const isHealthy = (targets: readonly Target[]): boolean => targets.some(({ state }) => state === 'healthy');

/** Follows the pages that ELBv2 gives. */
async function pagesOf<Item>(
  read: (
    marker: string | undefined,
  ) => Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let marker: string | undefined;
  do {
    const { items, next } = await read(marker);
    all.push(...items);
    marker = next === '' ? undefined : next;
  } while (marker !== undefined);
  return all;
}

const listenersOf = ({ client, paced, signal }: Reading, arn: string) =>
  orGone(
    () =>
      pagesOf<Listener>(async (Marker) => {
        const command = new DescribeListenersCommand({ LoadBalancerArn: arn, ...(Marker && { Marker }) });
        const page = await paced(() => client.send(command, { abortSignal: signal }));
        return { items: page.Listeners ?? [], next: page.NextMarker };
      }),
    'LoadBalancerNotFound',
  );

async function rulesOf(
  { client, paced, signal }: Reading,
  listener: Listener,
): Promise<readonly ListenerRule[]> {
  const { ListenerArn } = listener;
  const rules = await orGone(
    () =>
      pagesOf<Rule>(async (Marker) => {
        const command = new DescribeRulesCommand({ ListenerArn, PageSize: 400, ...(Marker && { Marker }) });
        const page = await paced(() => client.send(command, { abortSignal: signal }));
        return { items: page.Rules ?? [], next: page.NextMarker };
      }),
    'ListenerNotFound',
  );
  return (rules ?? []).map((rule) => ruleOf(rule, listener));
}

async function targetsOf(
  { client, paced, signal }: Reading,
  arn: string,
): Promise<readonly Target[] | undefined> {
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: arn });
  const seen = await orGone(
    () => paced(() => client.send(command, { abortSignal: signal })),
    'TargetGroupNotFound',
  );
  return seen?.TargetHealthDescriptions?.map(({ Target: target, TargetHealth }) => ({
    id: target?.Id ?? '',
    ...(target?.Port !== undefined && { port: target.Port }),
    state: TargetHealth?.State ?? 'unknown',
    ...(TargetHealth?.Reason !== undefined && { reason: TargetHealth.Reason }),
    ...(TargetHealth?.Description !== undefined && { description: TargetHealth.Description }),
  }));
}

/** An explanation is not worth a failure: without the permission there is none. */
async function checkOf({ client, paced, signal }: Reading, arn: string): Promise<string | undefined> {
  try {
    const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] });
    const { TargetGroups } = await paced(() => client.send(command, { abortSignal: signal }));
    return TargetGroups?.[0] && sayCheck(TargetGroups[0]);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** `HTTP GET / on traffic-port, expecting 200-399`. */
const sayCheck = (group: TargetGroup): string => {
  const { HealthCheckProtocol = '', HealthCheckPath, HealthCheckPort = 'traffic-port', Matcher } = group;
  const expected = Matcher?.HttpCode ?? Matcher?.GrpcCode;
  const path = HealthCheckPath === undefined ? '' : ` GET ${HealthCheckPath}`;
  return `${HealthCheckProtocol}${path} on ${HealthCheckPort}${expected === undefined ? '' : `, expecting ${expected}`}`;
};

const ruleOf = (rule: Rule, { ListenerArn, Port, Protocol }: Listener): ListenerRule => {
  const priority = Number(rule.Priority);
  return {
    ...(rule.RuleArn !== undefined && { arn: rule.RuleArn }),
    listener: {
      ...(ListenerArn !== undefined && { arn: ListenerArn }),
      port: Port ?? 0,
      protocol: Protocol ?? '',
    },
    priority: rule.IsDefault === true || Number.isNaN(priority) ? Number.POSITIVE_INFINITY : priority,
    conditions: (rule.Conditions ?? []).flatMap(conditionsOf),
    ...answerOf(rule.Actions ?? []),
    ...rewritesOf(rule.Transforms ?? []),
  };
};

const rewritesOf = (transforms: readonly RuleTransform[]): Pick<ListenerRule, 'rewrites'> => {
  const rewrites = transforms.flatMap(({ HostHeaderRewriteConfig, UrlRewriteConfig }): Rewrite[] => [
    ...(HostHeaderRewriteConfig?.Rewrites ?? []).map(({ Replace = '' }) => ({
      of: 'host' as const,
      to: Replace,
    })),
    ...(UrlRewriteConfig?.Rewrites ?? []).map(({ Replace = '' }) => ({ of: 'path' as const, to: Replace })),
  ]);
  return rewrites.length === 0 ? {} : { rewrites };
};

/** One condition holds patterns or expressions; the fields of older rules are in `Values`. */
function conditionsOf(condition: SdkCondition): readonly RuleCondition[] {
  const field = condition.Field ?? '';
  const { HostHeaderConfig, PathPatternConfig, HttpHeaderConfig, HttpRequestMethodConfig } = condition;
  const { QueryStringConfig, SourceIpConfig } = condition;
  if (QueryStringConfig !== undefined) {
    const query = (QueryStringConfig.Values ?? []).map(({ Key, Value }) => ({
      ...(Key !== undefined && { key: Key }),
      value: Value ?? '',
    }));
    return [{ field, values: [], query }];
  }
  const values = [
    HostHeaderConfig?.Values,
    PathPatternConfig?.Values,
    HttpHeaderConfig?.Values,
    HttpRequestMethodConfig?.Values,
    SourceIpConfig?.Values,
    condition.Values,
  ].find((each) => each !== undefined && each.length > 0);
  const header = HttpHeaderConfig?.HttpHeaderName;
  const of = { field, ...(header !== undefined && { header }) };
  const expressions = [HostHeaderConfig, PathPatternConfig, HttpHeaderConfig].flatMap(
    (config) => config?.RegexValues ?? [],
  );
  if (expressions.length > 0) return [{ ...of, values: expressions, regex: true }];
  return [{ ...of, values: values ?? [] }];
}

/** The last action is the one that answers; those before it authenticate. */
function answerOf(actions: readonly Action[]): Pick<ListenerRule, 'action' | 'before'> {
  const inOrder = actions.toSorted((one, other) => (one.Order ?? 0) - (other.Order ?? 0));
  const before = inOrder.slice(0, -1).map(({ Type }) => Type ?? 'none');
  return { action: actionOf(inOrder.at(-1)), ...(before.length > 0 && { before }) };
}

function actionOf(action: Action | undefined): RuleAction {
  switch (action?.Type) {
    case 'forward': {
      const groups = action.ForwardConfig?.TargetGroups ?? [
        { TargetGroupArn: action.TargetGroupArn, Weight: 1 },
      ];
      return {
        kind: 'forward',
        targetGroups: groups.map(({ TargetGroupArn, Weight }) => ({
          arn: TargetGroupArn ?? '',
          weight: Weight ?? 1,
        })),
        ...(action.ForwardConfig?.TargetGroupStickinessConfig?.Enabled === true && { sticky: true }),
      };
    }
    case 'redirect': {
      const { Protocol, Host, Port, Path, Query, StatusCode } = action.RedirectConfig ?? {};
      return {
        kind: 'redirect',
        to: {
          protocol: Protocol ?? '#{protocol}',
          host: Host ?? '#{host}',
          port: Port ?? '#{port}',
          path: Path ?? '/#{path}',
          query: Query ?? '#{query}',
          status: StatusCode ?? '',
        },
      };
    }
    case 'fixed-response':
      return { kind: 'fixed', status: Number(action.FixedResponseConfig?.StatusCode ?? 0) };
    default:
      return { kind: 'other', type: action?.Type ?? 'none' };
  }
}
