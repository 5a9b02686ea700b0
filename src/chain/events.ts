// The controller's events about one object: the only place where it says why a load balancer cannot be made.
import { moment, number, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';
import { type ClusterReader, kinds } from './cluster.ts';

export interface ControllerEvent {
  readonly reason: string;
  /** Without request ids, and without the recorder's "(combined from similar events)". */
  readonly message: string;
  /** When it last happened; whole seconds. */
  readonly at: Date;
  readonly count: number;
  /** Of its last writing: tells which of two events of one second came later. */
  readonly revision?: number;
}

/** Whether one event came after another; of two of the same second their revisions tell, if they are known. */
export const isAfter = (one: ControllerEvent, other: ControllerEvent): boolean =>
  one.at.getTime() === other.at.getTime()
    ? (one.revision ?? 0) > (other.revision ?? 0)
    : one.at.getTime() > other.at.getTime();

/** Each attempt has another request id: without it the same failure reads the same. */
export const stripIds = (message: string): string =>
  message
    .replace(/^\(combined from similar events\): /, '')
    .replaceAll(/,? ?\b(RequestID|Request ID|request id|HostID|Extended Request ID): [^\s,)]*/g, '');

const eventOf = (event: KubernetesObject): ControllerEvent | undefined => {
  const at =
    moment(event, 'series', 'lastObservedTime') ??
    moment(event, 'lastTimestamp') ??
    moment(event, 'eventTime') ??
    moment(event, 'firstTimestamp') ??
    moment(event, 'metadata', 'creationTimestamp');
  if (at === undefined) return undefined;
  const revision = Number(text(event, 'metadata', 'resourceVersion'));
  return {
    reason: text(event, 'reason') ?? '',
    message: stripIds(text(event, 'message') ?? ''),
    at,
    count: number(event, 'count') ?? number(event, 'series', 'count') ?? 1,
    ...(Number.isSafeInteger(revision) && { revision }),
  };
};

/** The events about an object, oldest first. Events expire after an hour by default. */
export const observeEvents = async (
  reader: ClusterReader,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<Seen<readonly ControllerEvent[]>> => {
  const seen = await reader.list(kinds.event, object.metadata.namespace, signal);
  if (!('value' in seen)) return seen;
  const uid = text(object, 'metadata', 'uid');
  const about = seen.value.filter((event) => {
    const other = text(event, 'involvedObject', 'uid');
    return (
      text(event, 'involvedObject', 'kind') === object.kind &&
      text(event, 'involvedObject', 'name') === object.metadata.name &&
      (uid === undefined || other === undefined || uid === other)
    );
  });
  return {
    at: seen.at,
    value: about
      .flatMap((event) => eventOf(event) ?? [])
      .toSorted((a, b) => Number(isAfter(a, b)) - Number(isAfter(b, a))),
  };
};
