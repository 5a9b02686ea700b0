// The command line: the real controller's flags that matter here; any other flag is tolerated.
export interface Gates {
  ALBGatewayAPI: boolean;
  /** The gates that were given on the command line, by name. */
  given: Set<string>;
}

export interface Flags {
  clusterName: string;
  region: string;
  vpcId: string;
  kubeconfig: string | undefined;
  defaultTargetType: 'instance' | 'ip';
  defaultScheme: 'internal' | 'internet-facing';
  gates: Gates;
  stabilizationMs: number;
  workers: number;
  maxAttempts: number;
  wafv2: boolean;
  leaderElection: boolean;
  leaderElectionId: string;
  leaderElectionNamespace: string | undefined;
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A Go duration such as `2m0s` or `500ms`, in milliseconds. */
function goDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9.]+)(ms|s|m|h)/g)];
  if (parts.length === 0) throw new Error(`not a duration: ${text}`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
}

export function parseFlags(argv: string[], env: NodeJS.ProcessEnv): Flags {
  const given = new Map<string, string>();
  for (let index = 0; index < argv.length; index++) {
    const [, name, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(argv[index] ?? '') ?? [];
    if (!name) continue;
    const next = argv[index + 1];
    if (value !== undefined) given.set(name, value);
    else if (next !== undefined && !next.startsWith('-')) given.set(name, argv[++index] ?? '');
    else given.set(name, 'true');
  }
  const clusterName = given.get('cluster-name');
  if (!clusterName) throw new Error('--cluster-name: cluster name must be specified');
  const gates = parseGates(given.get('feature-gates') ?? '', given.get('stand-in-version'));
  return {
    clusterName,
    region: given.get('aws-region') || env['AWS_REGION'] || 'us-east-1',
    vpcId: given.get('aws-vpc-id') ?? '',
    kubeconfig: given.get('kubeconfig') ?? env['KUBECONFIG'],
    defaultTargetType: given.get('default-target-type') === 'ip' ? 'ip' : 'instance',
    defaultScheme:
      given.get('default-load-balancer-scheme') === 'internet-facing' ? 'internet-facing' : 'internal',
    gates,
    // The real default is two minutes; whoever wants that says so.
    stabilizationMs: goDuration(given.get('lb-stabilization-monitor-interval') || '5s'),
    workers: Number(given.get('alb-gateway-max-concurrent-reconciles') ?? '3'),
    maxAttempts: Number(given.get('aws-max-retries') ?? '10') + 1,
    wafv2: given.get('enable-wafv2') !== 'false',
    leaderElection: given.get('enable-leader-election') !== 'false',
    leaderElectionId: given.get('leader-election-id') ?? 'aws-load-balancer-controller-leader',
    leaderElectionNamespace: given.get('leader-election-namespace'),
  };
}

/** Those of 3.5.0, but for the one below. */
const KNOWN_GATES =
  'ListenerRulesTagging WeightedTargetGroups ServiceTypeLoadBalancerOnly EndpointsFailOpen EnableServiceController EnableIPTargetType EnableTCPUDPListener EnableRGTAPI SubnetsClusterTagCheck NLBHealthCheckAdvancedConfig NLBSecurityGroup ALBSingleSubnet LBCapacityReservation SubnetDiscoveryByReachability NLBGatewayAPI ALBGatewayAPI GlobalAcceleratorController EnhancedDefaultBehavior EnableDefaultTagsLowPriority ALBTargetControlAgent EnableCertificateManagement IngressPlanAnnotation'.split(
    ' ',
  );
const LISTENER_SETS = { gate: 'GatewayListenerSet', since: [3, 2, 2] };

/** Older charts run us too, under the version of their image. */
const hasListenerSets = (version = ''): boolean => {
  const parts = /(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  const at = LISTENER_SETS.since.findIndex((part, index) => part !== (parts?.[index] ?? part));
  return at < 0 || (parts?.[at] ?? 0) > (LISTENER_SETS.since[at] ?? 0);
};

function parseGates(text: string, version: string | undefined): Gates {
  const pairs = text
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  const values = new Map(pairs.map(([name, value]) => [name?.trim() ?? '', value?.trim() === 'true']));
  const known = [...KNOWN_GATES, ...(hasListenerSets(version) ? [LISTENER_SETS.gate] : [])];
  const unknown = [...values.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`invalid argument "${text}" for "--feature-gates" flag: unknown feature: ${unknown}`);
  return { ALBGatewayAPI: values.get('ALBGatewayAPI') ?? true, given: new Set(values.keys()) };
}
