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
  const gates = parseGates(given.get('feature-gates') ?? '');
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

function parseGates(text: string): Gates {
  const pairs = text
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  const values = new Map(pairs.map(([name, value]) => [name?.trim() ?? '', value?.trim() === 'true']));
  return { ALBGatewayAPI: values.get('ALBGatewayAPI') ?? true, given: new Set(values.keys()) };
}
