// What all clients of AWS have in common: the addresses that are allowed, time-outs, proxies.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AwsSettings, kindOfHost, stsClient } from '../../../src/aws/clients.ts';
import { proxyFor } from '../../../src/aws/proxy.ts';
import { asXml, awsServer, closed } from './aws-server.ts';

const identity = asXml(
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/a/b</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
);

const credentials = async () => ({
  accessKeyId: 'ASIAFAKE',
  secretAccessKey: 'fake',
  sessionToken: 'fake',
  expiration: new Date(Date.now() + 3_600_000),
});

const ask = (settings: AwsSettings, attempts = 1) =>
  stsClient(settings, credentials, attempts).send(new GetCallerIdentityCommand({}));

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

describe('where a request may go', () => {
  test.each<[string, string, ReturnType<typeof kindOfHost>]>([
    ['https:', 'sts.eu-west-1.amazonaws.com', 'aws'],
    ['https:', 'sts.amazonaws.com', 'aws'],
    ['https:', 'sts-fips.us-gov-west-1.amazonaws.com', 'aws'],
    ['https:', 'fips.eks.us-east-1.amazonaws.com', 'aws'],
    ['https:', 'eks.eu-west-1.api.aws', 'aws'],
    ['https:', 'eks.cn-north-1.amazonaws.com.cn', 'aws'],
    ['https:', 'route53.amazonaws.com', 'aws'],
    ['https:', 'iam.amazonaws.com', 'aws'],
    ['https:', 'iam.us-gov.amazonaws.com', 'aws'],
    ['https:', 'iam.cn-north-1.amazonaws.com.cn', 'aws'],
    ['https:', 'acm.eu-west-1.amazonaws.com', 'aws'],
    ['https:', 'route53.us-gov.amazonaws.com', 'aws'],
    ['https:', 'elasticloadbalancing.ap-southeast-2.amazonaws.com', 'aws'],
    ['https:', 'vpce-0123abcd-x.sts.eu-west-1.vpce.amazonaws.com', 'aws'],
    ['http:', 'sts.eu-west-1.amazonaws.com', 'foreign'],
    ['https:', 'sts.s3.amazonaws.com', 'foreign'],
    ['https:', 'sts.s3-us-west-2.amazonaws.com', 'foreign'],
    ['https:', 'abc123.execute-api.eu-west-1.amazonaws.com', 'foreign'],
    ['https:', 'sts.eu-west-1.amazonaws.com.evil.example', 'foreign'],
    ['https:', 'sts.example.com', 'foreign'],
    ['http:', '169.254.169.254', 'foreign'],
    ['http:', '127.0.0.1', 'loopback'],
    ['http:', '127.9.8.7', 'loopback'],
    ['http:', 'localhost', 'loopback'],
    ['https:', '[::1]', 'loopback'],
    ['http:', '127.0.0.1.example.com', 'foreign'],
  ])('%s//%s: %s', (protocol, host, kind) => {
    expect(kindOfHost(protocol, host)).toBe(kind);
  });

  test('AWS_ENDPOINT_URL to a foreign address is refused before anything is sent', async () => {
    process.env['AWS_ENDPOINT_URL'] = 'http://sts.evil.example';
    try {
      await expect(ask({ region: 'eu-west-1' }, 3)).rejects.toMatchObject({
        code: 'auth/endpoint-refused',
        message: expect.stringContaining('http://sts.evil.example'),
      });
    } finally {
      delete process.env['AWS_ENDPOINT_URL'];
    }
  });

  test('to this machine it is followed, and said once', async () => {
    const server = await awsServer(() => identity);
    cleanups.push(server.close);
    process.env['AWS_ENDPOINT_URL'] = server.aws.endpoint;
    const notices: string[] = [];
    try {
      const client = stsClient({ region: 'eu-west-1', notice: (line) => notices.push(line) }, credentials);
      await client.send(new GetCallerIdentityCommand({}));
      await client.send(new GetCallerIdentityCommand({}));
    } finally {
      delete process.env['AWS_ENDPOINT_URL'];
    }
    expect(server.requests).toHaveLength(2);
    expect(notices).toEqual([expect.stringContaining('AWS_ENDPOINT_URL is set')]);
  });

  test('the user agent says who asks', async () => {
    const server = await awsServer(() => identity);
    cleanups.push(server.close);
    await ask({ ...server.aws, version: '1.2.3' });
    expect(server.requests[0]?.headers['user-agent']).toContain('eks-gateway-action/1.2.3');
  });
});

describe('time-outs', () => {
  test('a server that takes the request and is silent', async () => {
    const server = await awsServer(() => undefined);
    cleanups.push(server.close);
    await expect(ask({ ...server.aws, timeouts: { connect: 200, request: 200 } })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  test('a server that answers in time is no victim of them', async () => {
    const server = await awsServer(() => identity);
    cleanups.push(server.close);
    await expect(ask({ ...server.aws, timeouts: { connect: 2_000, request: 2_000 } })).resolves.toMatchObject(
      {
        Arn: 'arn:aws:sts::1:assumed-role/a/b',
      },
    );
  });
});

describe('proxies', () => {
  test.each([
    ['https://a.example/', { https: 'http://p:1' }, 'http://p:1'],
    ['https://a.example/', { http: 'http://p:1' }, ''],
    ['http://a.example/', { http: 'http://p:1', https: 'http://q:2' }, 'http://p:1'],
    ['https://a.example/', { https: 'p:1' }, 'http://p:1'],
    ['https://a.example/', { https: 'http://p:1', none: 'a.example' }, ''],
    ['https://a.example/', { https: 'http://p:1', none: 'b.example, example' }, ''],
    ['https://a.example/', { https: 'http://p:1', none: '.example' }, ''],
    ['https://a.example/', { https: 'http://p:1', none: '*.example' }, ''],
    ['https://A.Example/', { https: 'http://p:1', none: 'a.EXAMPLE' }, ''],
    ['https://ba.example/', { https: 'http://p:1', none: 'a.example' }, 'http://p:1'],
    ['https://a.example/', { https: 'http://p:1', none: 'a.example:8443' }, 'http://p:1'],
    ['https://a.example/', { https: 'http://p:1', none: 'a.example:443' }, ''],
    ['https://a.example/', { https: 'http://p:1', none: '*' }, ''],
    ['https://a.example/', {}, ''],
  ])('%s with %j → "%s"', (address, values, proxy) => {
    expect(proxyFor(address, values)).toBe(proxy);
  });

  test('an https request to AWS goes through the proxy as a tunnel', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    cleanups.push(() => closed(proxy));
    const { port } = proxy.address() as AddressInfo;
    await expect(
      ask({ region: 'eu-west-1', proxy: { https: `http://127.0.0.1:${port}` } }),
    ).rejects.toBeInstanceOf(Error);
    expect(asked).toEqual(['sts.eu-west-1.amazonaws.com:443']);
  });

  test('a proxy of a kind that we do not speak is named, and nothing is tried again', async () => {
    await expect(
      ask({ region: 'eu-west-1', proxy: { https: 'socks5://127.0.0.1:1080' } }, 3),
    ).rejects.toMatchObject({ code: 'input/invalid' });
  });

  test('and not through it where NO_PROXY says so', async () => {
    const dead = createTcpServer().listen(0, '127.0.0.1');
    await once(dead, 'listening');
    const { port } = dead.address() as AddressInfo;
    await new Promise((resolve) => dead.close(resolve));
    const server = await awsServer(() => identity);
    cleanups.push(server.close);
    const proxy = { http: `http://127.0.0.1:${port}`, none: '127.0.0.1' };
    await expect(ask({ ...server.aws, proxy })).resolves.toMatchObject({ Arn: expect.any(String) });
    await expect(ask({ ...server.aws, proxy: { http: proxy.http } })).rejects.toThrow(/ECONNREFUSED/);
  });
});
