// Calls of services whose SDK client is not a dependency (EC2, ACM, WAFv2), signed by hand.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentity, Provider } from '@smithy/types';
import { request } from 'undici';
import { inGoWords } from './errors.ts';

export interface Access {
  region: string;
  credentials: Provider<AwsCredentialIdentity>;
  endpoint: string | undefined;
}

class CallFailed extends Error {
  readonly Code: string;
  readonly $metadata: { httpStatusCode: number; requestId: string };

  constructor(code: string, message: string, status: number, requestId: string) {
    super(message);
    this.name = code;
    this.Code = code;
    this.$metadata = { httpStatusCode: status, requestId };
  }
}

async function call(
  access: Access,
  service: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; text: string; requestId: string }> {
  const url = new URL(access.endpoint ?? `https://${service}.${access.region}.amazonaws.com/`);
  const signer = new SignatureV4({
    service,
    region: access.region,
    credentials: access.credentials,
    sha256: Sha256,
  });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port && { port: Number(url.port) }),
    path: '/',
    query: {},
    headers: { ...headers, host: url.host },
    body,
  });
  const response = await request(url, { method: 'POST', headers: signed.headers, body });
  const requestId = response.headers['x-amzn-requestid'] ?? response.headers['x-amz-request-id'] ?? '';
  return { status: response.statusCode, text: await response.body.text(), requestId: String(requestId) };
}

/** A call of the JSON 1.1 protocol: ACM and WAFv2. */
export async function callJson<Output>(
  access: Access,
  name: string,
  service: string,
  target: string,
  input: object,
): Promise<Output> {
  const operation = target.split('.')[1] ?? target;
  try {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    const { status, text, requestId } = await call(access, service, headers, JSON.stringify(input));
    const answer = JSON.parse(text || '{}') as Output & {
      __type?: string;
      message?: string;
      Message?: string;
    };
    if (status < 300) return answer;
    const code = (answer.__type ?? 'UnknownError').split('#').pop() ?? '';
    throw new CallFailed(code, answer.message ?? answer.Message ?? text, status, requestId);
  } catch (error) {
    throw inGoWords(name, operation, error);
  }
}

/** A call of the EC2 query protocol; the answer is XML text. */
export async function callEc2(
  access: Access,
  operation: string,
  input: Record<string, string>,
): Promise<string> {
  try {
    const body = new URLSearchParams({ Action: operation, Version: '2016-11-15', ...input }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const { status, text, requestId } = await call(access, 'ec2', headers, body);
    if (status < 300) return text;
    throw new CallFailed(
      element(text, 'Code') ?? 'UnknownError',
      element(text, 'Message') ?? text,
      status,
      element(text, 'RequestID') ?? requestId,
    );
  } catch (error) {
    throw inGoWords('EC2', operation, error);
  }
}

/** The text of the first element of that name. Enough for the flat XML of EC2's answers. */
export const element = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
