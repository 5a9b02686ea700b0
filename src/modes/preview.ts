// preview: the app of a pull request under a hostname of its own, live and proven, then told.
import type { Bundle } from '../bundle/object.ts';
import type { Preview } from '../preview/rewrite.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import type { Cluster } from './access/reach-cluster.ts';
import type { SignedIn } from './access/sign-in.ts';
import { findBundle } from './bundle/find.ts';
import { begin } from './phase.ts';
import { applyPreview } from './preview/apply.ts';
import { withRendered } from './preview/charts.ts';
import { overtaken } from './preview/overtaken.ts';
import { foreseen, planned, refused } from './preview/plan.ts';
import { type PreviewOf, previewOf, telling } from './preview/pull-request.ts';
import { removeSuperseded } from './preview/superseded.ts';
import { withCluster } from './steps.ts';
import { removeOf, tearDown } from './teardown/preview.ts';

/** @throws Problem for all expected trouble before the pull request is known; the signal's reason on abort. */
export async function preview(run: Run): Promise<Outcome> {
  const of = previewOf(run);
  if (of === undefined) return 'refused';
  if (run.inputs.preview.dryRun) return await make(run, of);
  const late = await overtaken(run, of);
  if (late === 'pushed') return 'refused';
  return await telling(run, of, () => (late === 'closed' ? tearDown(run, of) : make(run, of)));
}

async function make(run: Run, of: PreviewOf): Promise<Outcome> {
  begin(run, 'Find what to preview');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  const namespace = run.inputs.preview.shared ?? of.name;
  const inside: Run = { ...run, inputs: { ...run.inputs, namespace } };
  const { dryRun } = run.inputs.preview;
  // Charts that the user names are part of the app; rendering them takes the cluster's version.
  if (run.inputs.globs.charts.length > 0 && bundle.charts.length > 0) {
    return await withCluster(inside, async (signedIn, cluster) => {
      const whole = await withRendered(inside, cluster, bundle);
      const made = await checked(run, of, whole);
      if (made === undefined || dryRun) return made === undefined ? 'failed' : foreseen(run, made);
      return await carryOut(inside, of, made, signedIn, cluster);
    });
  }
  const made = await checked(run, of, bundle);
  if (made === undefined || dryRun) return made === undefined ? 'failed' : foreseen(run, made);
  return await withCluster(inside, (signedIn, cluster) => carryOut(inside, of, made, signedIn, cluster));
}

/** `undefined` when something speaks against it: all of it is then among the findings. */
async function checked(run: Run, of: PreviewOf, bundle: Bundle): Promise<Preview | undefined> {
  const made = planned(run, of, bundle);
  run.draft.findings(await refused(run, bundle, made));
  const { findings } = run.draft.finish('live');
  return findings.some(({ severity }) => severity === 'error') ? undefined : made;
}

async function carryOut(
  run: Run,
  of: PreviewOf,
  made: Preview,
  signedIn: SignedIn,
  cluster: Cluster,
): Promise<Outcome> {
  const outcome = await applyPreview(run, of, made, signedIn, cluster);
  if (outcome === 'refused') return outcome;
  const late = await overtaken(run, of);
  // A teardown that overtook this run found less than there is now.
  if (late === 'closed') return await removeOf(run, of, signedIn, cluster);
  // What answers may be the newer commit's already: to call it this one's would be a guess.
  if (late === 'pushed') return 'refused';
  if (outcome === 'live') await removeSuperseded(run, of, signedIn, cluster);
  return outcome;
}
