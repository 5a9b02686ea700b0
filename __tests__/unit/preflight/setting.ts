// The setting of the seed article, and looks at it.
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';
import type { Association } from '../../../src/preflight/associations.ts';
import type { Setting } from '../../../src/preflight/setting.ts';
import type { Workload } from '../../../src/preflight/workloads.ts';
import type { Finding } from '../../../src/verdict/finding.ts';

export const at = new Date('2026-11-23T12:00:00Z');
export const seen = <Value>(value: Value) => ({ at, value });
export const denied = (permission: string) => ({ at, denied: permission });
export const never = new AbortController().signal;

export const setting: Setting = {
  cluster: 'sample',
  arn: 'arn:aws:eks:us-east-1:111111111111:cluster/sample',
  region: 'us-east-1',
  accounts: { eks: '111111111111', dns: '222222222222' },
  roles: {
    eks: 'arn:aws:iam::111111111111:role/gateway-deploy',
    dns: 'arn:aws:iam::222222222222:role/gateway-dns-reader',
  },
};

export const deployment = (name: string, image: string, args: readonly string[] = []): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'infra' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { spec: { serviceAccountName: name, containers: [{ name, image, args }] } },
  },
});

/** ExternalDNS with good settings, and these flags instead or besides. */
export function externalDns(version: string, ...args: readonly string[]): Workload {
  const good = ['--txt-owner-id=sample', '--policy=sync', '--source=gateway-httproute', '--provider=aws'];
  const name = (arg: string): string => arg.slice(0, `${arg}=`.indexOf('='));
  const all = [...good.filter((arg) => args.every((other) => name(other) !== name(arg))), ...args];
  const made = deployment('external-dns', `registry.k8s.io/external-dns/external-dns:v${version}`, all);
  return {
    controller: 'externalDns',
    deployment: made,
    namespace: 'infra',
    serviceAccount: 'external-dns',
    version,
    settings: settingsOf(made, version),
    installed: true,
  };
}

export const gates = '--feature-gates=ALBGatewayAPI=true,NLBGatewayAPI=false,GatewayListenerSet=false';

export const lbc = (version: string, ...args: readonly string[]): Workload => ({
  controller: 'lbc',
  deployment: deployment('lbc', `public.ecr.aws/eks/aws-load-balancer-controller:v${version}`, args),
  namespace: 'infra',
  serviceAccount: 'lbc',
  version,
  installed: true,
});

export const association: Association = {
  id: 'a-1',
  namespace: 'infra',
  serviceAccount: 'external-dns',
  roleArn: 'arn:aws:iam::111111111111:role/external-dns',
  targetRoleArn: 'arn:aws:iam::222222222222:role/external-dns-target',
  externalId: 'us-east-1/111111111111/sample/infra/external-dns',
  disableSessionTags: false,
  modifiedAt: new Date('2026-11-23T11:30:00Z'),
};

/** `error identity/role-missing`. */
export const said = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ severity, code }) => `${severity} ${code}`);
