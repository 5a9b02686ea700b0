// What a preview of the repository will be, and all that speaks against it: before anything is asked of the cluster or AWS.
import { lineOfField } from '../../bundle/locate.ts';
import { type Bundle, refOf, type Sourced } from '../../bundle/object.ts';
import { readAgain } from '../../files/read.ts';
import { hostnamesOf } from '../../gateway/shapes.ts';
import { imageName, imagesIn } from '../../preview/images.ts';
import { violations } from '../../preview/policy.ts';
import { type Preview, rewrite } from '../../preview/rewrite.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { PreviewOf } from './pull-request.ts';

/** @throws Problem `preview/nothing-routed`. */
export function planned({ inputs, clock, draft, runner }: Run, of: PreviewOf, bundle: Bundle): Preview {
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
    ...(inputs.preview.shared !== undefined && { shared: inputs.preview.shared }),
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
export function foreseen({ draft }: Run, { hosts, routes }: Preview): Outcome {
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
export async function refused(run: Run, bundle: Bundle, made: Preview): Promise<readonly Finding[]> {
  const { inputs, environment } = run;
  const { domain, gateway, allowedKinds, images } = inputs.preview;
  if (gateway === undefined) return [];
  const objects = [...made.manifests, ...made.routes];
  const namespace = made.namespace?.metadata.name ?? inputs.preview.shared ?? '';
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
  const running = bundle.manifests.flatMap(({ object }) => imagesIn(object)).map(imageName);
  const unused = images.filter(({ name }) => !running.includes(name));
  return [
    ...(await Promise.all(wrong)),
    ...unused.map(({ name }) =>
      finding('error', 'preview/image-not-used', `\`images\` replaces ${name}, but no container runs it.`, {
        hint: `Write the image as the manifests do, without its tag: ${[...new Set(running)].join(', ') || 'there are none'}.`,
      }),
    ),
    ...leftOut(bundle, made),
  ];
}

/** What belongs to the cluster or the platform stays as it is: the preview uses what runs. */
function leftOut({ crds, charts }: Bundle, { namespace, replaced }: Preview): Finding[] {
  const say = (what: string, all: readonly Pick<Sourced, 'source'>[]): Finding[] =>
    all[0] === undefined
      ? []
      : [
          finding('notice', 'preview/left-out', `The preview leaves out ${all.length} ${what}.`, {
            source: all[0].source,
            hint: 'It uses what runs in the cluster. To say so outright, name the files of the app with the globs.',
          }),
        ];
  return [
    ...say('custom resource definitions', crds),
    ...say('charts', charts),
    ...(namespace === undefined ? say('objects besides its routes', replaced) : []),
  ];
}
