// What the API server serves: kinds with their plurals and scopes, group versions, its own version.
import { Problem } from '../verdict/problem.ts';
import type { Kube, KubeAnswer } from './connection.ts';
import { isFields } from './fields.ts';
import { rootOf } from './path.ts';
import { sendPatiently } from './retry.ts';
import { denialOf, statusOf } from './status.ts';

export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Its status is a subresource: controllers write it, and nothing that a manifest says of it is taken. */
  readonly statusApart: boolean;
}

export interface Discovery {
  /** Asks the server again once when the kind is not known; `undefined` when it is not served. */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<ApiResource | undefined>;
  /** Everything served, as of the last look. */
  served(signal: AbortSignal): Promise<readonly ApiResource[]>;
  refresh(signal: AbortSignal): Promise<void>;
  /** `apps/v1` and `apps/v1/Deployment` for everything served: the values of helm's `--api-versions`. */
  apiVersions(signal: AbortSignal): Promise<readonly string[]>;
}

/** Aggregated discovery (KEP-3352): stable since Kubernetes 1.30, v2beta1 before; plain JSON where neither is known. */
const aggregated = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

const patience = { milliseconds: 15_000 };

const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const answered = (answer: KubeAnswer, path: string, kube: Kube): unknown => {
  if (answer.status === 200 && isFields(answer.body)) return answer.body;
  const { message } = statusOf(answer);
  if (answer.status === 403) {
    const denial = denialOf(message);
    throw new Problem('cluster/forbidden', `The API server refuses discovery: ${message}.`, {
      hint: `Give ${denial?.user ?? kube.principal ?? 'the role'} the permission to ${denial?.permission ?? `get ${path}`}; the ClusterRole system:discovery holds it for every authenticated user.`,
    });
  }
  throw new Problem('look/failed', `The API server did not say what it serves: ${path} gave ${message}.`);
};

const read = async (kube: Kube, path: string, signal: AbortSignal): Promise<unknown> =>
  answered(
    await sendPatiently(kube, { method: 'GET', path, accept: aggregated }, patience, signal),
    path,
    kube,
  );

const fromAggregated = (list: unknown): ApiResource[] =>
  items(isFields(list) ? list['items'] : undefined).flatMap((group) => {
    if (!isFields(group)) return [];
    const name = isFields(group['metadata']) ? text(group['metadata']['name']) : '';
    return items(group['versions']).flatMap((version) => {
      if (!isFields(version)) return [];
      const apiVersion = name === '' ? text(version['version']) : `${name}/${text(version['version'])}`;
      return items(version['resources']).flatMap((resource) => {
        if (!isFields(resource) || !isFields(resource['responseKind'])) return [];
        return {
          apiVersion,
          kind: text(resource['responseKind']['kind']),
          plural: text(resource['resource']),
          namespaced: resource['scope'] === 'Namespaced',
          statusApart: items(resource['subresources']).some(
            (each) => isFields(each) && each['subresource'] === 'status',
          ),
        };
      });
    });
  });

const fromResourceList = (list: unknown): ApiResource[] => {
  if (!isFields(list)) return [];
  const apiVersion = text(list['groupVersion']);
  const resources = items(list['resources']);
  const names = new Set(resources.map((resource) => (isFields(resource) ? text(resource['name']) : '')));
  return resources.flatMap((resource) =>
    // `pods/log` and the like are sub-resources, not kinds.
    isFields(resource) && !text(resource['name']).includes('/')
      ? {
          apiVersion,
          kind: text(resource['kind']),
          plural: text(resource['name']),
          namespaced: resource['namespaced'] === true,
          statusApart: names.has(`${text(resource['name'])}/status`),
        }
      : [],
  );
};

const groupVersions = (list: unknown): string[] => {
  if (!isFields(list)) return [];
  if (list['kind'] === 'APIVersions') return items(list['versions']).map(text);
  return items(list['groups']).flatMap((group) =>
    items(isFields(group) ? group['versions'] : undefined).map((version) =>
      isFields(version) ? text(version['groupVersion']) : '',
    ),
  );
};

const readOne = async (kube: Kube, apiVersion: string, signal: AbortSignal): Promise<ApiResource[]> => {
  const path = rootOf(apiVersion);
  const answer = await sendPatiently(kube, { method: 'GET', path }, patience, signal);
  // A group whose aggregated server is down (metrics.k8s.io, often) must not stop the run.
  if (answer.status === 404 || answer.status >= 500) return [];
  return fromResourceList(answered(answer, path, kube));
};

const readAll = async (kube: Kube, path: string, signal: AbortSignal): Promise<ApiResource[]> => {
  const list = await read(kube, path, signal);
  if (isFields(list) && list['kind'] === 'APIGroupDiscoveryList') return fromAggregated(list);
  const each = await Promise.all(groupVersions(list).map((version) => readOne(kube, version, signal)));
  return each.flat();
};

type Root = '/api' | '/apis';

const rootOfKind = (apiVersion: string): Root => (apiVersion.includes('/') ? '/apis' : '/api');

/**
 * Waits for the groups alone, where most kinds of a bundle are: until the server's settings have come, undici keeps a new
 * connection to one request, so that the core kinds are known a round trip later.
 * @throws Problem `cluster/*` as `Kube.send` does, `cluster/forbidden`, `look/failed`.
 */
export const discover = async (kube: Kube, signal: AbortSignal): Promise<Discovery> => {
  const known = new Map<Root, readonly ApiResource[]>();
  const looking = new Map<Root, Promise<void>>();

  // Objects that are applied at the same time and miss the same kind share one look.
  const look = (root: Root, during: AbortSignal): Promise<void> => {
    const under = looking.get(root);
    if (under) return under;
    const begun = readAll(kube, root, during)
      .then((resources) => void known.set(root, resources))
      .finally(() => looking.delete(root));
    looking.set(root, begun);
    return begun;
  };
  const refresh = async (during: AbortSignal): Promise<void> => {
    await Promise.all([look('/apis', during), look('/api', during)]);
  };
  const served = async (during: AbortSignal): Promise<readonly ApiResource[]> => {
    const roots: readonly Root[] = ['/api', '/apis'];
    await Promise.all(roots.map((root) => known.has(root) || look(root, during)));
    return roots.flatMap((root) => known.get(root) ?? []);
  };

  const groups = look('/apis', signal);
  // Whoever needs a core kind looks again, and hears of what is wrong.
  look('/api', signal).catch(() => undefined);
  await groups;
  return {
    find: async (apiVersion, kind, during) => {
      const root = rootOfKind(apiVersion);
      const lookup = (): ApiResource | undefined =>
        known.get(root)?.find((resource) => resource.kind === kind && resource.apiVersion === apiVersion);
      if (!known.has(root)) await look(root, during);
      const found = lookup();
      if (found) return found;
      await look(root, during);
      return lookup();
    },
    served,
    refresh,
    apiVersions: async (during) => {
      const all = (await served(during)).flatMap(({ apiVersion, kind }) => [
        apiVersion,
        `${apiVersion}/${kind}`,
      ]);
      return [...new Set(all)].sort();
    },
  };
};

/** `v1.36.3-eks-abcdef`: the API server's own version, the value of helm's `--kube-version`. */
export const serverVersion = async (kube: Kube, signal: AbortSignal): Promise<string> => {
  const answer = await sendPatiently(kube, { method: 'GET', path: '/version' }, patience, signal);
  const body = answered(answer, '/version', kube);
  return isFields(body) ? text(body['gitVersion']) : '';
};
