// What the hooks of a failed release said last: the logs of their pods, or why those never began.
import { text } from '../../bundle/field.ts';
import type { KubernetesObject } from '../../bundle/object.ts';
import { kinds } from '../../chain/cluster.ts';
import { troubleOfPods } from '../../chain/pod-trouble.ts';
import { objectsIn } from '../../helm/release-changes.ts';
import type { StoredHook } from '../../helm/stored.ts';
import type { KubeReader } from '../../kube/reader.ts';
import type { Evidence } from '../../verdict/verdict.ts';

const lines = 30;
const mostPods = 3;

/** Pods of a hook that runs something: a Job's carry its name as a label (Kubernetes batch/v1 JobNameLabel). */
async function podsOf(
  reader: KubeReader,
  { kind, name }: StoredHook,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const seen = await reader.select(
    kinds.pod,
    namespace,
    kind === 'Job'
      ? { labelSelector: `batch.kubernetes.io/job-name=${name}` }
      : { fieldSelector: `metadata.name=${name}` },
    signal,
  );
  return 'value' in seen ? seen.value.slice(-mostPods) : [];
}

/** Hooks that succeeded explain nothing; pods that neither said nor lack anything that is to be seen are left out. */
export async function hookLogs(
  reader: KubeReader,
  hooks: readonly StoredHook[],
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const suspects = hooks.filter(
    ({ kind, phase }) => (kind === 'Job' || kind === 'Pod') && phase !== 'Succeeded' && phase !== '',
  );
  const found: Evidence[] = [];
  for (const hook of suspects) {
    const own = text(objectsIn(hook.manifest)[0], 'metadata', 'namespace') ?? namespace;
    for (const pod of await podsOf(reader, hook, own, signal)) {
      const seen = await reader.log(own, pod.metadata.name, lines, signal);
      const said = 'value' in seen ? seen.value.trim() : '';
      const saw = said === '' ? troubleOfPods([pod])?.says : said;
      const from = `hook ${hook.events.join(', ')} ${hook.kind} ${hook.name}, pod ${pod.metadata.name}`;
      if (saw !== undefined) found.push({ from, saw });
    }
  }
  return found;
}
