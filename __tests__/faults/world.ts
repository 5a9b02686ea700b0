// What faults change outside of the repository: IAM, Route 53, the controllers' Deployments, single knobs of the lab.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateRouteCommand,
  CreateTagsCommand,
  DeleteRouteCommand,
  DeleteTagsCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  ChangeResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { layout } from '../../lab/cluster/layout.ts';
import { type Account, iam } from '../dist/admin.ts';
import { kubectl, lab, setKnobs } from '../dist/lab-control.ts';

interface Seeded {
  readonly zoneId: string;
  readonly certificateArn: string;
  readonly associationIds: Readonly<Record<string, string>>;
  readonly roleArns: Readonly<Record<string, string>>;
  readonly nameServers: readonly string[];
  readonly subnetIds: readonly string[];
  readonly vpcId: string;
}

export const seeded = (): Seeded =>
  JSON.parse(readFileSync(join(process.env['LAB_DIR'] ?? '', 'seeded.json'), 'utf8')) as Seeded;

const endpoint = `http://${layout.addresses.aws}:${layout.ports.aws}`;

const route53 = (): Route53Client =>
  new Route53Client({ endpoint, region: layout.region, credentials: layout.admin.dns });

type Action = 'CREATE' | 'UPSERT' | 'DELETE';

/** Changes records of the lab's zone, as somebody by hand. */
export async function changeRecords(
  action: Action,
  records: readonly ResourceRecordSet[],
  zone = seeded().zoneId,
): Promise<void> {
  await route53().send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone,
      ChangeBatch: { Changes: records.map((ResourceRecordSet) => ({ Action: action, ResourceRecordSet })) },
    }),
  );
}

export const record = (
  name: string,
  type: 'A' | 'CNAME' | 'TXT' | 'NS',
  ...values: string[]
): ResourceRecordSet => ({
  Name: name,
  Type: type,
  TTL: 60,
  ResourceRecords: values.map((Value) => ({ Value })),
});

export const ownership = (name: string, owner: string): ResourceRecordSet =>
  record(
    name,
    'TXT',
    `"heritage=external-dns,external-dns/owner=${owner},external-dns/resource=httproute/shop/cart"`,
  );

/**
 * Writes or removes the tag by which the controller finds the subnets of load balancers that face the internet, and the way
 * to the internet by which it finds them without.
 */
export async function openSubnets(open: boolean): Promise<void> {
  const ec2 = new EC2Client({ endpoint, region: layout.region, credentials: layout.admin.eks });
  const tags = { Resources: [...seeded().subnetIds], Tags: [{ Key: 'kubernetes.io/role/elb', Value: '1' }] };
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [seeded().vpcId] }] };
  const { RouteTables: [table] = [] } = await ec2.send(new DescribeRouteTablesCommand(inVpc));
  const attached = { Filters: [{ Name: 'attachment.vpc-id', Values: [seeded().vpcId] }] };
  const { InternetGateways: [gateway] = [] } = await ec2.send(new DescribeInternetGatewaysCommand(attached));
  const route = { RouteTableId: table?.RouteTableId, DestinationCidrBlock: '0.0.0.0/0' };
  if (open) {
    await ec2.send(new CreateTagsCommand(tags));
    await ec2.send(new CreateRouteCommand({ ...route, GatewayId: gateway?.InternetGatewayId }));
    return;
  }
  await ec2.send(new DeleteTagsCommand(tags));
  await ec2.send(new DeleteRouteCommand(route));
}

const denial = 'denied-by-fault';

/** Denies one action to a role, whatever its own policies say. */
export const deny = (account: Account, role: string, action: string): Promise<string> =>
  iam(account, 'PutRolePolicy', {
    RoleName: role,
    PolicyName: denial,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: action, Resource: '*' }],
    }),
  });

export const allowAgain = (account: Account, role: string): Promise<string> =>
  iam(account, 'DeleteRolePolicy', { RoleName: role, PolicyName: denial });

export const controllers = {
  lbc: 'infra-aws-load-balancer-controller',
  externalDns: 'infra-external-dns',
} as const;

const deployment = (name: string): string => `deployment/${name}`;

export const rolledOut = (name: string): string =>
  kubectl('rollout', 'status', '-n', 'infra', deployment(name), '--timeout=180s');

export function scale(name: string, replicas: number): void {
  kubectl('scale', '-n', 'infra', deployment(name), `--replicas=${replicas}`);
  if (replicas > 0) rolledOut(name);
}

const argsPath = '/spec/template/spec/containers/0/args';
const argsOf = (name: string): readonly string[] =>
  JSON.parse(
    kubectl(
      'get',
      '-n',
      'infra',
      deployment(name),
      '-o',
      'jsonpath={.spec.template.spec.containers[0].args}',
    ),
  ) as readonly string[];
const kept = new Map<string, readonly string[]>();

const writeArgs = (name: string, args: readonly string[]): void => {
  const patch = JSON.stringify([{ op: 'replace', path: argsPath, value: args }]);
  kubectl('patch', '-n', 'infra', deployment(name), '--type=json', '-p', patch);
};

/** Runs a controller with other arguments; does not wait for it. */
export function changeArgs(name: string, change: (args: readonly string[]) => readonly string[]): void {
  const args = argsOf(name);
  kept.set(name, args);
  writeArgs(name, change(args));
}

export function restoreArgs(name: string): void {
  const args = kept.get(name);
  if (args === undefined) return;
  kept.delete(name);
  writeArgs(name, args);
  rolledOut(name);
}

export function restart(name: string): void {
  kubectl('rollout', 'restart', '-n', 'infra', deployment(name));
  rolledOut(name);
}

/** Any change of a route makes ExternalDNS look at once. */
export const wakeExternalDns = (): string =>
  kubectl('annotate', 'httproute', 'sample-app', '-n', 'sample-app', '--overwrite', `touched=${Date.now()}`);

let turn: Promise<unknown> = Promise.resolve();

/** Sets (or, undefined, takes away) one entry of a knob that is a map: several faults share it. */
export function setEntry(knob: string, key: string, value: unknown): Promise<unknown> {
  turn = turn.then(async () => {
    const knobs = (await lab('GET', '/knobs')) as Record<string, Record<string, unknown>>;
    const entries = { ...knobs[knob], [key]: value };
    if (value === undefined) delete entries[key];
    await setKnobs({ [knob]: entries });
  });
  return turn;
}
