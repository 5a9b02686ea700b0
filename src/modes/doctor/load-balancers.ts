// The part of the doctor about load balancers: web ACLs, the subnets of those to come, the quotas of all.
import { balancerReader } from '../../aws/balancer-state.ts';
import { loadBalancers } from '../../aws/load-balancers.ts';
import { regionReader } from '../../aws/region-counts.ts';
import { subnetReader } from '../../aws/subnets.ts';
import { refOf } from '../../bundle/object.ts';
import { foundIn } from '../../chain/gateway.ts';
import { subnetRules, subnetsAsked } from '../../gateway/subnets.ts';
import { isAtLeast } from '../../gateway/versions.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { judgeUsed, type Limits, sayUsed, type Used } from '../../preflight/quotas.ts';
import type { Setting } from '../../preflight/setting.ts';
import { judgeSubnets, observeSubnets } from '../../preflight/subnets.ts';
import { judgeWebAcls } from '../../preflight/web-acls.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { liveRules } from '../chain/live-rules.ts';
import { type AlbGateway, albGateways, ownConfigurations, type Surroundings } from './surroundings.ts';

/** Takes what a check has found; the log gets a line for every check, also for one that found nothing. */
export type Say = (check: string, findings: readonly Finding[]) => void;

export interface BalancersLook {
  readonly signedIn: SignedIn;
  readonly setting: Setting;
  readonly around: Surroundings;
  /** Absent: the cluster could not be described. */
  readonly vpc: string | undefined;
}

export async function lookAtLoadBalancers(run: Run, look: BalancersLook, say: Say): Promise<void> {
  const { setting, around } = look;
  const { namespace } = run.inputs;
  const gateways = albGateways(around, namespace);
  say('The web ACLs', judgeWebAcls(setting, ownConfigurations(around, namespace)));
  await lookAtSubnets(run, look, gateways, say);
  await lookAtQuotas(run, look, gateways, say);
}

async function lookAtSubnets(
  { clock, signal }: Run,
  { signedIn, setting, around, vpc }: BalancersLook,
  gateways: readonly AlbGateway[],
  say: Say,
): Promise<void> {
  if (vpc === undefined) return;
  const lbc = around.workloads?.coming.find(({ controller }) => controller === 'lbc');
  const wants = gateways.map(({ gateway, source, live, configuration }) => ({
    gateway: refOf(gateway),
    ...(source && { source }),
    asked: subnetsAsked(configuration, lbc?.deployment),
    standing: foundIn(live).loadBalancer !== undefined,
  }));
  const rules = subnetRules(setting.cluster, lbc?.deployment);
  const reader = subnetReader({ aws: signedIn.aws, credentials: signedIn.cluster, clock });
  try {
    const seen = await observeSubnets(vpc, wants, rules, reader, signal);
    const byReachability = isAtLeast(lbc?.version, '2.12.1');
    say('The subnets', judgeSubnets({ setting, vpc, rules, byReachability }, wants, seen));
  } finally {
    reader.close();
  }
}

async function lookAtQuotas(
  run: Run,
  { signedIn, setting }: BalancersLook,
  gateways: readonly AlbGateway[],
  say: Say,
): Promise<void> {
  const { clock, runner, signal } = run;
  const shared = { aws: signedIn.aws, credentials: signedIn.cluster, clock };
  const rules = loadBalancers({ ...shared, signal });
  const reader = balancerReader({ ...shared, loadBalancers: rules });
  const region = regionReader(shared);
  const unseen: Finding[] = [];
  const known = <Value>(seen: Seen<Value>, what: string): Value | undefined => {
    if ('value' in seen) return seen.value;
    unseen.push(notSeen(seen, what, setting.roles.eks));
    return undefined;
  };
  /** What could not be counted was said already. */
  const tell = (used: Used, limits: Limits | undefined): void => {
    say(`The quotas of the ${used.of}`, [...unseen.splice(0), ...judgeUsed(setting, used, limits)]);
    const sentence = sayUsed(used, limits);
    if (sentence !== '') runner.info(`  ${sentence}`);
  };
  try {
    const limits = known(await reader.limits(signal), 'The quotas of load balancers');
    const where = `region ${setting.region}`;
    const balancers = known(await region.loadBalancers(signal), `How many load balancers the ${where} has`);
    const groups = known(await region.targetGroups(signal), `How many target groups the ${where} has`);
    tell(
      {
        of: where,
        counts: {
          ...(balancers !== undefined && { 'application-load-balancers': balancers }),
          ...(groups !== undefined && { 'target-groups': groups }),
        },
        coming: gateways.filter(({ live }) => foundIn(live).loadBalancer === undefined).length,
      },
      limits,
    );
    for (const { gateway, live } of gateways) {
      const arn = foundIn(live).loadBalancerArn;
      if (arn === undefined) continue;
      const ref = refOf(gateway);
      const of = `load balancer of ${ref}`;
      const full = known(await liveRules(rules, arn, signal), `How many rules the ${of} has`);
      const listeners = known(await reader.listeners(arn, signal), `How many certificates the ${of} has`);
      const certificates = listeners?.flatMap(({ otherCertificates }) => otherCertificates);
      const counts = {
        ...(full && {
          'rules-per-application-load-balancer': full.rules,
          'target-groups-per-application-load-balancer': full.targetGroups,
        }),
        ...(listeners && {
          'listeners-per-application-load-balancer': listeners.length,
          'certificates-per-application-load-balancer': new Set(certificates).size,
        }),
      };
      tell({ of, ref, counts }, limits);
    }
  } finally {
    region.close();
  }
}
