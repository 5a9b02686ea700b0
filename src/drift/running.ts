// Whether a controller is at work, as far as its Deployment tells.
import { list, number, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';

/** The condition alone does not do: a Deployment that is scaled to zero has all the pods that it wants, and is Available. */
export const isRunning = (deployment: KubernetesObject): boolean =>
  (number(deployment, 'status', 'availableReplicas') ?? 0) > 0 &&
  list(deployment, 'status', 'conditions').some(
    (each) => text(each, 'type') === 'Available' && text(each, 'status') === 'True',
  );
