// Of several definitions of one name, which is applied.
import { expect, test } from '@jest/globals';
import { chooseDefinitions } from '../../../src/apply/definitions.ts';
import type { Sourced } from '../../../src/bundle/object.ts';

const crd = (name: string, file: string, kind = 'CustomResourceDefinition'): Sourced => ({
  object: { apiVersion: 'x/v1', kind, metadata: { name } },
  source: { file, line: 7 },
});

test('the repository’s own definition goes before a chart’s, the first chart’s before the second’s', () => {
  const policy = crd('a', 'own.yaml', 'ValidatingAdmissionPolicy');
  const own = [crd('a', 'own.yaml'), policy];
  const charts = [
    { name: 'one', crds: [crd('a', 'one.yaml'), crd('b', 'one.yaml')] },
    { name: 'two', crds: [crd('b', 'two.yaml'), crd('c', 'two.yaml')] },
  ];
  const { crds, passedOver } = chooseDefinitions(own, charts);
  expect(crds.map(({ object, source }) => `${object.metadata.name} ${source.file}`)).toEqual([
    'a own.yaml',
    'a own.yaml',
    'b one.yaml',
    'c two.yaml',
  ]);
  expect(passedOver).toEqual([
    'a: the one of own.yaml:7 is applied, not the one of the chart one',
    'b: the one of the chart one is applied, not the one of the chart two',
  ]);
});
