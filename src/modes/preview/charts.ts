// Charts in a preview: rendered, and from then on plain manifests like any other; no release is installed.
import { textMap } from '../../bundle/field.ts';
import type { Bundle, Sourced } from '../../bundle/object.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { useHelm } from '../charts/charts.ts';
import { begin } from '../phase.ts';

const hookAnnotation = 'helm.sh/hook';

const isHook = ({ object }: Sourced): boolean =>
  textMap(object, 'metadata', 'annotations')[hookAnnotation] !== undefined;

/**
 * The bundle with what its charts render to. Hooks are left out: without a release there is no moment to run them at.
 * @throws Problem `helm/*`, `input/invalid`.
 */
export async function withRendered(run: Run, cluster: Cluster, bundle: Bundle): Promise<Bundle> {
  begin(run, 'Render the charts');
  const helm = await useHelm(run, cluster, bundle);
  try {
    const rendered = await helm.renderAlone();
    const hooks = rendered.flatMap(({ objects }) => objects.filter(isHook));
    if (hooks[0] !== undefined) {
      run.draft.findings([
        finding('notice', 'preview/left-out', `The preview leaves out ${hooks.length} hooks of Helm.`, {
          source: hooks[0].source,
          hint: 'It installs no release. What a hook prepares, such as a database, the app has to do itself in a preview.',
        }),
      ]);
    }
    const routes = rendered.flatMap((chart) => chart.routes.filter((each) => !isHook(each)));
    const objects = rendered.flatMap((chart) => chart.objects);
    const others = objects.filter((each) => !isHook(each) && !routes.includes(each));
    return {
      ...bundle,
      charts: [],
      crds: [...bundle.crds, ...rendered.flatMap(({ crds }) => crds)],
      manifests: [...bundle.manifests, ...others],
      routes: [...bundle.routes, ...routes],
    };
  } finally {
    await helm.close();
  }
}
