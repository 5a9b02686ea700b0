// The controllers' versions and flags: too old for Pod Identity or Gateway API, switched off, blind for region and VPC.
import { refOf } from '../bundle/object.ts';
import { gatewayGate, lbcFlag, setGates, unknownGates } from '../gateway/lbc-settings.ts';
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

/** The newest versions whose source was read (docs/versions.md); what a later one does differently is not known. */
const newest = { externalDns: '0.22', lbc: '3.5' } as const;

/** A later minor version; `undefined` versions are none. */
const isBeyond = (version: string, known: string): boolean => {
  const [major = '', minor = '0'] = known.split('.');
  return isAtLeast(version, `${major}.${Number(minor) + 1}.0`);
};

const place = (workload: Workload) => ({
  ref: refOf(workload.deployment),
  ...(workload.source && { source: workload.source }),
});

/**
 * @param cluster its name in EKS; absent where nobody has said it
 * @param coming what will run after the next deploy; `undefined` where the cluster's Deployments could not be read */
export function judgeControllers(
  coming: readonly Workload[] | undefined,
  cluster?: string,
): readonly Finding[] {
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
    ...coming.flatMap((workload) => [
      ...judgeVersion(workload),
      ...judgeClusterName(workload, cluster),
      ...judgeFlags(workload),
    ]),
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
  const later = isBeyond(version, newest[controller]) ? [newerThanKnown(workload, version)] : [];
  if (controller !== 'lbc') return later;
  const rules = rulesFor(version);
  const less = [
    ...(rules.failuresInConditions ? [] : ['its failures stand in events alone']),
    ...(rules.raisesObservedGeneration ? [] : ['a change of a Gateway is never confirmed in its status']),
    ...(rules.statusPerParent ? [] : ["a route's status holds one parent, which another may overwrite"]),
  ];
  if (less.length === 0) return later;
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

const newerThanKnown = (workload: Workload, version: string): Finding =>
  finding(
    'notice',
    'controller/newer-than-known',
    `${sayWorkload(workload)} is ${version}: later than ${newest[workload.controller]}, the newest that this version of the action knows.`,
    {
      ...place(workload),
      hint: 'It is taken to behave as that one does. Use the newest version of the action.',
    },
  );

/** LBC marks what it makes with the name, and finds subnets and security groups by it. */
function judgeClusterName(workload: Workload, cluster: string | undefined): readonly Finding[] {
  if (workload.controller !== 'lbc') return [];
  const name = lbcFlag(workload.deployment, 'cluster-name');
  // `$(NAME)`: from the environment of its container.
  if (name?.includes('$(') || (name !== undefined && (cluster === undefined || name === cluster))) return [];
  const says =
    name === undefined
      ? 'runs without --cluster-name: it does not start'
      : `runs with --cluster-name=${name}, and the cluster is \`${cluster}\`: it takes subnets and load balancers of another cluster for its own`;
  return [
    finding('error', 'controller/cluster-name', `${sayWorkload(workload)} ${says}.`, {
      ...place(workload),
      hint: `Set it in the chart's values.\naws-load-balancer-controller:\n  clusterName: ${cluster ?? 'NAME_OF_THE_CLUSTER'}`,
    }),
  ];
}

function judgeFlags(workload: Workload): readonly Finding[] {
  if (workload.controller !== 'lbc') return [];
  const findings: Finding[] = unknownGates(workload.deployment, workload.version).map(({ name, since }) =>
    finding(
      'error',
      'controller/gate-unknown',
      `${sayWorkload(workload)} is ${workload.version} and runs with the feature gate ${name}, which ${since === undefined ? 'no version has' : `came with ${since}`}: it does not start.`,
      {
        ...place(workload),
        hint: `Take ${name} out of \`controllerConfig.featureGates\` in the values of the chart${since === undefined ? '' : ', or update the controller'}.`,
      },
    ),
  );
  const gate = gatewayGate(workload.deployment, workload.version);
  if (gate.off) {
    findings.push(
      finding(
        'error',
        'controller/gate-off',
        `${sayWorkload(workload)} runs ${gate.given ? 'with the' : 'without'} feature gate ALBGatewayAPI${gate.given ? '=false' : ''}: it does not look at Gateways for ALBs.`,
        { ...place(workload), hint: setGates(workload.version) },
      ),
    );
  } else if (gate.detects) {
    findings.push(
      finding(
        'notice',
        'controller/gate-off',
        `${sayWorkload(workload)} decides by itself which Gateways it looks at: it switches them off, silently, when it starts before the custom resource definitions are there.`,
        { ...place(workload), hint: setGates(workload.version) },
      ),
    );
  }
  const unset = ['aws-region', 'aws-vpc-id'].filter(
    (name) => lbcFlag(workload.deployment, name) === undefined,
  );
  const byTags = lbcFlag(workload.deployment, 'aws-vpc-tags') !== undefined;
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
