// A server on loopback that speaks the wire forms of STS, EKS, Route 53 and ELBv2: what a test hands it, it answers.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AwsSettings } from '../../../src/aws/clients.ts';

export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form of the query protocols (STS, ELBv2); empty for others. */
  readonly form: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AwsServer {
  readonly aws: AwsSettings;
  readonly requests: AwsRequest[];
  close(): Promise<void>;
}

/** `undefined` as an answer leaves the request hanging. */
export async function awsServer(
  answer: (request: AwsRequest, number: number) => AwsAnswer | undefined,
): Promise<AwsServer> {
  const requests: AwsRequest[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const url = new URL(message.url ?? '/', 'http://server');
    const body = Buffer.concat(chunks).toString('utf8');
    const request: AwsRequest = {
      method: message.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      form: new URLSearchParams(body),
      body,
      headers: message.headers,
    };
    requests.push(request);
    const given = answer(request, requests.length);
    if (given !== undefined) response.writeHead(given.status ?? 200, { ...given.headers }).end(given.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    aws: { region: 'eu-west-1', endpoint: `http://127.0.0.1:${port}` },
    requests,
    close: () => closed(server),
  };
}

export function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const xml = { 'content-type': 'text/xml' };

/** The error form of the query protocols and of Route 53. */
export const xmlError = (code: string, message: string, status = 400): AwsAnswer => ({
  status,
  headers: xml,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
});

/** The error form of EKS (REST-JSON). */
export const jsonError = (code: string, message: string, status: number): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ message }),
});

export const json = (body: unknown): AwsAnswer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const asXml = (body: string): AwsAnswer => ({ headers: xml, body });

/** A session as STS hands it out; the secrets carry the number, so that a test tells one session from the next. */
export function sessionXml(
  operation: 'AssumeRole' | 'AssumeRoleWithWebIdentity',
  given: { readonly number: number; readonly expiration: Date; readonly account?: string },
): AwsAnswer {
  const { number, expiration, account = '111122223333' } = given;
  return asXml(
    `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result>` +
      `<AssumedRoleUser><AssumedRoleId>AROAFAKE:run</AssumedRoleId><Arn>arn:aws:sts::${account}:assumed-role/deploy/run</Arn></AssumedRoleUser>` +
      `<Credentials><AccessKeyId>ASIAFAKE${number}</AccessKeyId><SecretAccessKey>secret-key-${number}</SecretAccessKey>` +
      `<SessionToken>session-token-${number}</SessionToken><Expiration>${expiration.toISOString()}</Expiration></Credentials>` +
      `</${operation}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${operation}Response>`,
  );
}
