// The Lease of a bundle in a cluster: a coordination.k8s.io/v1 Lease, its holder described in annotations.
import type { Lease, LeaseRead, LeaseStore, LeaseWrite, Runner, StoredLease } from '../apply/lease.ts';
import { field, moment, number, text, textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { Kube, KubeAnswer, KubeRequest } from './connection.ts';
import { objectOf } from './object.ts';
import { pathOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

export const leases = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' } as const;
const fieldManager = 'eks-gateway-action';
const patience = { milliseconds: 10_000, isFinal: ({ status }: KubeAnswer) => status === 409 };

const annotations = {
  run: 'eks-gateway-action/run',
  id: 'eks-gateway-action/run-id',
  attempt: 'eks-gateway-action/run-attempt',
  actor: 'eks-gateway-action/actor',
} as const;

const described = ({ url, run, actor }: Runner): Readonly<Record<string, string | undefined>> => ({
  [annotations.run]: url,
  [annotations.id]: run?.id,
  [annotations.attempt]: run && String(run.attempt),
  [annotations.actor]: actor,
});

/** In a merge patch `null` takes a key away; what is `undefined` is not sent at all. */
const asPatch = (
  map: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | null>> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, value ?? null]));

/** MicroTime (apimachinery meta/v1 micro_time.go). */
const micro = (date: Date | undefined): string | null => date?.toISOString().replace('Z', '000Z') ?? null;

const labels = { 'app.kubernetes.io/managed-by': fieldManager };

const specOf = (lease: Lease): object => ({
  holderIdentity: lease.holder?.identity ?? null,
  acquireTime: micro(lease.acquired),
  renewTime: micro(lease.renewed),
  leaseDurationSeconds: lease.seconds,
  leaseTransitions: lease.transitions,
});

const holderOf = (object: KubernetesObject): Runner | undefined => {
  const identity = text(field(object, 'spec'), 'holderIdentity');
  if (identity === undefined || identity === '') return undefined;
  const said = textMap(object, 'metadata', 'annotations');
  const { [annotations.id]: id, [annotations.run]: url, [annotations.actor]: actor } = said;
  const attempt = Number(said[annotations.attempt]);
  return {
    identity,
    ...(id !== undefined && Number.isInteger(attempt) && { run: { id, attempt } }),
    ...(url !== undefined && { url }),
    ...(actor !== undefined && { actor }),
  };
};

const storedOf = (object: KubernetesObject): StoredLease => {
  const spec = field(object, 'spec');
  const holder = holderOf(object);
  const acquired = moment(spec, 'acquireTime');
  const renewed = moment(spec, 'renewTime');
  return {
    ...(holder && { holder }),
    ...(acquired && { acquired }),
    ...(renewed && { renewed }),
    seconds: number(spec, 'leaseDurationSeconds') ?? 0,
    transitions: number(spec, 'leaseTransitions') ?? 0,
    version: String(object.metadata['resourceVersion']),
  };
};

/** Patience is short: a Lease guards against another run, it is not what the run is about. */
export const leaseStore = (kube: Kube, namespace: string, name: string): LeaseStore => {
  const path = pathOf(leases, namespace, name);
  const send = (request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> =>
    sendPatiently(kube, request, patience, signal);
  const query = { fieldManager };
  return {
    clock: kube.clock,
    read: async (signal): Promise<LeaseRead> => {
      const answer = await send({ method: 'GET', path }, signal);
      if (answer.status === 404) return { lease: undefined };
      const object = answer.status === 200 ? objectOf(answer.body, leases) : undefined;
      return object ? { lease: storedOf(object) } : refused(answer, namespace, name);
    },
    create: async (lease, signal) => {
      const metadata = { name, namespace, labels, annotations: lease.holder && described(lease.holder) };
      const { apiVersion, kind } = leases;
      const body = { apiVersion, kind, metadata, spec: specOf(lease) };
      const request = { method: 'POST', path: pathOf(leases, namespace), query, body } as const;
      return written(await send(request, signal), 'create', namespace, name);
    },
    replace: async (resourceVersion, lease, signal) => {
      // Who held it last stays in the annotations.
      const said = lease.holder && { annotations: asPatch(described(lease.holder)) };
      const body = { metadata: { resourceVersion, labels, ...said }, spec: specOf(lease) };
      const contentType = 'application/merge-patch+json';
      const request = { method: 'PATCH', path, query, body, contentType } as const;
      return written(await send(request, signal), 'patch', namespace, name);
    },
    remove: async (resourceVersion, signal) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion } };
      return (await send({ method: 'DELETE', path, body }, signal)).status < 300;
    },
  };
};

const refused = (
  answer: KubeAnswer,
  namespace: string,
  name: string,
): { readonly denied: string } | { readonly failed: string } => {
  const { message } = statusOf(answer);
  const denial = answer.status === 403 ? denialOf(message) : undefined;
  if (denial === undefined) return { failed: `Lease ${namespace}/${name}: ${message}` };
  return { denied: denial.permission };
};

const written = (
  answer: KubeAnswer,
  verb: 'create' | 'patch',
  namespace: string,
  name: string,
): LeaseWrite => {
  const object = answer.status < 300 ? objectOf(answer.body, leases) : undefined;
  if (object) return { version: storedOf(object).version };
  if (answer.status === 409) return 'late';
  if (answer.status === 404 && statusOf(answer).kind === 'namespaces') return 'homeless';
  // Deleted since it was read.
  return answer.status === 404 && verb === 'patch' ? 'late' : refused(answer, namespace, name);
};
