// Every service whose client the action has may be reached at the addresses that its SDK resolves: regional, FIPS, dual-stack.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { kindOfHost } from '../../../src/aws/clients.ts';

const packages = [
  ...new Set(
    readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join('src', file), 'utf8').matchAll(/'(@aws-sdk\/client-[\w-]+)'/g),
      ])
      .map(([, name = '']) => name),
  ),
].sort();

interface Client {
  readonly config: {
    readonly endpointProvider: (parameters: Readonly<Record<string, unknown>>) => { readonly url: URL };
  };
}

type Constructor = new (settings: Readonly<Record<string, unknown>>) => Client;

/** `EKSClient` of `{ EKSClient, EKS, … }`: the plain client without the commands as methods. */
const clientOf = (module: Readonly<Record<string, unknown>>): Constructor => {
  const [name] = Object.keys(module).filter((each) => /^[A-Z]\w+Client$/.test(each));
  const found = name === undefined ? undefined : module[name];
  if (typeof found !== 'function') throw new Error('the package has no client');
  return found as Constructor;
};

const variants = [
  { Region: 'eu-west-1' },
  { Region: 'us-east-1', UseFIPS: true },
  { Region: 'eu-west-1', UseDualStack: true },
  { Region: 'cn-north-1' },
  { Region: 'us-gov-west-1' },
];

test('there are clients to look at', () => {
  expect(packages).toContain('@aws-sdk/client-ec2');
});

test.each(packages)('%s', async (name) => {
  const Client = clientOf((await import(name)) as Readonly<Record<string, unknown>>);
  const { endpointProvider } = new Client({ region: 'eu-west-1' }).config;
  const hosts = variants.map(({ UseFIPS = false, UseDualStack = false, ...rest }) => {
    const { url } = endpointProvider({ UseFIPS, UseDualStack, ...rest });
    return [url.hostname, kindOfHost(url.protocol, url.hostname)];
  });
  expect(hosts).toEqual(hosts.map(([host]) => [host, 'aws']));
});
