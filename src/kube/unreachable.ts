// Names why the API server could not be reached, and tells what may be tried again.
import { Problem } from '../verdict/problem.ts';
import { isFields } from './fields.ts';

// Errors of undici, Node and tests come from different realms: they are told by their fields, not their class.
const fieldOf = (error: unknown, key: 'code' | 'cause' | 'errors' | 'message' | 'name'): unknown =>
  isFields(error) ? error[key] : undefined;

/** The error codes along an error's causes (and inside Node's AggregateError of tried addresses). */
const errorCodes = (error: unknown): string[] => {
  const found: string[] = [];
  const visit = (each: unknown, depth: number): void => {
    if (!isFields(each) || depth > 8) return;
    const code = fieldOf(each, 'code');
    const inner = fieldOf(each, 'errors');
    if (typeof code === 'string') found.push(code);
    if (Array.isArray(inner)) for (const one of inner) visit(one, depth + 1);
    visit(fieldOf(each, 'cause'), depth + 1);
  };
  visit(error, 0);
  return found;
};

const messageOf = (error: unknown): string => {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
};

interface Reason {
  readonly codes: readonly string[];
  readonly says: (host: string, error: unknown) => string;
  readonly hint: string;
}

const network =
  'Check the endpoint access of the cluster: a private endpoint, or one that admits only certain networks, needs a runner inside those networks.';

const certificate =
  'Check that no proxy between the runner and the cluster replaces certificates, and that the endpoint and the certificate authority belong to the same cluster.';

const reasons: readonly Reason[] = [
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME'],
    says: (host) => `the name ${host} does not resolve`,
    hint: 'Check that the cluster still exists and that the runner can resolve names; a private endpoint may resolve only inside its VPC.',
  },
  {
    codes: ['ECONNREFUSED'],
    says: (host) => `${host} refused the connection`,
    hint: network,
  },
  {
    codes: ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'],
    says: (host) => `${host} did not answer the connection attempt in time`,
    hint: network,
  },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
    says: (host) => `there is no network route to ${host}`,
    hint: network,
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    says: (host) => `the certificate (x509) that was presented is not for ${host}`,
    hint: certificate,
  },
  {
    codes: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    says: (host) => `the certificate (x509) of ${host} is not valid at this time`,
    hint: "Check the runner's clock and the cluster's certificate.",
  },
  {
    codes: [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_SIGNATURE_FAILURE',
      'INVALID_CA',
    ],
    says: (host) => `the certificate (x509) of ${host} is not signed by the cluster's certificate authority`,
    hint: certificate,
  },
  {
    codes: ['TimeoutError', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    says: (host) => `${host} took the request but did not answer in time`,
    hint: 'Run again; if it stays so, look at the health of the control plane.',
  },
  {
    codes: [
      'ECONNRESET',
      'EPIPE',
      'UND_ERR_SOCKET',
      'UND_ERR_INFO',
      'UND_ERR_CLOSED',
      'ERR_HTTP2_STREAM_ERROR',
      'ERR_HTTP2_SESSION_ERROR',
      'ERR_HTTP2_STREAM_CANCEL',
    ],
    says: (host, error) => `the connection to ${host} was cut (${messageOf(error)})`,
    hint: 'Run again; if it stays so, look for a proxy or firewall that cuts connections.',
  },
];

const isTimeout = (error: unknown): boolean => fieldOf(error, 'name') === 'TimeoutError';

/** `via` is the address of the proxy, without credentials, where one is used. */
export const unreachable = (host: string, error: unknown, via?: string): Problem => {
  const codes = isTimeout(error) ? ['TimeoutError'] : errorCodes(error);
  const through = via === undefined ? '' : ` through the proxy ${via}`;
  const reason = reasons.find((each) => each.codes.some((code) => codes.includes(code)));
  const said = reason ? reason.says(host, error) : messageOf(error);
  return new Problem(
    'cluster/endpoint-unreachable',
    `The cluster's endpoint cannot be reached from here${through}: ${said}.`,
    {
      hint:
        via === undefined
          ? (reason?.hint ?? network)
          : `Check HTTPS_PROXY and NO_PROXY. ${reason?.hint ?? network}`,
      cause: error,
    },
  );
};

/** Codes of a connection that was there and went away: every request of ours may be sent again. */
const cut = [
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_INFO',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
];

/** Codes that are final at the first contact, but pass (a control plane that scales) once the server has answered. */
const passing = ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT', 'EAI_AGAIN', 'TimeoutError'];

/** Whether sending again can help; `answeredBefore` says whether this server has answered in this run. */
export const mayPass = (error: unknown, answeredBefore: boolean): boolean => {
  const cause = error instanceof Problem ? error.cause : error;
  const codes = isTimeout(cause) ? ['TimeoutError'] : errorCodes(cause);
  return codes.some((code) => cut.includes(code) || (answeredBefore && passing.includes(code)));
};
