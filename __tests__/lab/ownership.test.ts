// Whose a field is, against the real API server: conflicts, take-over, other owners, and complaints with their line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../src/bundle/object.ts';
import { fieldsEntries } from '../../src/compare/managed-fields.ts';
import { locator } from '../../src/modes/apply/locate.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  gatewayDefinitions,
  kubectl,
  manifests,
  removeAdministrator,
  results,
  untilEstablished,
} from './engine.ts';

const namespace = 'ownership-test';
const options = { namespace, patience: 3_000 };
let kube: Counted;

beforeAll(() => {
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  removeAdministrator(namespace);
});

const deployment = (name: string, replicas: number, more = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:${more}
      containers: [{ name: web, image: 'nginx:1.29' }]
`;
const live = (kind: string, name: string): KubernetesObject =>
  JSON.parse(
    kubectl(['get', kind, name, '-n', namespace, '-o', 'json', '--show-managed-fields']),
  ) as KubernetesObject;

describe('an object of kubectl apply', () => {
  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

  test('is a conflict where it differs, by path, manager, time and the input that settles it', async () => {
    kubectl(['apply', '-f', '-'], deployment('owned', 3));
    kube.forget();
    const { objects } = await applyAll(kube, manifests(deployment('owned', 1)), options);
    const [applied] = objects;
    expect(applied?.reported.result).toBe('conflict');
    expect(applied?.reported.message).toMatch(
      /^\.spec\.replicas is owned by kubectl-client-side-apply since /,
    );
    const since = /^\.spec\.replicas is owned by kubectl-client-side-apply since (\S+Z)\.$/.exec(
      applied?.reported.message ?? '',
    )?.[1];
    expect(Math.abs(Date.parse(since ?? '') - Date.now())).toBeLessThan(120_000);
    expect(applied?.findings).toMatchObject([
      { code: 'apply/conflict', hint: expect.stringContaining('`take-over: kubectl-client-side-apply`') },
    ]);
    expect(kube.requests().filter((each) => each.startsWith('PATCH') && !each.endsWith('dry'))).toEqual([]);
  });

  test('is taken over for good: nothing of it stays with kubectl, and what is not in the repository goes', async () => {
    const before = deployment('taken', 3, '\n      terminationGracePeriodSeconds: 5');
    kubectl(['apply', '-f', '-'], before);
    expect(live('deployment', 'taken').metadata['annotations']).toHaveProperty([lastApplied]);
    const takeOver = ['kubectl-client-side-apply'];
    const objects = manifests(deployment('taken', 1));
    expect(results(await applyAll(kube, objects, { ...options, takeOver }))).toEqual([
      `Deployment ${namespace}/taken configured`,
    ]);
    const after = live('deployment', 'taken');
    expect(after.metadata['annotations'] ?? {}).not.toHaveProperty([lastApplied]);
    expect(fieldsEntries(after).filter(({ manager }) => manager.startsWith('kubectl'))).toEqual([]);
    expect(after).toMatchObject({
      spec: { replicas: 1, template: { spec: { terminationGracePeriodSeconds: 30 } } },
    });
    kube.forget();
    expect(results(await applyAll(kube, objects, { ...options, takeOver }))).toEqual([
      `Deployment ${namespace}/taken unchanged`,
    ]);
    expect(kube.requests().filter((each) => each.startsWith('PATCH'))).toEqual([]);
  });

  test('is taken over although a controller writes to it between the look and the write', async () => {
    kubectl(['apply', '-f', '-'], deployment('raced', 3));
    let races = 0;
    const raced: Counted = {
      ...kube,
      send: (request, signal) => {
        if (request.contentType === 'application/json-patch+json' && races < 2) {
          races += 1;
          kubectl(['annotate', '--overwrite', 'deployment', 'raced', '-n', namespace, `revision=${races}`]);
        }
        return kube.send(request, signal);
      },
    };
    const waits: string[] = [];
    const taken = await applyAll(raced, manifests(deployment('raced', 1)), {
      namespace,
      patience: 60_000,
      takeOver: ['kubectl-client-side-apply'],
      onWait: (why) => waits.push(why),
    });
    expect(results(taken)).toEqual([`Deployment ${namespace}/raced configured`]);
    // Its own controllers race as well.
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(new Set(waits)).toEqual(new Set([`Deployment ${namespace}/raced was changed by someone else`]));
    const after = live('deployment', 'raced');
    expect(after.metadata['annotations']).toMatchObject({ revision: '2' });
    expect(after.metadata['annotations']).not.toHaveProperty([lastApplied]);
    expect(fieldsEntries(after).filter(({ manager }) => manager === 'kubectl-client-side-apply')).toEqual([]);
  });

  test('other managers are not taken over from', async () => {
    kubectl(['apply', '--server-side', '--field-manager=them', '-f', '-'], deployment('theirs', 3));
    const { objects } = await applyAll(kube, manifests(deployment('theirs', 1)), {
      ...options,
      takeOver: ['kubectl-client-side-apply'],
    });
    expect(objects[0]?.reported.message).toMatch(/^\.spec\.replicas is owned by them since /);
  });
});

test('the same manifest, applied by another, is no conflict and stays theirs', async () => {
  const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: same, namespace: ${namespace} }
spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }
`;
  kubectl(['apply', '--server-side', '-f', '-'], policy);
  const before = live('networkpolicy', 'same').metadata['resourceVersion'];
  const { objects } = await applyAll(kube, manifests(policy), options);
  expect(objects[0]?.reported).toMatchObject({
    result: 'unchanged',
    message: expect.stringContaining('owned by kubectl'),
  });
  expect(live('networkpolicy', 'same').metadata['resourceVersion']).toBe(before);
});

describe('an object that says whose it is', () => {
  const signed = (name: string, metadata: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace}, ${metadata} }\ndata: { a: b }\n`;
  const ours = (name: string) =>
    manifests(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${namespace} }\ndata: { a: b }\n`,
    );

  test('is refused where the sign is another inventory’s', async () => {
    const label = 'labels: { applyset.kubernetes.io/part-of: applyset-abc-v1 }';
    kubectl(['create', '-f', '-'], signed('inventory', label));
    const { objects } = await applyAll(kube, ours('inventory'), { ...options, inventory: 'applyset-own-v1' });
    expect(objects[0]?.reported).toMatchObject({
      result: 'conflict',
      message: 'It belongs to another inventory (applyset.kubernetes.io/part-of: applyset-abc-v1).',
    });
    expect(objects[0]?.findings[0]?.hint).toContain('Keep it in one place');
  });

  test('is ours where the label is our inventory’s, or the user allows it', async () => {
    kubectl(
      ['create', '-f', '-'],
      signed('own', 'labels: { applyset.kubernetes.io/part-of: applyset-own-v1 }'),
    );
    kubectl(['create', '-f', '-'], signed('allowed', 'annotations: { meta.helm.sh/release-name: shop }'));
    const stage = [...ours('own'), ...ours('allowed')];
    const done = await applyAll(kube, stage, {
      ...options,
      inventory: 'applyset-own-v1',
      takeOver: ['helm'],
    });
    expect(results(done)).toEqual([
      `ConfigMap ${namespace}/own configured`,
      `ConfigMap ${namespace}/allowed configured`,
    ]);
  });
});

describe('what the API server does not know', () => {
  const group = 'strict-copy.example.test';
  const definitions = gatewayDefinitions(group).filter(({ object }) =>
    object.metadata.name.startsWith('httproutes.'),
  );
  const folder = mkdtempSync(join(tmpdir(), 'strict-'));
  beforeAll(async () => {
    await applyAll(kube, definitions, options);
    await untilEstablished(definitions);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
    kubectl(['delete', 'crd', ...definitions.map(({ object }) => object.metadata.name)]);
  });

  const complaints = async (yaml: string) => {
    writeFileSync(join(folder, 'a.yaml'), yaml);
    const { objects } = await applyAll(kube, manifests(yaml, 'a.yaml'), {
      ...options,
      locate: locator(folder),
    });
    return objects.flatMap(({ findings }) =>
      findings.map(({ source, message }) => `${source?.line} ${message}`),
    );
  };

  test('is named with its line, in a built-in kind', async () => {
    const yaml = `${deployment('typo', 1)}---\n${deployment('second', 1).replace("image: 'nginx:1.29'", '\n          imagee: x')}`;
    expect(await complaints(yaml)).toEqual([
      expect.stringMatching(
        /^22 Deployment ownership-test\/second: \.spec\.template\.spec\.containers\[name="web"\]\.imagee: field not declared in schema$/,
      ),
    ]);
  });

  test('is named with its line, in a custom kind; every one at once', async () => {
    const yaml = `apiVersion: ${group}/v1
kind: HTTPRoute
metadata: { name: typo, namespace: ${namespace} }
spec:
  parentRefs:
    - name: public
      hostname:
        - a.example.com
  rules:
    - backendRefs:
        - name: a
          prt: 80
`;
    expect(await complaints(yaml)).toEqual([
      expect.stringMatching(/^7 HTTPRoute ownership-test\/typo: \.spec\.parentRefs\[0\]\.hostname: /),
      expect.stringMatching(
        /^12 HTTPRoute ownership-test\/typo: \.spec\.rules\[0\]\.backendRefs\[0\]\.prt: /,
      ),
    ]);
  });

  test('a value out of bounds is named with its line', async () => {
    const yaml = `apiVersion: ${group}/v1
kind: HTTPRoute
metadata: { name: bounds, namespace: ${namespace} }
spec:
  hostnames: ["no spaces allowed"]
  rules:
    - backendRefs:
        - name: a
          port: 80
          weight: -1
`;
    const found = await complaints(yaml);
    expect(found).toEqual([
      expect.stringMatching(/^5 .*spec\.hostnames\[0\]: /),
      expect.stringMatching(/^10 .*spec\.rules\[0\]\.backendRefs\[0\]\.weight: /),
    ]);
  });
});

describe('an object that is being deleted', () => {
  const configMap = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: leaving, namespace: ${namespace} }\ndata: { a: b }\n`;
  const leave = () => {
    kubectl(
      ['create', '-f', '-'],
      configMap.replace('name: leaving', 'name: leaving, finalizers: [example.com/hold]'),
    );
    kubectl(['delete', 'configmap', 'leaving', '-n', namespace, '--wait=false']);
  };
  const release = () =>
    kubectl([
      'patch',
      'configmap',
      'leaving',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);

  test('is refused as long as a finalizer holds it, and made anew when it is gone', async () => {
    leave();
    const held = await applyAll(kube, manifests(configMap), { ...options, patience: 600 });
    expect(held.objects[0]?.reported).toMatchObject({
      result: 'failed',
      message: expect.stringMatching(/^It is being deleted since \S+; example\.com\/hold holds it up\.$/),
    });
    const waits: string[] = [];
    const onWait = (why: string): void => {
      if (waits.push(why) === 1) release();
    };
    expect(results(await applyAll(kube, manifests(configMap), { ...options, onWait }))).toEqual([
      `ConfigMap ${namespace}/leaving created`,
    ]);
    expect(waits[0]).toBe(`ConfigMap ${namespace}/leaving is being deleted`);
  });
});

test('whoever may get but not list pays a read an object, and no more', async () => {
  kubectl(['create', 'serviceaccount', 'narrow', '-n', namespace]);
  kubectl(['create', 'role', 'narrow', '-n', namespace, '--verb=get,patch,create', '--resource=configmaps']);
  kubectl([
    'create',
    'rolebinding',
    'narrow',
    '-n',
    namespace,
    '--role=narrow',
    `--serviceaccount=${namespace}:narrow`,
  ]);
  const narrow = connectAs(namespace, 'narrow');
  try {
    const objects = manifests(
      ['x', 'y']
        .map(
          (name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: narrow-${name} }\ndata: { a: b }\n`,
        )
        .join('---\n'),
    );
    await applyAll(narrow, objects, options);
    narrow.forget();
    const second = await applyAll(narrow, objects, options);
    expect(second.objects.map(({ reported }) => reported.result)).toEqual(['unchanged', 'unchanged']);
    const path = `GET /api/v1/namespaces/${namespace}/configmaps`;
    expect(narrow.requests()).toEqual([path, `${path}/narrow-x`, `${path}/narrow-y`]);
  } finally {
    await narrow.close();
  }
});
