// The controllers' versions and flags: too old for Pod Identity or Gateway API, switched off, blind for region and VPC.
import { list, texts } from '../bundle/field.ts';
import { refOf } from '../bundle/object.ts';
import { isAtLeast, rulesFor } from '../gateway/versions.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { controllerNames, sayWorkload, type Workload } from './workloads.ts';

/**
 * The first versions that do. Before them the AWS SDK of the image refuses the agent's address ("only loopback hosts are
 * allowed": external-dns 4353, aws-load-balancer-controller 3850).
 */
const speaksPodIdentity = { externalDns: '0.15.0', lbc: '2.7.0' } as const;
/** The first version of which the action knows what it writes. */
const known = { externalDns: '0.18.0', lbc: '2.14.0' } as const;

const place = (workload: Workload) => ({
  ref: refOf(workload.deployment),
  ...(workload.source && { source: workload.source }),
});

/** @param coming what will run after the next deploy; `undefined` where the cluster's Deployments could not be read */
export function judgeControllers(coming: readonly Workload[] | undefined): readonly Finding[] {
  if (coming === undefined) return [];
  const missing = (['lbc', 'externalDns'] as const).filter((name) =>
    coming.every(({ controller }) => controller !== name),
  );
  return [
    ...missing.map((name) =>
      finding(
        'error',
        'release/controller-missing',
        `No Deployment of the cluster or of the repository's charts runs ${controllerNames[name]}.`,
        {
          hint: "It is found by its image's name. Install it, as the umbrella chart of the example does.",
        },
      ),
    ),
    ...coming.flatMap((workload) => [...judgeVersion(workload), ...judgeFlags(workload)]),
  ];
}

function judgeVersion(workload: Workload): readonly Finding[] {
  const { controller, version } = workload;
  if (version === undefined) return [];
  const update = `Update it: the version stands in \`dependencies\` of the umbrella chart's Chart.yaml.`;
  if (!isAtLeast(version, speaksPodIdentity[controller])) {
    return [
      finding(
        'error',
        'controller/too-old',
        `${sayWorkload(workload)} is ${version}: before ${speaksPodIdentity[controller]} it cannot use EKS Pod Identity, and finds no credentials.`,
        { ...place(workload), hint: update },
      ),
    ];
  }
  if (!isAtLeast(version, known[controller])) {
    const what = controller === 'lbc' ? 'it publishes no Gateways' : 'what it does is not known here';
    return [
      finding(
        controller === 'lbc' ? 'error' : 'warning',
        'controller/too-old',
        `${sayWorkload(workload)} is ${version}: before ${known[controller]} ${what}.`,
        { ...place(workload), hint: update },
      ),
    ];
  }
  if (controller !== 'lbc') return [];
  const rules = rulesFor(version);
  const less = [
    ...(rules.failuresInConditions ? [] : ['its failures stand in events alone']),
    ...(rules.raisesObservedGeneration ? [] : ['a change of a Gateway is never confirmed in its status']),
    ...(rules.statusPerParent ? [] : ["a route's status holds one parent, which another may overwrite"]),
  ];
  if (less.length === 0) return [];
  return [
    finding(
      'notice',
      'controller/says-little',
      `${sayWorkload(workload)} is ${version}: ${less.join('; ')}.`,
      {
        ...place(workload),
        hint: 'The action copes with it; from 3.1.0 on the controller says at once what is wrong.',
      },
    ),
  ];
}

/** Values of a flag, `--name=value` or `--name value`, over all containers. */
function flag({ deployment }: Workload, name: string): string | undefined {
  const args = list(deployment, 'spec', 'template', 'spec', 'containers').flatMap((container) => [
    ...texts(container, 'command'),
    ...texts(container, 'args'),
  ]);
  for (const [index, arg] of args.entries()) {
    if (arg === `--${name}`) return args[index + 1];
    if (arg.startsWith(`--${name}=`)) return arg.slice(name.length + 3);
  }
  return undefined;
}

function judgeFlags(workload: Workload): readonly Finding[] {
  if (workload.controller !== 'lbc') return [];
  const findings: Finding[] = [];
  const gates = new Map(
    (flag(workload, 'feature-gates') ?? '').split(',').map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [name.trim(), value.trim()];
    }),
  );
  const gate = gates.get('ALBGatewayAPI');
  const setGate = `Set it in the chart's values.\naws-load-balancer-controller:\n  controllerConfig:\n    featureGates:\n      ALBGatewayAPI: true\n      NLBGatewayAPI: false\n      GatewayListenerSet: false`;
  const off = gate === 'false' || (gate === undefined && !rulesFor(workload.version).enabledByDefault);
  const pinned = ['ALBGatewayAPI', 'NLBGatewayAPI', 'GatewayListenerSet'].every((name) => gates.has(name));
  if (off) {
    findings.push(
      finding(
        'error',
        'controller/gate-off',
        `${sayWorkload(workload)} runs ${gate === undefined ? 'without' : 'with the'} feature gate ALBGatewayAPI${gate === undefined ? '' : '=false'}: it does not look at Gateways for ALBs.`,
        { ...place(workload), hint: setGate },
      ),
    );
  } else if (!pinned && isAtLeast(workload.version, '3.0.0')) {
    findings.push(
      finding(
        'notice',
        'controller/gate-off',
        `${sayWorkload(workload)} decides by itself which Gateways it looks at: it switches them off, silently, when it starts before the custom resource definitions are there.`,
        { ...place(workload), hint: setGate },
      ),
    );
  }
  const unset = ['aws-region', 'aws-vpc-id'].filter((name) => flag(workload, name) === undefined);
  const byTags = flag(workload, 'aws-vpc-tags') !== undefined;
  const missing = unset.filter((name) => !(name === 'aws-vpc-id' && byTags));
  if (missing.length > 0) {
    findings.push(
      finding(
        'warning',
        'controller/no-region',
        `${sayWorkload(workload)} runs without ${missing.map((name) => `--${name}`).join(' and ')}: it asks the instance metadata service, which pods often cannot reach.`,
        {
          ...place(workload),
          hint: 'Set `region` and `vpcId` in the values of the chart.',
        },
      ),
    );
  }
  return findings;
}
