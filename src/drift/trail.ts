// What CloudTrail has recorded: its events, the port to whoever looks them up, and who of several made a difference.
import { field, isMap, moment, text } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';

/** A call to AWS that changes something (CloudTrail User Guide, "CloudTrail record contents"). */
export interface TrailEvent {
  /** Its times are seconds: only this tells two calls of one second apart. */
  readonly id: string;
  /** `ModifyRule`. */
  readonly name: string;
  readonly at: Date;
  /** An ARN (`arn:aws:sts::1:assumed-role/Admin/alice`), or a service (`fms.amazonaws.com`). */
  readonly by: string;
  readonly userAgent: string;
  /** Parameters by their names in the API, the first letter in lower case. */
  readonly request: Json;
  readonly response: Json;
}

/** What events are filed under: one attribute a lookup is all that CloudTrail takes. */
export type TrailKey = { readonly resource: string } | { readonly event: string };

export interface TrailReader {
  /** The latest events first, as far as the reader's bounds reach. Never throws but for the signal's abort. */
  lookUp(key: TrailKey, signal: AbortSignal): Promise<Seen<readonly TrailEvent[]>>;
}

/** How sure it is that a call was about the thing: `this` thing, or `one` of several that cannot be told apart. */
export type Concern = 'this' | 'one' | 'none';

/** Where CloudTrail would have the call that made a difference. */
export interface Trace {
  /** The account whose CloudTrail has it. */
  readonly account: 'eks' | 'dns';
  /** Names of resources that it may be filed under. */
  readonly resources: readonly string[];
  /** The calls that can have made it, each with what tells whether it was about this thing. */
  readonly calls: Readonly<Record<string, (event: TrailEvent) => Concern>>;
  /** What a call has set, where that can be told: AWS's console sends also what it leaves as it was. */
  readonly sent?: (event: TrailEvent) => string | undefined;
}

export interface Author {
  readonly by: string;
  /** ISO time of the call. */
  readonly since: string;
  readonly event: string;
}

/** The principal of `userIdentity`; its element differs by type (CloudTrail User Guide, "userIdentity element"). */
const principalOf = (identity: Json | undefined): string | undefined =>
  text(identity, 'arn') ??
  text(identity, 'invokedBy') ??
  text(identity, 'onBehalfOf', 'userId') ??
  text(identity, 'userName') ??
  text(identity, 'principalId');

const parsed = (json: string): Json | undefined => {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(json) as Json;
  } catch {
    return undefined;
  }
};

/** @returns `undefined` for what changed nothing: a read, a failed call, a text that is no event */
export const eventOf = (json: string): TrailEvent | undefined => {
  const event = parsed(json);
  const [name, at, by] = [
    text(event, 'eventName'),
    moment(event, 'eventTime'),
    principalOf(field(event, 'userIdentity')),
  ];
  if (name === undefined || at === undefined || by === undefined) return undefined;
  if (field(event, 'readOnly') === true || text(event, 'errorCode') !== undefined) return undefined;
  return {
    id: text(event, 'eventID') ?? '',
    name,
    at,
    by,
    userAgent: text(event, 'userAgent') ?? '',
    request: field(event, 'requestParameters') ?? null,
    response: field(event, 'responseElements') ?? null,
  };
};

/** Every text, number and truth value below. */
const leaves = (value: Json | undefined): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((each: Json) => leaves(each));
  if (isMap(value)) return Object.values(value).flatMap((each) => leaves(each));
  return value === null || value === undefined ? [] : [String(value)];
};

const parts = ({ request, response }: TrailEvent): readonly string[] => [
  ...leaves(request),
  ...leaves(response),
];

/** Whether the call has the value, somewhere in what was asked or answered. */
export const has = (event: TrailEvent, value: string): boolean => parts(event).includes(value);

/** The same for a part of an ARN: `app/k8s-infra-public-1/2` stands in those of listeners and rules too. */
export const mentions = (event: TrailEvent, part: string): boolean =>
  parts(event).some((each) => each === part || each.endsWith(`/${part}`) || each.includes(`/${part}/`));

interface Concerned {
  readonly event: TrailEvent;
  readonly concern: Concern;
}

/** Without those that set what the certain call before them had set already. @param concerned the latest first */
const changing = ({ sent }: Trace, concerned: readonly Concerned[]): readonly Concerned[] =>
  concerned.filter(({ event, concern }, index) => {
    const value = concern === 'this' ? sent?.(event) : undefined;
    const before = concerned.slice(index + 1).find((each) => each.concern === 'this');
    return value === undefined || before === undefined || sent?.(before.event) !== value;
  });

/**
 * The latest call about the thing, unless it was a controller's: that one wrote over whatever was before it, and a later
 * call has not arrived in CloudTrail yet. Where several calls may have been it, all of them must be the same principal's.
 */
export const authorOf = (
  trace: Trace,
  events: readonly TrailEvent[],
  isController: (event: TrailEvent) => boolean,
): Author | undefined => {
  const all = events
    .map((event) => ({ event, concern: trace.calls[event.name]?.(event) ?? 'none' }))
    .filter(({ event, concern }) => concern === 'this' || (concern === 'one' && !isController(event)))
    .toSorted((one, other) => other.event.at.getTime() - one.event.at.getTime());
  const concerned = changing(trace, all);
  const certain = concerned.findIndex(({ concern }) => concern === 'this');
  const until = certain === -1 ? concerned.length : certain + 1;
  const may = concerned
    .slice(0, until)
    .map(({ event }) => event)
    .filter((event) => !isController(event));
  const [latest] = may;
  if (latest === undefined || may.some(({ by }) => by !== latest.by)) return undefined;
  return { by: latest.by, since: latest.at.toISOString(), event: latest.name };
};
