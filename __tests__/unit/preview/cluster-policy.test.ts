// policy/previews.yaml gives the role of previews what the action writes, and reads nothing that the action does not.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { bindingOf, fencesOf, previewGroup } from '../../../src/preview/fences.ts';
import { defaultKinds } from '../../../src/preview/policy.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string }[];
  readonly spec?: {
    readonly policyName?: string;
    readonly validationActions?: readonly string[];
    readonly failurePolicy?: string;
  };
}

const documents = parseAllDocuments(readFileSync('policy/previews.yaml', 'utf8')).map(
  (each) => each.toJS() as Document,
);
const named = (kind: string, name: string): Document | undefined =>
  documents.find((each) => each.kind === kind && each.metadata.name === name);

const pluralOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (lower.endsWith('policy')) return lower.replace(/y$/, 'ies');
  return `${lower}s`;
};

test('its role writes every kind that previews may hold, and what the action adds', () => {
  const { roleRef } = bindingOf({ namespace: 'pr-1', number: 1 }) as unknown as Document;
  const rules = named('ClusterRole', roleRef?.name ?? '')?.rules ?? [];
  const added = fencesOf(
    { quota: { pods: '1' }, networks: ['10.0.0.0/8'] },
    { namespace: 'pr-1', number: 1 },
  ).map(({ apiVersion, kind }) => (apiVersion.includes('/') ? `${kind}.${apiVersion.split('/')[0]}` : kind));
  const missing = [...defaultKinds, ...added].filter((each) => {
    const [kind = '', ...group] = each.split('.');
    return !rules.some(
      ({ apiGroups, resources, verbs }) =>
        apiGroups.includes(group.join('.')) &&
        resources.includes(pluralOf(kind)) &&
        ['get', 'create', 'patch', 'delete'].every((verb) => verbs.includes(verb)),
    );
  });
  expect(missing).toEqual([]);
});

test('everything is bound to the one group', () => {
  const bindings = documents.filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind));
  expect(bindings.length).toBeGreaterThan(0);
  for (const { subjects } of bindings) expect(subjects?.map(({ name }) => name)).toEqual([previewGroup]);
});

test('of the whole cluster it reads no Secrets and no pods', () => {
  const rules = named('ClusterRole', 'eks-gateway-preview')?.rules ?? [];
  expect(rules.flatMap(({ resources }) => resources)).not.toContain('secrets');
  expect(rules.flatMap(({ resources }) => resources)).not.toContain('pods');
  expect(rules.flatMap(({ verbs }) => verbs)).not.toContain('*');
});

test('every admission policy denies, and fails closed', () => {
  const policies = documents.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  expect(policies.map(({ spec }) => spec?.failurePolicy)).toEqual(policies.map(() => 'Fail'));
  const bound = documents.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  expect(bound.map(({ spec }) => spec?.policyName)).toEqual(policies.map(({ metadata }) => metadata.name));
  expect(bound.map(({ spec }) => spec?.validationActions)).toEqual(bound.map(() => ['Deny']));
});
