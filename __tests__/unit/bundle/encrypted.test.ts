// Objects that SOPS has encrypted are never taken for what they hold.
import { describe, expect, test } from '@jest/globals';
import { collect, type Globs } from '../../../src/bundle/collect.ts';

const none: Globs = { crds: [], charts: [], manifests: [], routes: [] };

/** The form that `sops encrypt` gives a Secret. */
const secret = `apiVersion: v1
kind: Secret
metadata:
    name: database
    namespace: shop
stringData:
    password: ENC[AES256_GCM,data:0t8=,iv:Jb8=,tag:9Q==,type:str]
sops:
    age:
        - recipient: age1example
    mac: ENC[AES256_GCM,data:p3c=,iv:8xk=,tag:mA==,type:str]
    version: 3.10.2
`;
const plain =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: plain, namespace: shop }\ndata: { sops: mac }\n';

const said = (globs: Partial<Globs> = {}, prunes = false) => {
  const files = [
    { path: 'secret.yaml', text: secret },
    { path: 'plain.yaml', text: plain },
  ];
  const { bundle, findings } = collect(files, { ...none, ...globs }, '.', undefined, prunes);
  return {
    kept: bundle.manifests.map(({ object }) => object.metadata.name),
    ignored: bundle.ignored.map(({ file, why }) => `${file}: ${why}`),
    findings: findings.map(({ severity, code, message, source }) => [
      severity,
      code,
      `${source?.file}:${source?.line}`,
      message,
    ]),
  };
};

describe('an object that SOPS has encrypted', () => {
  const of = 'Secret shop/database is encrypted with SOPS, and nothing here decrypts it.';

  test('is left out, and the rest goes on', () => {
    expect(said()).toEqual({
      kept: ['plain'],
      ignored: ['secret.yaml: Secret shop/database is encrypted with SOPS'],
      findings: [['warning', 'bundle/encrypted', 'secret.yaml:1', `${of} It is left out.`]],
    });
  });

  test('ends the run where leaving it out would remove it', () => {
    expect(said({}, true).findings).toEqual([
      [
        'error',
        'bundle/encrypted',
        'secret.yaml:1',
        `${of} With \`prune: true\` leaving it out would remove it from the cluster.`,
      ],
    ]);
  });

  test('ends the run where an input names its file', () => {
    expect(said({ manifests: ['*.yaml'] }).findings).toEqual([
      ['error', 'bundle/encrypted', 'secret.yaml:1', `${of} An input names its file.`],
    ]);
  });

  test('is left out of what kustomize builds as well', () => {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'built' }, sops: { mac: 'ENC[…]' } };
    const source = { file: 'a/secret.yaml', line: 1 };
    const { bundle, findings } = collect([], none, '.', {
      objects: [{ object, source }],
      claimed: new Map(),
    });
    expect(bundle.manifests).toEqual([]);
    expect(findings.map(({ code }) => code)).toEqual(['bundle/encrypted', 'bundle/nothing-found']);
  });
});
