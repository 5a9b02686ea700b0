// What belongs to one run arrives in it: namespaces that the run makes, definitions that a chart brings too.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ensureInfra, kubectl, run, workspaceOf } from './harness.ts';

const crd = (description: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.stages.example.test }
spec:
  group: stages.example.test
  names: { kind: Widget, plural: widgets, singular: widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, description: ${description}, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }
`;
/** A definition that Helm sees as one object of the chart among others. */
const templated = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgets.stages.example.test }
spec:
  group: stages.example.test
  names: { kind: Gadget, plural: gadgets, singular: gadget }
  scope: Namespaced
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;
/** A class, which goes before the charts as a rule; this one's kind comes with one. */
const classes = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgetclasses.stages.example.test }
spec:
  group: stages.example.test
  names: { kind: GadgetClass, plural: gadgetclasses, singular: gadgetclass }
  scope: Cluster
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`;
const configuration = (name: string, namespace: string): string => `apiVersion: gateway.k8s.aws/v1beta1
kind: LoadBalancerConfiguration
metadata: { name: ${name}${namespace} }
spec: { scheme: internal }
`;
const files = {
  'crds/widgets.yaml': crd('own'),
  'chart/Chart.yaml': 'apiVersion: v2\nname: stages\nversion: 0.1.0\n',
  'chart/crds/widgets.yaml': crd('of-the-chart'),
  'chart/templates/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: stages-brought }\n',
  'app/classes.yaml': `${configuration('own', '')}---\n${configuration('brought', ', namespace: stages-brought')}`,
  'chart/templates/gadgets.yaml': templated,
  'chart/templates/classes.yaml': classes,
  'app/class.yaml': 'apiVersion: stages.example.test/v1\nkind: GadgetClass\nmetadata: { name: c }\n',
  'app/gadget.yaml':
    'apiVersion: stages.example.test/v1\nkind: Gadget\nmetadata: { name: g, namespace: stages-brought }\n',
  'app/widget.yaml':
    'apiVersion: stages.example.test/v1\nkind: Widget\nmetadata: { name: w, namespace: stages-brought }\nspec: { size: 1 }\n',
};

beforeAll(async () => {
  await ensureInfra();
});
afterAll(() => {
  kubectl('delete', 'namespace', 'stages-release', 'stages-brought', '--ignore-not-found', '--wait=false');
  kubectl(
    'delete',
    'crd',
    'widgets.stages.example.test',
    'gadgets.stages.example.test',
    'gadgetclasses.stages.example.test',
    '--ignore-not-found',
    '--wait=false',
  );
});

test('a kind, the release’s namespace and a chart’s namespace arrive in the run that needs them', async () => {
  const workspace = workspaceOf(files);
  const inputs = { namespace: 'stages-release', 'create-namespace': 'true' };
  try {
    const plan = await run({ workspace: workspace.path, inputs: { ...inputs, mode: 'plan' } });
    expect(plan.report.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { code, report, log } = await run({ workspace: workspace.path, inputs });
    expect(log).toContain(
      'widgets.stages.example.test: the one of crds/widgets.yaml:1 is applied, not the one of the chart stages',
    );
    expect(code).toBe(0);
    // Those of a stage are written at the same time.
    const ends = report.objects.map(({ ref, result }) => `${ref} ${result}`);
    expect([...ends.slice(0, 3), ...ends.slice(3, 5).toSorted(), ...ends.slice(5).toSorted()]).toEqual([
      'CustomResourceDefinition widgets.stages.example.test created',
      'Namespace stages-release created',
      'LoadBalancerConfiguration stages-release/own created',
      'GadgetClass c created',
      'LoadBalancerConfiguration stages-brought/brought created',
      'Gadget stages-brought/g created',
      'Widget stages-brought/w created',
    ]);
    const path = 'jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}';
    expect(kubectl('get', 'crd', 'widgets.stages.example.test', '-o', path)).toBe('own');
    const again = await run({ workspace: workspace.path, inputs });
    expect(again.report.objects.filter(({ result }) => result !== 'unchanged')).toEqual([]);
  } finally {
    workspace.remove();
  }
});
