// Which calls to AWS can have made a difference, and how CloudTrail's record of them tells that they did.
import { field, list, text } from '../bundle/field.ts';
import { type Concern, has, mentions, type Trace, type TrailEvent } from './trail.ts';

type Test = (event: TrailEvent) => Concern;

const when =
  (test: (event: TrailEvent) => boolean, concern: Concern = 'this'): Test =>
  (event) =>
    test(event) ? concern : 'none';

/** `arn:…:loadbalancer/app/name/id` → `app/name/id`, which the ARNs of its listeners and rules have too. */
const partOf = (arn: string): string => arn.split(':').slice(5).join(':').split('/').slice(1).join('/');

const sets = ({ request }: TrailEvent, ...names: readonly string[]): boolean =>
  names.some((name) => field(request, name) !== undefined);

const inEks = (resources: readonly (string | undefined)[], calls: Trace['calls']): Trace => ({
  account: 'eks',
  resources: resources.flatMap((each) => (each === undefined || each === '' ? [] : [each])),
  calls,
});

/**
 * @param call with which a setting of a load balancer, a listener or a target group is changed
 * @param key of the attribute, where it is one
 */
export const settingTrace = (arn: string, call: string, key?: string): Trace => ({
  ...inEks([arn], {
    [call]: when((event) => has(event, arn) && (key === undefined || has(event, key))),
  }),
  sent: ({ request }) =>
    key === undefined
      ? JSON.stringify(request)
      : text(
          list(request, 'attributes').find((each) => text(each, 'key') === key),
          'value',
        ),
});

export const tagTrace = (arn: string, key: string): Trace => {
  const test = when((event) => has(event, arn) && has(event, key));
  return inEks([arn], { RemoveTags: test, AddTags: test });
};

/** Tags of EC2's things are set and taken off by calls of its own. */
export const groupTagTrace = (group: string, key: string): Trace => {
  const test = when((event) => has(event, group) && has(event, key));
  return inEks([group], { DeleteTags: test, CreateTags: test });
};

/** A load balancer that is gone has no ARN any more, only a name. */
export const goneTrace = (name: string): Trace =>
  inEks([], { DeleteLoadBalancer: when((event) => mentions(event, name)) });

/** @param parameters of ModifyListener that change what differs */
export const listenerTrace = (
  { arn = '', port }: { readonly arn?: string; readonly port: number },
  ...parameters: readonly string[]
): Trace => ({
  ...inEks([arn], {
    ModifyListener: when((event) => has(event, arn) && sets(event, ...parameters)),
    CreateListener: when((event) => has(event, arn) && has(event, String(port))),
  }),
  sent: ({ request }) => JSON.stringify(parameters.map((name) => field(request, name) ?? null)),
});

/** One that is gone, or that has moved to another port; nothing says any more which it was. */
export const missingListenerTrace = (balancer: string): Trace => {
  const part = partOf(balancer);
  return inEks([balancer], {
    DeleteListener: when((event) => mentions(event, part), 'one'),
    ModifyListener: when((event) => mentions(event, part) && sets(event, 'port'), 'one'),
  });
};

export const addedListenerTrace = (
  balancer: string,
  { arn, port }: { readonly arn?: string; readonly port: number },
): Trace =>
  inEks([balancer, arn], {
    CreateListener: when((event) => has(event, balancer) && has(event, String(port))),
    ModifyListener: when((event) => arn !== undefined && has(event, arn) && sets(event, 'port')),
  });

/** @param certificate ARN of one that is in the listener's list, or should be */
export const certificateTrace = ({ arn = '' }: { readonly arn?: string }, certificate: string): Trace => {
  const test = when((event) => has(event, arn) && has(event, certificate));
  return inEks([arn], { AddListenerCertificates: test, RemoveListenerCertificates: test });
};

export const webAclTrace = (balancer: string): Trace => {
  const test = when((event) => has(event, balancer));
  return inEks([balancer], { AssociateWebACL: test, DisassociateWebACL: test });
};

/** Either other groups were set, or their rules were changed. */
export const ingressTrace = (balancer: string, groups: readonly string[]): Trace => {
  const ofGroup = when((event) => groups.some((each) => has(event, each)), 'one');
  return inEks([balancer, ...groups], {
    SetSecurityGroups: when((event) => has(event, balancer), 'one'),
    AuthorizeSecurityGroupIngress: ofGroup,
    RevokeSecurityGroupIngress: ofGroup,
    ModifySecurityGroupRules: ofGroup,
  });
};

interface RulePlace {
  readonly balancer: string;
  /** ARN of the rule that answers now, or that should not be there. */
  readonly rule?: string;
  /** ARN of its listener. */
  readonly listener?: string;
}

/** A rule that answers as no route asks for. */
export const addedRuleTrace = ({ rule, listener }: RulePlace): Trace => {
  const test = when((event) => rule !== undefined && has(event, rule));
  return inEks([rule, listener], { CreateRule: test, ModifyRule: test, SetRulePriorities: test });
};

/**
 * The rule that should answer is not to be seen: it was deleted, or another comes before it, or its conditions or actions
 * were changed; a change of conditions names the host.
 */
export const answerTrace = ({ balancer, rule, listener }: RulePlace, host: string): Trace => {
  const part = partOf(balancer);
  const own = (event: TrailEvent): boolean => rule !== undefined && has(event, rule);
  const near = when((event) => mentions(event, part), 'one');
  return inEks([rule, listener], {
    ModifyRule: (event) =>
      own(event) || (mentions(event, part) && host !== '' && has(event, host)) ? 'this' : 'none',
    CreateRule: when(own),
    SetRulePriorities: (event) => (own(event) ? 'this' : near(event)),
    DeleteRule: near,
  });
};

/** Names of the fields of a health check, by those of LBC → parameters of ModifyTargetGroup. */
const parameters: Readonly<Record<string, string>> = {
  healthCheckInterval: 'healthCheckIntervalSeconds',
  healthCheckTimeout: 'healthCheckTimeoutSeconds',
  'matcher.httpCode': 'matcher',
  'matcher.grpcCode': 'matcher',
};

export const healthCheckTrace = (group: string, name: string): Trace => ({
  ...inEks([group], {
    ModifyTargetGroup: when((event) => has(event, group) && sets(event, parameters[name] ?? name)),
  }),
  sent: ({ request }) => JSON.stringify(field(request, parameters[name] ?? name)),
});

export const targetTrace = (group: string, id: string): Trace => {
  const test = when((event) => has(event, group) && has(event, id));
  return inEks([group], { RegisterTargets: test, DeregisterTargets: test });
};

/** `\052.example.com.` → `*.example.com`. */
const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '').replace('\\052', '*');

/** @param names in lower case without the last dot; any of them with any of the types, in one change */
export const recordTrace = (
  zoneId: string,
  names: readonly string[],
  ...types: readonly string[]
): Trace => ({
  account: 'dns',
  resources: [zoneId],
  calls: {
    ChangeResourceRecordSets: when(
      ({ request }) =>
        text(request, 'hostedZoneId')?.replace(/^\/hostedzone\//, '') === zoneId &&
        list(request, 'changeBatch', 'changes').some(
          (change) =>
            names.includes(plain(text(change, 'resourceRecordSet', 'name') ?? '')) &&
            types.includes(text(change, 'resourceRecordSet', 'type') ?? ''),
        ),
    ),
  },
});
