// The certificates that are named for the listeners of a Gateway without routes: the controller looks at them only when a route comes.
import { list, text, texts } from '../../bundle/field.ts';
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import { type ClusterReader, kinds } from '../../chain/cluster.ts';
import type { Look } from '../../chain/link.ts';
import { judgeNotSeen } from '../../chain/look.ts';
import type { GatewayName } from '../../chain/nudge.ts';
import { configurationFor } from '../../gateway/load-balancer-configuration.ts';
import { listenersOf } from '../../gateway/shapes.ts';
import {
  type CertificateStore,
  judgeCertificates,
  observeCertificates,
} from '../../preflight/certificates.ts';
import type { NamedCertificate } from '../../preflight/listeners.ts';
import type { Setting } from '../../preflight/setting.ts';
import type { Run } from '../../run.ts';
import type { Seen } from '../../verdict/seen.ts';
import { broken, ok, skipped, unknown, type Verdict, waiting } from '../../verdict/verdict.ts';
import { settingOf } from '../access/setting.ts';
import type { SignedIn } from '../access/sign-in.ts';
import type { Ports } from './want.ts';

/** How a role reads either version of LBC's kinds: the API server serves one object in both. */
const versions = ['v1', 'v1beta1'] as const;

/** Of those that are named, the ones that exist; or the look that failed. */
async function configurationsOf(
  cluster: ClusterReader,
  gateway: KubernetesObject,
  gatewayClass: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<Seen<readonly KubernetesObject[]>> {
  const ofClass = (key: string): string | undefined => text(gatewayClass, 'spec', 'parametersRef', key);
  const names = [
    [gateway.metadata.namespace, text(gateway, 'spec', 'infrastructure', 'parametersRef', 'name')],
    [ofClass('namespace'), ofClass('name')],
  ] as const;
  const found: KubernetesObject[] = [];
  let at = new Date(0);
  for (const [namespace, name] of names) {
    if (namespace === undefined || name === undefined) continue;
    for (const version of versions) {
      const kind = { ...kinds.loadBalancerConfiguration, apiVersion: `gateway.k8s.aws/${version}` };
      const seen = await cluster.get(kind, namespace, name, signal);
      if (!('value' in seen)) return seen;
      at = seen.at;
      if (seen.value === undefined) continue;
      found.push(seen.value);
      break;
    }
  }
  return { at, value: found };
}

/** Those of the configuration that holds for the Gateway, of the ports on which it listens for HTTPS. */
async function namedFor(
  cluster: ClusterReader,
  gateway: KubernetesObject,
  signal: AbortSignal,
): Promise<Seen<readonly NamedCertificate[]>> {
  const className = text(gateway, 'spec', 'gatewayClassName') ?? '';
  const seen = await cluster.get(kinds.gatewayClass, undefined, className, signal);
  if (!('value' in seen)) return seen;
  const configurations = await configurationsOf(cluster, gateway, seen.value, signal);
  if (!('value' in configurations)) return configurations;
  const classes = seen.value === undefined ? [] : [seen.value];
  const ports = new Set(
    listenersOf(gateway)
      .filter(({ protocol }) => protocol === 'HTTPS')
      .map(({ port }) => `HTTPS:${port}`),
  );
  const entries = list(configurationFor(gateway, classes, configurations.value), 'listenerConfigurations');
  const arns = entries
    .filter((each) => ports.has(text(each, 'protocolPort') ?? ''))
    .flatMap((each) => [text(each, 'defaultCertificate') ?? [], texts(each, 'certificates')].flat());
  const named = [...new Set(arns)].map((arn) => ({ arn, ref: whose(arn, configurations.value, gateway) }));
  return { at: seen.at, value: named };
}

const whose = (arn: string, configurations: readonly KubernetesObject[], gateway: KubernetesObject): string =>
  refOf(configurations.find((each) => JSON.stringify(each['spec'] ?? null).includes(arn)) ?? gateway);

export interface CertificatesPort {
  /** Whether the certificates that are named for the Gateway's listeners are there and may be used. */
  look(gateway: GatewayName, signal: AbortSignal): Promise<Look>;
  close(): void;
}

/** @param needed whether there is a Gateway to look for: ACM's client is loaded for that alone */
export async function certificatesPort(
  run: Run,
  signedIn: SignedIn,
  needed: boolean,
  { cluster }: Pick<Ports, 'cluster'>,
): Promise<CertificatesPort> {
  if (!needed) return { look: () => Promise.reject(new Error('no Gateway')), close: () => undefined };
  const { certificateStore } = await import('../../aws/acm.ts');
  const store = certificateStore({ aws: signedIn.aws, credentials: signedIn.cluster, clock: run.clock });
  const setting = settingOf(run, signedIn);
  const close = (): void => store.close();
  return {
    look: (gateway, signal) => lookAtNamedCertificates(setting, gateway, { cluster, store }, signal),
    close,
  };
}

async function lookAtNamedCertificates(
  setting: Setting,
  { namespace, name }: GatewayName,
  { cluster, store }: { readonly cluster: ClusterReader; readonly store: CertificateStore },
  signal: AbortSignal,
): Promise<Look> {
  const what = `What certificates are named for Gateway ${namespace}/${name}`;
  const seen = await cluster.get(kinds.gateway, namespace, name, signal);
  if (!('value' in seen)) return { verdict: judgeNotSeen(seen, what) };
  const gateway = seen.value;
  // Deleted since the link before: the next round says so there.
  if (gateway === undefined)
    return { verdict: waiting('look/failed', { message: `${what} could not be read: it is gone.` }) };
  if (!listenersOf(gateway).some(({ protocol }) => protocol === 'HTTPS'))
    return {
      verdict: skipped('look/not-used', {
        message: `Gateway ${namespace}/${name} has no listener for HTTPS.`,
      }),
    };
  const certificates = await namedFor(cluster, gateway, signal);
  if (!('value' in certificates)) return { verdict: judgeNotSeen(certificates, what) };
  const named = certificates.value;
  if (named.length === 0)
    return {
      verdict: skipped('look/not-used', {
        message: `No certificate is named for Gateway ${namespace}/${name}: the controller looks for those that cover the hostnames of its routes.`,
      }),
    };
  const want = { named, listeners: [] };
  const found = await observeCertificates(setting, want, store, signal);
  return { verdict: judge(setting, named, found) };
}

function judge(
  setting: Setting,
  named: readonly NamedCertificate[],
  seen: Awaited<ReturnType<typeof observeCertificates>>,
): Verdict {
  const findings = judgeCertificates(setting, { named, listeners: [] }, seen);
  const wrong = findings.find(({ severity }) => severity === 'error');
  if (wrong !== undefined) {
    const { code, message, hint, evidence = [] } = wrong;
    return broken(code, { message, hint: hint.replaceAll('\n', ' '), evidence });
  }
  const unseen = findings.find(({ code }) => code === 'look/denied' || code === 'look/failed');
  if (unseen !== undefined)
    return unknown(unseen.code, { message: unseen.message, hint: unseen.hint.replaceAll('\n', ' ') });
  const said = findings.map(({ message }) => ` ${message}`).join('');
  const arns = named.map(({ arn, ref }) => ({ from: ref, saw: arn }));
  return ok(`Certificates that are named for its listeners: ${named.length}, there and issued.${said}`, arns);
}
