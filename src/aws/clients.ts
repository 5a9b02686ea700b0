// The AWS SDK's clients, and for all of them one place for region, time-outs, proxy and the addresses that are allowed.
// Those that few modules need are made there: loading all of them (EC2's has 700 commands) takes each run a while.
import { EKSClient } from '@aws-sdk/client-eks';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { Route53Client } from '@aws-sdk/client-route-53';
import { STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { isAwsEndpoint } from '../access/arn.ts';
import { Problem } from '../verdict/problem.ts';
import type { ProxyValues } from './proxy.ts';
import { proxyAgents } from './proxy-agent.ts';

export interface AwsSettings {
  readonly region: string;
  readonly proxy?: ProxyValues;
  /** Of the action, for the user agent. */
  readonly version?: string;
  /** Told once for each host that is not AWS's own (AWS_ENDPOINT_URL, or `endpoint_url` of a profile, leads there). */
  readonly notice?: (line: string) => void;
  /** For tests: address of every service, as AWS_ENDPOINT_URL gives it. */
  readonly endpoint?: string;
  /** Milliseconds; 5 s to connect and 30 s for the answer if not given. */
  readonly timeouts?: { readonly connect: number; readonly request: number };
}

/** Temporary credentials as AWS STS gives them; fits the SDK's `credentials`. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export type CredentialSource = () => Promise<Credentials>;

/** `maxAttempts: 1` where the caller repeats by itself, with a new token each time. */
export const stsClient = (
  settings: AwsSettings,
  credentials?: CredentialSource,
  maxAttempts = 3,
): STSClient =>
  new STSClient({ ...configuration(settings, maxAttempts), ...(credentials && { credentials }) });

export const eksClient = (settings: AwsSettings, credentials: CredentialSource): EKSClient =>
  new EKSClient({ ...configuration(settings), credentials });

export const route53Client = (settings: AwsSettings, credentials: CredentialSource): Route53Client =>
  new Route53Client({ ...configuration(settings), credentials });

export const elbv2Client = (
  settings: AwsSettings,
  credentials: CredentialSource,
): ElasticLoadBalancingV2Client =>
  new ElasticLoadBalancingV2Client({ ...configuration(settings), credentials });

/** What every client is made with. */
export function configuration(settings: AwsSettings, maxAttempts = 3) {
  const { region, endpoint, version = '0' } = settings;
  return {
    region,
    maxAttempts,
    retryMode: 'standard',
    customUserAgent: [['eks-gateway-action', version]] satisfies [string, string][],
    requestHandler: new GuardedHandler(settings),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/**
 * The SDK follows AWS_ENDPOINT_URL and a profile's `endpoint_url` wherever they lead. A step before ours that sets them
 * could have the OIDC token sent to itself and assume the role with it, so each request's host is looked at, whatever
 * chose it: AWS's own over https, this machine for tests, nothing else.
 */
class GuardedHandler extends NodeHttpHandler {
  readonly #notice: (line: string) => void;
  readonly #noticed = new Set<string>();

  constructor(settings: AwsSettings) {
    super(handlerOptions(settings));
    this.#notice = settings.notice ?? (() => undefined);
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttpHandler['handle']>
  ): ReturnType<NodeHttpHandler['handle']> {
    const { protocol, hostname } = request;
    const kind = kindOfHost(protocol, hostname);
    if (kind === 'foreign') throw refusedHost(protocol, hostname);
    if (kind === 'loopback' && !this.#noticed.has(hostname)) {
      this.#noticed.add(hostname);
      this.#notice(`AWS calls go to ${protocol}//${hostname}, not to AWS: AWS_ENDPOINT_URL is set.`);
    }
    return super.handle(request, options);
  }
}

export function kindOfHost(protocol: string, hostname: string): 'aws' | 'loopback' | 'foreign' {
  const host = hostname.toLowerCase();
  if (host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host))
    return 'loopback';
  return protocol === 'https:' && isAwsEndpoint(host) ? 'aws' : 'foreign';
}

const refusedHost = (protocol: string, hostname: string): Problem =>
  new Problem(
    'auth/endpoint-refused',
    `AWS calls would go to ${protocol}//${hostname}, which is not an endpoint of AWS.`,
    {
      hint: 'Remove AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_* from the job and endpoint_url from the AWS profile; only https endpoints of AWS and this machine itself are allowed.',
    },
  );

function handlerOptions({ proxy, timeouts }: AwsSettings) {
  const proxied = proxy?.https !== undefined || proxy?.http !== undefined;
  return {
    connectionTimeout: timeouts?.connect ?? 5_000,
    requestTimeout: timeouts?.request ?? 30_000,
    throwOnRequestTimeout: true,
    ...(proxied && proxyAgents(proxy)),
  };
}
