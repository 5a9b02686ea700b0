// Who the load balancer admits, as its configuration says: where that is not this runner, nothing is proved, and nothing is broken.
import { text, texts } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { lbcFlag } from '../gateway/lbc-settings.ts';
import type { Code } from '../verdict/codes.ts';
import { type Evidence, type NotOk, unknown, type Verdict } from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { observeRelease } from './release.ts';

export interface Barrier {
  readonly kind: 'scheme' | 'source ranges' | 'web ACL';
  /** A clause that names the rule: `its scheme is internal`. */
  readonly says: string;
  readonly evidence: Evidence;
}

interface GatewayName {
  readonly namespace: string;
  readonly name: string;
}

const everyone = /^(0\.0\.0\.0\/0|::\/0)$/;

const configurationOf = async (
  reader: ClusterReader,
  namespace: string | undefined,
  name: string | undefined,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> => {
  if (namespace === undefined || name === undefined) return undefined;
  for (const version of ['v1', 'v1beta1']) {
    const kind = { ...kinds.loadBalancerConfiguration, apiVersion: `gateway.k8s.aws/${version}` };
    const seen = await reader.get(kind, namespace, name, signal);
    if ('value' in seen && seen.value !== undefined) return seen.value;
  }
  return undefined;
};

/** The Gateway's own configuration and that of its class; what cannot be read tells nothing. */
const configurationsOf = async (
  reader: ClusterReader,
  { namespace, name }: GatewayName,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> => {
  const seen = await reader.get(kinds.gateway, namespace, name, signal);
  if (!('value' in seen) || seen.value === undefined) return [];
  const own = text(seen.value, 'spec', 'infrastructure', 'parametersRef', 'name');
  const className = text(seen.value, 'spec', 'gatewayClassName') ?? '';
  const ofClass = await reader.get(kinds.gatewayClass, undefined, className, signal);
  const shared = 'value' in ofClass ? ofClass.value : undefined;
  const found = [
    await configurationOf(reader, namespace, own, signal),
    await configurationOf(
      reader,
      text(shared, 'spec', 'parametersRef', 'namespace'),
      text(shared, 'spec', 'parametersRef', 'name'),
      signal,
    ),
  ];
  return found.filter((each) => each !== undefined);
};

const barriersIn = (configuration: KubernetesObject): readonly Barrier[] => {
  const ref = refOf(configuration);
  const ranges = texts(configuration, 'spec', 'sourceRanges');
  const acl = text(configuration, 'spec', 'wafV2', 'webACL');
  const found: Barrier[] = [];
  if (text(configuration, 'spec', 'scheme') === 'internal')
    found.push({
      kind: 'scheme',
      says: `the scheme in ${ref} is internal`,
      evidence: { from: `${ref} spec.scheme`, saw: 'internal' },
    });
  if (ranges.length > 0 && !ranges.some((range) => everyone.test(range)))
    found.push({
      kind: 'source ranges',
      says: `${ref} admits only ${ranges.join(', ')}`,
      evidence: { from: `${ref} spec.sourceRanges`, saw: ranges.join(', ') },
    });
  if (acl !== undefined && acl !== '')
    found.push({
      kind: 'web ACL',
      says: `the web ACL ${acl} stands before it`,
      evidence: { from: `${ref} spec.wafV2.webACL`, saw: acl },
    });
  return found;
};

/** Without a scheme anywhere LBC takes that of its flag, which is `internal` (pkg/config, v2.14.0 … v3.5.0). */
const defaultScheme = async (
  reader: ClusterReader,
  configurations: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<readonly Barrier[]> => {
  if (configurations.some((each) => text(each, 'spec', 'scheme') !== undefined)) return [];
  const seen = await observeRelease(reader, signal);
  const lbc = 'value' in seen ? seen.value.controllers.lbc : undefined;
  if (lbc === undefined) return [];
  const flag = lbcFlag(lbc.deployment, 'default-load-balancer-scheme');
  if (flag === 'internet-facing') return [];
  const ref = refOf(lbc.deployment);
  return [
    {
      kind: 'scheme',
      says: `no LoadBalancerConfiguration gives it a scheme, and the controller's default is internal`,
      evidence: { from: `${ref} --default-load-balancer-scheme`, saw: flag ?? 'not given: internal' },
    },
  ];
};

export const observeBarriers = async (
  reader: ClusterReader,
  gateways: readonly GatewayName[],
  signal: AbortSignal,
): Promise<readonly Barrier[]> => {
  const barriers: Barrier[] = [];
  for (const gateway of gateways) {
    const configurations = await configurationsOf(reader, gateway, signal);
    barriers.push(...configurations.flatMap(barriersIn));
    barriers.push(...(await defaultScheme(reader, configurations, signal)));
  }
  return barriers;
};

const shutBy: Partial<Readonly<Record<Code, readonly Barrier['kind'][]>>> = {
  'certificate/unreachable': ['scheme', 'source ranges'],
  'https/unreachable': ['scheme', 'source ranges'],
  'https/forbidden-by-load-balancer': ['web ACL'],
};

/** Whether a barrier could be what is in the way: only then are they looked for. */
export const mayBeShutOut = (verdict: Verdict): verdict is NotOk =>
  verdict.state !== 'ok' && shutBy[verdict.code] !== undefined;

/** The verdict where a barrier explains it: `unknown`, naming the rule; otherwise as it was. */
export const judgeShutOut = (verdict: NotOk, barriers: readonly Barrier[]): NotOk => {
  const kinds = shutBy[verdict.code] ?? [];
  const fitting = barriers.filter(({ kind }) => kinds.includes(kind));
  const [barrier] = fitting;
  if (barrier === undefined) return verdict;
  const code = verdict.code.startsWith('certificate/') ? 'certificate/shut-out' : 'https/shut-out';
  return unknown(code, {
    message: `${verdict.message.replace(/\.$/, '')}; the load balancer may not admit this runner: ${fitting.map(({ says }) => says).join('; ')}.`,
    evidence: [...fitting.map(({ evidence }) => evidence), ...verdict.evidence],
    hint:
      barrier.kind === 'web ACL'
        ? "Look at the web ACL's sampled requests, and admit the User-Agent eks-gateway-action or the runner's address; or run the job where it is admitted."
        : 'Run the job on a runner that it admits (inside the VPC, or in those networks), or change the rule.',
  });
};
