// Faults of the controllers: not there, not running, or with settings that leave the host out.
import { kubectl, kubectlApply } from '../dist/lab-control.ts';
import type { Fault } from './fault.ts';
import { changeArgs, controllers, restoreArgs, rolledOut, scale } from './world.ts';

const { lbc, externalDns } = controllers;
let kept = '';

/** ExternalDNS with one more or one less of its arguments. */
const setting = (
  name: string,
  what: string,
  names: readonly string[],
  change: (args: readonly string[]) => readonly string[],
): Fault => ({
  name,
  family: 'controllers',
  what,
  link: 'record',
  code: 'record/external-dns-excludes',
  names: ({ host }) => [host, ...names],
  alone: true,
  fresh: true,
  inject: () => {
    changeArgs(externalDns, change);
    rolledOut(externalDns);
  },
  mend: () => restoreArgs(externalDns),
});

const without = (args: readonly string[], start: string): readonly string[] =>
  args.filter((arg) => !arg.startsWith(start));

export const controllerFaults: readonly Fault[] = [
  {
    name: 'controllers-lbc-zero',
    family: 'controllers',
    what: 'The load balancer controller is scaled to zero',
    link: 'release',
    code: 'release/controller-unavailable',
    names: () => [`Deployment infra/${lbc}`, 'scaled to zero'],
    timeout: 120,
    alone: true,
    inject: () => scale(lbc, 0),
    mend: () => scale(lbc, 1),
  },
  {
    name: 'controllers-dns-gone',
    family: 'controllers',
    what: 'ExternalDNS is not installed',
    link: 'release',
    code: 'release/controller-missing',
    names: () => ['ExternalDNS'],
    alone: true,
    inject: () => {
      kept = kubectl('get', 'deployment', externalDns, '-n', 'infra', '-o', 'json');
      kubectl('delete', 'deployment', externalDns, '-n', 'infra');
    },
    mend: () => {
      const { status: _status, ...deployment } = JSON.parse(kept) as Record<string, unknown>;
      const { name, namespace, labels, annotations } = deployment['metadata'] as Record<string, unknown>;
      kubectlApply(JSON.stringify({ ...deployment, metadata: { name, namespace, labels, annotations } }));
      rolledOut(externalDns);
    },
  },
  {
    name: 'controllers-lbc-crash',
    family: 'controllers',
    what: 'The load balancer controller ends as often as it starts',
    link: 'release',
    code: 'release/controller-unavailable',
    names: () => [`Deployment infra/${lbc}`, 'has ended', `Pod infra/${lbc}-`],
    timeout: 120,
    alone: true,
    inject: () => {
      // A rollout would leave the pod that runs.
      scale(lbc, 0);
      changeArgs(lbc, (args) => [...args, '--kubeconfig=/nowhere']);
      kubectl('scale', '-n', 'infra', `deployment/${lbc}`, '--replicas=1');
    },
    mend: () => restoreArgs(lbc),
  },
  {
    name: 'controllers-dns-crash',
    family: 'controllers',
    what: 'ExternalDNS ends as often as it starts',
    link: 'release',
    code: 'release/controller-unavailable',
    names: () => [`Deployment infra/${externalDns}`, 'has ended', `Pod infra/${externalDns}-`],
    timeout: 120,
    alone: true,
    inject: () => changeArgs(externalDns, (args) => [...args, '--registry=nowhere']),
    mend: () => restoreArgs(externalDns),
  },
  {
    name: 'controllers-lbc-gate',
    family: 'controllers',
    what: "The load balancer controller's gate for ALB Gateways is off",
    link: 'release',
    code: 'controller/gate-off',
    names: () => [`Deployment infra/${lbc}`, 'ALBGatewayAPI=false'],
    ownGateway: true,
    alone: true,
    fresh: true,
    inject: () => {
      changeArgs(lbc, (args) => args.map((arg) => arg.replace('ALBGatewayAPI=true', 'ALBGatewayAPI=false')));
      rolledOut(lbc);
    },
    mend: () => restoreArgs(lbc),
  },
  setting(
    'dns-filter',
    "ExternalDNS's domain filter leaves the host out",
    ['--domain-filter=example.org'],
    (args) => [...without(args, '--domain-filter'), '--domain-filter=example.org'],
  ),
  setting('dns-source', 'ExternalDNS does not look at HTTPRoutes', ['--source=gateway-httproute'], (args) => [
    ...without(args, '--source='),
    '--source=gateway-grpcroute',
  ]),
  setting(
    'dns-gateway',
    'ExternalDNS looks at another Gateway',
    ['--gateway-name=internal', 'infra/public'],
    (args) => [...args, '--gateway-name=internal'],
  ),
  setting(
    'dns-labels',
    'ExternalDNS wants a label that the route has not',
    ['--label-filter=dns=yes', 'HTTPRoute'],
    (args) => [...args, '--label-filter=dns=yes'],
  ),
  setting(
    'dns-namespace',
    'ExternalDNS watches another namespace',
    ['--namespace=shop', 'HTTPRoute'],
    (args) => [...args, '--namespace=shop'],
  ),
  setting(
    'dns-private',
    'ExternalDNS writes private zones alone',
    ['--aws-zone-type=private', 'example.com'],
    (args) => [...without(args, '--aws-zone-type'), '--aws-zone-type=private'],
  ),
  setting('dns-dry-run', 'ExternalDNS only plans', ['--dry-run'], (args) => [...args, '--dry-run']),
  {
    name: 'dns-annotation',
    family: 'controllers',
    what: 'An annotation of the route takes it away from ExternalDNS',
    link: 'record',
    code: 'record/external-dns-excludes',
    names: ({ name }) => ['external-dns.alpha.kubernetes.io/controller', `HTTPRoute ${name}/${name}`],
    fresh: true,
    change: (files, { name }) => ({
      ...files,
      'routes/route.yaml': (files['routes/route.yaml'] ?? '').replace(
        `metadata: { name: ${name}, namespace: ${name} }`,
        `metadata: { name: ${name}, namespace: ${name}, annotations: { external-dns.alpha.kubernetes.io/controller: other } }`,
      ),
    }),
  },
];
