// preview: the app of a pull request under a hostname of its own, live and proven, then told.
import { lineOfField } from '../bundle/locate.ts';
import { type Bundle, refOf, type Sourced } from '../bundle/object.ts';
import { readAgain } from '../files/read.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { clusterReader } from '../kube/reader.ts';
import { imageName, imagesIn } from '../preview/images.ts';
import { violations } from '../preview/policy.ts';
import { type Preview, rewrite } from '../preview/rewrite.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { enter } from './enter-namespace.ts';
import { findBundle } from './find-bundle.ts';
import { waitUntilLive } from './live.ts';
import { overtaken } from './overtaken.ts';
import { claimNamespace, clusterScoped, refuseLongNames } from './preview-checks.ts';
import { removeOldRoutes } from './preview-routes.ts';
import { removeOf, tearDown } from './preview-teardown.ts';
import { type PreviewOf, previewOf, telling } from './pull-request.ts';
import type { Cluster } from './reach-cluster.ts';
import { rolledOut } from './rollouts.ts';
import { makeRoom } from './room.ts';
import type { SignedIn } from './sign-in.ts';
import { begin, withCluster } from './steps.ts';
import { removeSuperseded } from './superseded.ts';
import { wildcardStands } from './wildcard.ts';
import { writerOf } from './write.ts';

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
  const made = planned(run, of, bundle);
  run.draft.findings(await refused(run, bundle, made));
  if (run.draft.finish('live').findings.some(({ severity }) => severity === 'error')) return 'failed';
  if (run.inputs.preview.dryRun) return foreseen(run, made);
  const inside: Run = { ...run, inputs: { ...run.inputs, namespace: of.name } };
  return await withCluster(inside, async (signedIn, cluster) => {
    const outcome = await apply(inside, of, made, signedIn, cluster);
    // A teardown that overtook this run found less than there is now.
    if ((await overtaken(run, of)) === 'closed') return await removeOf(inside, of, signedIn, cluster);
    if (outcome === 'live') await removeSuperseded(inside, of, signedIn, cluster);
    return outcome;
  });
}

/** @throws Problem `preview/nothing-routed`. */
function planned({ inputs, clock, draft, runner }: Run, of: PreviewOf, bundle: Bundle): Preview {
  const { name, pull, repository, host } = of;
  const { domain, longestName, gateway, images, fences, expiresIn, expectHeader } = inputs.preview;
  if (gateway === undefined) throw new RangeError('preview-gateway is required by this mode');
  if (bundle.routes.length === 0) {
    throw new Problem(
      'preview/nothing-routed',
      'No HTTPRoute and no GRPCRoute was found: there is nothing to preview.',
      {
        hint: 'Check `working-directory` and `routes`.',
      },
    );
  }
  const expiresAt = new Date(clock.now().getTime() + expiresIn * 1_000);
  draft.preview({
    name,
    url: `https://${host}/`,
    number: pull.number,
    commit: pull.headSha,
    expiresAt: expiresAt.toISOString(),
  });
  const made = rewrite(bundle, {
    name,
    template: inputs.preview.nameTemplate,
    domain,
    longestName,
    gateway,
    images,
    fences,
    wildcard: inputs.preview.wildcard,
    ...(expectHeader !== undefined && { header: expectHeader.replaceAll('{sha}', pull.headSha) }),
    repository,
    number: pull.number,
    branch: pull.headBranch,
    commit: pull.headSha,
    expiresAt,
    defaultNamespace: inputs.namespace,
  });
  runner.info(`Preview ${name}`);
  for (const [from, to] of made.hosts) runner.info(`  ${from} → ${to}`);
  return made;
}

/** What the hosts will be, before anything is there. */
function foreseen({ draft }: Run, { hosts, routes }: Preview): Outcome {
  draft.hosts(
    [...hosts.values()].map((host) => ({
      host,
      live: false,
      ref: refOf(
        routes.find(({ object }) => hostnamesOf(object).includes(host))?.object ?? {
          kind: '',
          metadata: { name: '' },
        },
      ),
      url: `https://${host}/`,
      links: [],
    })),
  );
  return 'planned';
}

/** All that speaks against the preview, before anything is asked of anybody. */
async function refused(run: Run, bundle: Bundle, made: Preview): Promise<readonly Finding[]> {
  const { inputs, environment } = run;
  const { domain, gateway, allowedKinds, images } = inputs.preview;
  if (gateway === undefined) return [];
  const objects = [...made.manifests, ...made.routes];
  const namespace = made.namespace.metadata.name;
  const wrong = violations(objects, { namespace, domain, gateway, allowedKinds }).map(
    async ({ each, path, code, message, hint }) => {
      const text = await readAgain(environment.workspace, each.source.file);
      const line = text === undefined ? undefined : lineOfField(text, each.source.line, path);
      return finding('error', code, message, {
        source: { ...each.source, ...(line !== undefined && { line }) },
        ref: refOf(each.object),
        hint,
      });
    },
  );
  const running = [...bundle.manifests].flatMap(({ object }) => imagesIn(object)).map(imageName);
  const unused = images.filter(({ name }) => !running.includes(name));
  return [
    ...(await Promise.all(wrong)),
    ...unused.map(({ name }) =>
      finding('error', 'preview/image-not-used', `\`images\` replaces ${name}, but no container runs it.`, {
        hint: `Write the image as the manifests do, without its tag: ${[...new Set(running)].join(', ') || 'there are none'}.`,
      }),
    ),
    ...leftOut(bundle),
  ];
}

/** What belongs to the cluster or the platform stays as it is: the preview uses what runs. */
function leftOut({ crds, charts }: Bundle): Finding[] {
  const say = (what: string, all: readonly Pick<Sourced, 'source'>[]): Finding[] =>
    all[0] === undefined
      ? []
      : [
          finding('notice', 'preview/left-out', `The preview leaves out ${all.length} ${what}.`, {
            source: all[0].source,
            hint: 'It uses what runs in the cluster. To say so outright, name the files of the app with the globs.',
          }),
        ];
  return [...say('custom resource definitions', crds), ...say('charts', charts)];
}

async function apply(
  run: Run,
  of: PreviewOf,
  made: Preview,
  signedIn: SignedIn,
  cluster: Cluster,
): Promise<Outcome> {
  const { draft, clock, inputs } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  begin(run, 'Make the namespace of the preview');
  const objects = [...made.manifests, ...made.routes];
  const wrong = await clusterScoped(run, cluster, objects);
  draft.findings(wrong);
  if (wrong.length > 0) return 'failed';
  const reader = clusterReader(cluster.kube);
  const { wildcard, domain } = inputs.preview;
  if (!wildcard) await refuseLongNames(run, reader, [...made.hosts.values()]);
  else if (!(await wildcardStands(run, signedIn, cluster, [...made.hosts.values()]))) return 'failed';
  await claimNamespace(run, reader, of, deadline);
  await makeRoom(run, { signedIn, cluster, deadline }, made);
  const since = cluster.kube.clock.now();
  const writer = writerOf(run, cluster);
  const source = made.routes[0]?.source ?? { file: '', line: 1 };
  if (!(await writer.apply([{ object: made.namespace, source }]))) return 'failed';
  await enter(run, cluster, writer, { number: of.pull.number, source }, deadline);
  if (!(await writer.apply(made.fences.map((object) => ({ object, source }))))) return 'failed';

  begin(run, 'Apply the preview');
  for (const stage of [made.manifests, made.routes]) {
    if (!(await writer.apply(stage))) return 'failed';
  }
  await removeOldRoutes(run, cluster, made.routes);

  begin(run, 'Wait for the new version');
  if (!(await rolledOut(run, reader, made.manifests, deadline))) return 'not-live';

  begin(run, 'Wait until the preview is live');
  const left = Math.max(1, Math.round((deadline - clock.monotonic()) / 1_000));
  const waiting: Run = { ...run, inputs: { ...inputs, waitTimeout: left } };
  const bundle: Bundle = {
    crds: [],
    charts: [],
    ignored: [],
    manifests: made.manifests,
    routes: made.routes,
  };
  return await waitUntilLive(waiting, {
    signedIn,
    cluster,
    bundle,
    routes: made.routes,
    since,
    generations: writer.generations,
    ...(wildcard && { wildcard: domain }),
  });
}
