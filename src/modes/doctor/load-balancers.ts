// The part of the doctor about load balancers: web ACLs, the subnets of those to come, the quotas of all.
import { balancerReader } from '../../aws/balancer-state.ts';
import { loadBalancers } from '../../aws/load-balancers.ts';
import { regionReader } from '../../aws/region-counts.ts';
import { subnetReader } from '../../aws/subnets.ts';
import { refOf } from '../../bundle/object.ts';
import { foundIn } from '../../chain/gateway.ts';
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import type { BalancerReader } from '../../drift/load-balancer-state.ts';
import { subnetRules, subnetsAsked } from '../../gateway/subnets.ts';
import { isAtLeast } from '../../gateway/versions.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import { judgeUsed, type RegionReader, sayUsed, type Used } from '../../preflight/quotas.ts';
import type { Setting } from '../../preflight/setting.ts';
import { judgeSubnets, observeSubnets } from '../../preflight/subnets.ts';
import { judgeWebAcls } from '../../preflight/web-acls.ts';
import type { Run } from '../../run.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';
import { liveRules } from '../chain/live-rules.ts';
import type { Look, Say } from './look.ts';
import { type AlbGateway, albGateways, ownConfigurations, type Surroundings } from './surroundings.ts';

export async function lookAtLoadBalancers(
  run: Run,
  look: Look,
  around: Surroundings,
  say: Say,
): Promise<void> {
  const { namespace } = run.inputs;
  const gateways = albGateways(around, namespace);
  say('The web ACLs', judgeWebAcls(look.setting, ownConfigurations(around, namespace)));
  await lookAtSubnets(run, look, around, gateways, say);
  await lookAtQuotas(run, look, gateways, say);
}

async function lookAtSubnets(
  { clock, signal }: Run,
  { signedIn, setting, description }: Look,
  around: Surroundings,
  gateways: readonly AlbGateway[],
  say: Say,
): Promise<void> {
  const vpc = description?.vpcId;
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

/** What of the quotas could be seen; what could not is said with the next of them. */
class Seeing {
  readonly #setting: Setting;
  readonly #unseen: Finding[] = [];

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  known<Value>(seen: Seen<Value>, what: string): Value | undefined {
    if ('value' in seen) return seen.value;
    this.#unseen.push(notSeen(seen, what, this.#setting.roles.eks));
    return undefined;
  }

  unseen(): readonly Finding[] {
    return this.#unseen.splice(0);
  }
}

async function lookAtQuotas(
  { clock, runner, signal }: Run,
  { signedIn, setting }: Look,
  gateways: readonly AlbGateway[],
  say: Say,
): Promise<void> {
  const shared = { aws: signedIn.aws, credentials: signedIn.cluster, clock };
  const rules = loadBalancers({ ...shared, signal });
  const reader = balancerReader({ ...shared, loadBalancers: rules });
  const seeing = new Seeing(setting);
  const limits = seeing.known(await reader.limits(signal), 'The quotas of load balancers');
  /** What could not be counted was said already. */
  const tell = (used: Used): void => {
    say(`The quotas of the ${used.of}`, [...seeing.unseen(), ...judgeUsed(setting, used, limits)]);
    const sentence = sayUsed(used, limits);
    if (sentence !== '') runner.info(`  ${sentence}`);
  };
  const region = regionReader(shared);
  try {
    tell(await usedOfRegion(region, setting, gateways, seeing, signal));
  } finally {
    region.close();
  }
  for (const each of gateways) {
    const used = await usedOfGateway({ rules, reader }, each, seeing, signal);
    if (used !== undefined) tell(used);
  }
}

async function usedOfRegion(
  region: RegionReader,
  setting: Setting,
  gateways: readonly AlbGateway[],
  seeing: Seeing,
  signal: AbortSignal,
): Promise<Used> {
  const where = `region ${setting.region}`;
  const balancers = seeing.known(
    await region.loadBalancers(signal),
    `How many load balancers the ${where} has`,
  );
  const groups = seeing.known(await region.targetGroups(signal), `How many target groups the ${where} has`);
  return {
    of: where,
    counts: {
      ...(balancers !== undefined && { 'application-load-balancers': balancers }),
      ...(groups !== undefined && { 'target-groups': groups }),
    },
    coming: gateways.filter(({ live }) => foundIn(live).loadBalancer === undefined).length,
  };
}

/** `undefined` where the Gateway has no load balancer yet. */
async function usedOfGateway(
  { rules, reader }: { readonly rules: LoadBalancers; readonly reader: BalancerReader },
  { gateway, live }: AlbGateway,
  seeing: Seeing,
  signal: AbortSignal,
): Promise<Used | undefined> {
  const arn = foundIn(live).loadBalancerArn;
  if (arn === undefined) return undefined;
  const ref = refOf(gateway);
  const of = `load balancer of ${ref}`;
  const full = seeing.known(await liveRules(rules, arn, signal), `How many rules the ${of} has`);
  const listeners = seeing.known(await reader.listeners(arn, signal), `How many certificates the ${of} has`);
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
  return { of, ref, counts };
}
