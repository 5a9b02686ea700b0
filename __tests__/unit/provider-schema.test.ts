// The table that stands in for the AWS provider's schema, held against another schema.
import { expect, test } from '@jest/globals';
import { differences, providerAddress, type Schemas, table } from '../../scripts/provider-schema.ts';

const ours = table('.');

/** The table with one resource changed. */
function changed(
  resource: string,
  change: (block: Record<string, Record<string, unknown>>) => void,
): Schemas {
  const copy = structuredClone(ours) as unknown as {
    provider_schemas: Record<
      string,
      { resource_schemas: Record<string, { block: Record<string, Record<string, unknown>> }> }
    >;
  };
  const block = copy.provider_schemas[providerAddress]?.resource_schemas[resource]?.block;
  if (block === undefined) throw new Error(`the table has no ${resource}`);
  change(block);
  return copy as unknown as Schemas;
}

test('a schema that says the same, and one that says more', () => {
  expect(differences(ours, ours)).toEqual([]);
  const more = changed('aws_iam_role', ({ attributes }) => {
    if (attributes) attributes['new'] = { type: 'string', optional: true };
  });
  expect(differences(ours, more)).toEqual([]);
});

test('values that come back from AWS are not for the writer', () => {
  const computed = changed('aws_eks_access_entry', ({ attributes }) => {
    if (attributes)
      attributes['kubernetes_groups'] = { type: ['set', 'string'], optional: true, computed: true };
  });
  expect(differences(ours, computed)).toEqual([]);
});

test.each([
  [
    'aws_eks_pod_identity_association',
    'attributes',
    'target_role_arn',
    undefined,
    'aws_eks_pod_identity_association.target_role_arn: there is no such attribute',
  ],
  [
    'aws_iam_openid_connect_provider',
    'attributes',
    'thumbprint_list',
    { type: ['list', 'string'], required: true },
    'aws_iam_openid_connect_provider.thumbprint_list: optional ["list","string"] here, required ["list","string"] there',
  ],
  [
    'aws_route53_record',
    'attributes',
    'records',
    { type: 'string', optional: true },
    'aws_route53_record.records: optional ["set","string"] here, optional "string" there',
  ],
  [
    'aws_eks_access_policy_association',
    'block_types',
    'access_scope',
    { nesting_mode: 'set', block: {} },
    'aws_eks_access_policy_association.access_scope: list, 1 at least here, set, 0 at least there',
  ],
  ['aws_wafv2_web_acl', 'block_types', 'rule', undefined, 'aws_wafv2_web_acl.rule: there is no such block'],
] as const)('%s: %s.%s differs', (resource, part, name, value, sentence) => {
  const other = changed(resource, (block) => {
    const members = block[part];
    if (members) members[name] = value;
  });
  expect(differences(ours, other)).toEqual([sentence]);
});

test('a resource that is gone', () => {
  expect(differences(ours, { provider_schemas: {} })).toContain('aws_iam_role: there is no such resource');
});
