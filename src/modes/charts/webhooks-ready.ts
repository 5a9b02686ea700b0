// Waits until the webhooks that releases bring have a pod behind them: until then the API server refuses what they watch.
import { field, list, text, textMap } from '../../bundle/field.ts';
import type { Json, Sourced } from '../../bundle/object.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import type { Run } from '../../run.ts';
import { waitTeller } from '../chain/wait-teller.ts';

interface Target {
  readonly namespace: string;
  readonly name: string;
}

const pause = 500;
const patience = 60_000;

/** Services behind webhooks that fail closed (`failurePolicy` is Fail where nothing is said). */
export const failClosedTargets = (objects: readonly Sourced[]): readonly Target[] => {
  const found = objects
    .filter(({ object: { kind } }) => /^(Validating|Mutating)WebhookConfiguration$/.test(kind))
    .flatMap(({ object }) => list(object, 'webhooks'))
    .filter((webhook) => text(webhook, 'failurePolicy') !== 'Ignore')
    .flatMap((webhook): Target[] => {
      const namespace = text(webhook, 'clientConfig', 'service', 'namespace');
      const name = text(webhook, 'clientConfig', 'service', 'name');
      return namespace === undefined || name === undefined ? [] : [{ namespace, name }];
    });
  return [...new Map(found.map((each) => [`${each.namespace}/${each.name}`, each])).values()];
};

/** `ready` is true where nothing is said (discovery.k8s.io/v1 EndpointConditions). */
const isReady = (endpoint: Json): boolean => field(endpoint, 'conditions', 'ready') !== false;

/** Whoever may not look goes on: what then meets the webhook is tried again by the apply itself. */
export async function webhooksReady(
  run: Pick<Run, 'clock' | 'runner' | 'signal'>,
  reader: ClusterReader,
  objects: readonly Sourced[],
): Promise<void> {
  const { clock, signal } = run;
  const tell = waitTeller(run);
  const deadline = clock.monotonic() + patience;
  for (const { namespace, name } of failClosedTargets(objects)) {
    for (;;) {
      const seen = await reader.list(kinds.endpointSlice, namespace, signal);
      if (!('value' in seen) || clock.monotonic() > deadline) return;
      const slices = seen.value.filter(
        (slice) => textMap(slice, 'metadata', 'labels')['kubernetes.io/service-name'] === name,
      );
      if (slices.some((slice) => list(slice, 'endpoints').some(isReady))) break;
      tell(`no pod is ready behind Service ${namespace}/${name}, which a webhook needs that fails closed`);
      await clock.sleep(pause, signal);
    }
  }
}
