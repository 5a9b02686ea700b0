// The inputs of where a run goes and with whose rights: their table, and how each is read. Part of the one table in src/inputs.ts.

export const accessSpecs = {
  'cluster-name': { group: 'AWS', required: true, description: 'Name of the EKS cluster.' },
  'aws-region': { group: 'AWS', required: true, description: 'AWS region of the cluster.' },
  'role-to-assume': {
    group: 'AWS',
    required: true,
    description: 'ARN of the role in the EKS account that the job assumes by OIDC.',
  },
  'dns-role-to-assume': {
    group: 'AWS',
    description:
      'ARN of the role in the DNS account that may read the hosted zone. Without it the first role reads the zone.',
  },
  'dns-role-chaining': {
    group: 'AWS',
    default: 'false',
    description:
      'Assume the DNS role from the first role (true) instead of by OIDC directly (false: the DNS account has an OIDC provider of its own).',
  },
  'dns-role-external-id': {
    group: 'AWS',
    description: 'External id for the DNS role; only with `dns-role-chaining: true`.',
  },
  audience: { group: 'AWS', default: 'sts.amazonaws.com', description: 'Audience of the OIDC token.' },
  'allowed-account-ids': {
    group: 'AWS',
    description:
      'Account ids, separated by commas, in which the assumed roles must be. Any other ends the run.',
  },
  'role-session-name': {
    group: 'AWS',
    default: 'eks-gateway-action',
    description: 'Session name of the assumed roles, as CloudTrail shows it.',
  },
  'role-duration-seconds': {
    group: 'AWS',
    description:
      "Life of a role session in seconds (900 to 43200). Default: the role's own; renewed as long as the run lasts.",
  },
} as const;

type AccessInput = keyof typeof accessSpecs;

/** Whose rights a run has, and where. */
export interface AccessInputs {
  readonly clusterName: string;
  readonly region: string;
  readonly role: string;
  readonly dnsRole?: string;
  readonly dnsRoleChaining: boolean;
  readonly dnsRoleExternalId?: string;
  readonly audience: string;
  readonly allowedAccountIds: readonly string[];
  readonly sessionName: string;
  /** Absent: the role's own. */
  readonly sessionSeconds?: number;
}

/** What `Inputs` reads by. */
interface Reader {
  readonly problems: string[];
  text(name: AccessInput): string | undefined;
  flag(name: AccessInput): boolean;
  list(name: AccessInput): string[];
  each(name: AccessInput, values: readonly string[], pattern: RegExp, accepted: string): void;
  matching(name: AccessInput, pattern: RegExp, accepted: string): string | undefined;
  whole(name: AccessInput, from: number, to: number): number | undefined;
}

const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const roleForm = 'a role ARN, `arn:aws:iam::123456789012:role/name`';

/** A relation between inputs that none of them shows alone. */
function checkRelations(
  reader: Reader,
  { dnsRole, dnsRoleChaining: chaining, dnsRoleExternalId: externalId }: AccessInputs,
) {
  if (externalId !== undefined && !chaining) {
    reader.problems.push(
      '`dns-role-external-id` is only sent with `dns-role-chaining: true` (assuming a role by OIDC takes no external id)',
    );
  }
  if (chaining && dnsRole === undefined) {
    reader.problems.push('`dns-role-chaining` is true, but `dns-role-to-assume` is empty');
  }
}

/** @returns the inputs as far as they are right; what is wrong is in the reader's problems */
export function readAccessInputs(reader: Reader): AccessInputs {
  const clusterName = reader.matching(
    'cluster-name',
    /^[0-9A-Za-z][\w-]{0,99}$/,
    'the name of an EKS cluster',
  );
  const region = reader.matching('aws-region', /^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a region such as `eu-west-1`');
  const role = reader.matching('role-to-assume', roleArn, roleForm);
  const dnsRole = reader.matching('dns-role-to-assume', roleArn, roleForm);
  const dnsRoleChaining = reader.flag('dns-role-chaining');
  const dnsRoleExternalId = reader.matching(
    'dns-role-external-id',
    /^[\w+=,.@:/-]{2,1224}$/,
    'an external id',
  );
  const allowedAccountIds = reader.list('allowed-account-ids');
  reader.each('allowed-account-ids', allowedAccountIds, /^\d{12}$/, 'account ids of 12 digits');
  const sessionName = reader.matching(
    'role-session-name',
    /^[\w+=,.@-]{2,64}$/,
    '2 to 64 of `A-Za-z0-9_+=,.@-`',
  );
  const sessionSeconds = reader.whole('role-duration-seconds', 900, 43_200);
  const inputs: AccessInputs = {
    clusterName: clusterName ?? '',
    region: region ?? '',
    role: role ?? '',
    ...(dnsRole !== undefined && { dnsRole }),
    dnsRoleChaining,
    ...(dnsRoleExternalId !== undefined && { dnsRoleExternalId }),
    audience: reader.text('audience') ?? '',
    allowedAccountIds,
    sessionName: sessionName ?? '',
    ...(sessionSeconds !== undefined && { sessionSeconds }),
  };
  checkRelations(reader, inputs);
  return inputs;
}
