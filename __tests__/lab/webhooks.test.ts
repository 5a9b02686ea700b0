// A webhook that fails closed and has nobody behind it yet, on the real API server: it is waited out, not run into.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { layout } from '../../lab/cluster/layout.ts';
import { clusterReader } from '../../src/kube/reader.ts';
import { webhooksReady } from '../../src/modes/charts/webhooks-ready.ts';
import { systemClock } from '../../src/system-clock.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  manifests,
  never,
  removeAdministrator,
  results,
} from './engine.ts';

const namespace = 'webhooks-test';
let kube: Counted;
let folder: string;
const reviewed: string[] = [];
let hook: ReturnType<typeof createServer>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webhooks-'));
  createAdministrator(namespace);
  kubectl(['delete', 'validatingwebhookconfiguration', namespace, '--ignore-not-found']);
  kube = connectAs(namespace, 'admin');
  const name = `hook.${namespace}.svc`;
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${name}`];
  const to = ['-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...request, ...to], { stdio: 'pipe' });
  hook = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, async (asked, answer) => {
    let body = '';
    for await (const part of asked) body += String(part);
    const { request: review } = JSON.parse(body) as { request: { uid: string; name: string } };
    reviewed.push(review.name);
    const response = { uid: review.uid, allowed: true };
    answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
  });
  // Where pods are: an EndpointSlice takes no loopback address.
  await new Promise<void>((done) => hook.listen(0, layout.addresses.node, done));
});
afterAll(async () => {
  kubectl(['delete', 'validatingwebhookconfiguration', namespace, '--ignore-not-found']);
  await kube.close();
  hook.closeAllConnections();
  await new Promise((done) => hook.close(done));
  rmSync(folder, { recursive: true });
  removeAdministrator(namespace);
});

/** What a chart brings: its Service, and the configuration that names it. */
const release = (): string => `apiVersion: v1
kind: Service
metadata: { name: hook, namespace: ${namespace} }
spec: { ports: [{ port: 443, targetPort: ${(hook.address() as AddressInfo).port} }] }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: ${namespace} }
webhooks:
  - name: hook.example.test
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: 2
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ${namespace} } }
    rules: [{ apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps] }]
    clientConfig:
      caBundle: ${Buffer.from(readFileSync(join(folder, 'certificate.pem'))).toString('base64')}
      service: { name: hook, namespace: ${namespace} }
`;
const slice = (ready: boolean): string => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: hook-a, namespace: ${namespace}, labels: { kubernetes.io/service-name: hook } }
addressType: IPv4
endpoints: [{ addresses: ['${layout.addresses.node}'], conditions: { ready: ${ready} } }]
ports: [{ port: ${(hook.address() as AddressInfo).port} }]
`;

test('what the webhook watches is written when a pod is ready, and not before', async () => {
  kubectl(['apply', '-f', '-'], release());
  const guarded = manifests(
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: guarded, namespace: ${namespace} }\ndata: { a: b }\n`,
  );
  // The race as it is without the wait.
  let refused = '';
  while (!refused.includes('failed calling webhook')) {
    // A configuration counts some moments after it was written; until then it is made.
    kubectl(['delete', 'configmap', 'guarded', '-n', namespace, '--ignore-not-found']);
    const { objects } = await applyAll(kube, guarded, { namespace, patience: 0 });
    refused = objects[0]?.reported.message ?? '';
  }

  const said: string[] = [];
  kubectl(['apply', '-f', '-'], slice(false));
  const run = {
    clock: systemClock,
    signal: never,
    runner: {
      info: (line: string) => {
        said.push(line);
        kubectl(['apply', '-f', '-'], slice(true));
      },
    },
  } as unknown as Parameters<typeof webhooksReady>[0];
  await webhooksReady(run, clusterReader(kube), manifests(release()));
  expect(said).toEqual([
    expect.stringContaining(`no pod is ready behind Service ${namespace}/hook, which a webhook needs`),
  ]);
  expect(reviewed).toEqual([]);
  expect(results(await applyAll(kube, guarded, { namespace, patience: 3_000 }))).toEqual([
    `ConfigMap ${namespace}/guarded created`,
  ]);
  expect(new Set(reviewed)).toEqual(new Set(['guarded']));
});
