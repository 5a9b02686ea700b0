// Definitions that change under the load balancer controller: it is started again, once, and serves what comes with them.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appFiles, ensureInfra, type Finished, kubectl, kubectlApply, run, workspaceOf } from './harness.ts';
import { quick } from './reading.ts';

const name = 'restarted';
const definition = 'listenerruleconfigurations.gateway.k8s.aws';
const annotation = 'eks-gateway-action/restarted-at';

interface Definition {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: { description?: string } } }[];
  };
}

let before: string;
let workspace: ReturnType<typeof workspaceOf>;

beforeAll(async () => {
  await ensureInfra();
  before = kubectl('get', 'crd', definition, '-o', 'json');
  const changed = JSON.parse(before) as Definition;
  for (const { schema } of changed.spec.versions) schema.openAPIV3Schema.description = 'Rules, said anew.';
  workspace = workspaceOf({ ...appFiles(name), 'crds/rules.json': JSON.stringify(changed) });
});
afterAll(() => {
  const { metadata, spec } = JSON.parse(before) as Definition;
  const { annotations } = metadata;
  const again = { metadata: { name: definition, ...(annotations && { annotations }) }, spec };
  const object = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', ...again };
  kubectlApply(JSON.stringify(object));
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
  workspace.remove();
});

const go = (): Promise<Finished> => run({ workspace: workspace.path, inputs: quick });
const lbc = 'app.kubernetes.io/name=aws-load-balancer-controller';
const restartedAt = (): string =>
  kubectl(
    'get',
    'deployment',
    '-n',
    'infra',
    '-l',
    lbc,
    '-o',
    `jsonpath={.items[0].spec.template.metadata.annotations.${annotation.replaceAll('.', '\\.')}}`,
  );
const pods = (): readonly string[] =>
  kubectl('get', 'pods', '-n', 'infra', '-l', lbc, '-o', 'jsonpath={.items[*].metadata.uid}').split(' ');

test('the run that changes one restarts it and comes alive; the next one leaves it alone', async () => {
  const old = pods();
  const first = await go();
  expect({ code: first.code, verdict: first.report.verdict }).toEqual({
    code: 0,
    verdict: `${name}.example.com is live.`,
  });
  expect(first.report.objects).toContainEqual(
    expect.objectContaining({ ref: `CustomResourceDefinition ${definition}`, result: 'configured' }),
  );
  expect(first.log).toMatch(
    new RegExp(
      `Deployment infra/\\S+ restarted: .*came or changed later: ${definition.replaceAll('.', '\\.')}$`,
      'm',
    ),
  );
  const at = restartedAt();
  expect(Date.parse(at)).toBeGreaterThan(Date.now() - 120_000);
  kubectl('rollout', 'status', 'deployment', '-n', 'infra', '-l', lbc, '--timeout=60s');
  expect(pods().filter((uid) => old.includes(uid))).toEqual([]);

  const second = await go();
  expect({ outcome: second.report.outcome, again: restartedAt() }).toEqual({ outcome: 'live', again: at });
  expect(second.log).not.toContain(' restarted: ');
});
