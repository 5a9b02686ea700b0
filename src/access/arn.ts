// ARNs and partitions: what an ARN says about account and partition, and where a partition's endpoints live.

export interface Arn {
  /** `aws`, `aws-cn`, `aws-us-gov` … */
  readonly partition: string;
  readonly service: string;
  /** Empty for global services. */
  readonly region: string;
  /** Twelve digits, or empty where the service leaves it out (`arn:aws:route53:::hostedzone/…`). */
  readonly account: string;
  /** Everything after the fifth colon. */
  readonly resource: string;
}

/** `undefined` when the text is no ARN (`arn:partition:service:region:account:resource`). */
export function parseArn(text: string): Arn | undefined {
  const match = /^arn:([a-z][a-z0-9-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}|aws|):(.+)$/s.exec(text);
  if (match === null) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

/** Region prefix → partition and DNS suffix of its endpoints (botocore `endpoints.json` and `partitions.json`, 1.43). */
const partitions: readonly (readonly [prefix: string, partition: string, dnsSuffix: string])[] = [
  ['cn-', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-', 'aws-us-gov', 'amazonaws.com'],
  ['us-isob-', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['us-isof-', 'aws-iso-f', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['us-iso-', 'aws-iso', 'c2s.ic.gov'],
  ['eusc-', 'aws-eusc', 'amazonaws.eu'],
];

export interface Partition {
  readonly name: string;
  /** Suffix of the partition's endpoints: `sts.<region>.<dnsSuffix>`. */
  readonly dnsSuffix: string;
}

export function partitionOf(region: string): Partition {
  const found = partitions.find(([prefix]) => region.startsWith(prefix));
  return found === undefined
    ? { name: 'aws', dnsSuffix: 'amazonaws.com' }
    : { name: found[1], dnsSuffix: found[2] };
}

const awsDomains = [...new Set(['amazonaws.com', ...partitions.map(([, , suffix]) => suffix), 'api.aws'])];

/**
 * Host names of the services that we call: regional, global, FIPS, dual-stack and VPC interface endpoints. The domain
 * alone would not do: anybody can have a bucket or an API below amazonaws.com, with a valid certificate.
 */
const services = [
  'acm',
  'cloudtrail',
  'ec2',
  'eks',
  'elasticloadbalancing',
  'iam',
  'route53',
  'sts',
  'tagging',
  'wafv2',
];
const endpoint = new RegExp(
  `^(vpce-[a-z0-9-]+\\.|fips\\.)?(${services.join('|')})(-fips)?` +
    `(\\.([a-z]{2,}(-[a-z]+)+-\\d+|us-gov|global))?(\\.vpce)?\\.(${awsDomains.map((domain) => domain.replaceAll('.', '\\.')).join('|')})$`,
);

/** Whether a host name is an endpoint of a service that we call. */
export const isAwsEndpoint = (hostname: string): boolean => endpoint.test(hostname.toLowerCase());
