// A ClusterReader whose answers are shared for a moment: links of one host and of hundreds look at the same objects.
import type { Clock } from '../clock.ts';
import type { ClusterReader, Kind } from './cluster.ts';
import { shared } from './shared.ts';

interface Place {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
}

const nameOf = ({ kind, namespace = '', name }: Place): string =>
  `${kind.apiVersion}/${kind.plural}/${namespace}/${name}`;

/** Answers are at most `maxAge` ms old. Every call must bring the same signal. */
export const sharedReader = (
  reader: ClusterReader,
  clock: Pick<Clock, 'monotonic'>,
  maxAge: number,
  signal: AbortSignal,
): ClusterReader => {
  const get = shared(
    clock,
    maxAge,
    (at: Place) => reader.get(at.kind, at.namespace, at.name, signal),
    nameOf,
  );
  const list = shared(clock, maxAge, (at: Place) => reader.list(at.kind, at.namespace, signal), nameOf);
  // ExternalDNS's log tells the same for a few seconds; it may be long.
  const log = shared(
    clock,
    Math.max(maxAge, 3_000),
    ({
      namespace,
      pod,
      lines,
    }: {
      readonly namespace: string;
      readonly pod: string;
      readonly lines: number;
    }) => reader.log(namespace, pod, lines, signal),
    ({ namespace, pod, lines }) => `${namespace}/${pod}/${lines}`,
  );
  return {
    get: (kind, namespace, name) => get({ kind, namespace, name }),
    list: (kind, namespace) => list({ kind, namespace, name: '' }),
    log: (namespace, pod, lines) => log({ namespace, pod, lines }),
  };
};
