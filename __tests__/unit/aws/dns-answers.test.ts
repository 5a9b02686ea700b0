// Route 53's API in place of the name servers: what it is asked, and what becomes of its answers and refusals.
import { afterEach, describe, expect, test } from '@jest/globals';
import { dnsAnswers } from '../../../src/aws/dns-answers.ts';
import { judgeNameServers, observeNameServers } from '../../../src/chain/nameservers.ts';
import type { HostedZone, ZoneReader } from '../../../src/chain/zone.ts';
import { SimulatedClock } from '../chain/simulated-clock.ts';
import { type AwsAnswer, type AwsServer, asXml, awsServer, xmlError } from './aws-server.ts';

const { signal } = new AbortController();
const host = 'app.example.com';
let server: AwsServer | undefined;
afterEach(() => server?.close());

const zones: readonly HostedZone[] = [
  { id: 'ZPRIVATE', name: 'example.com', private: true, nameServers: [] },
  { id: 'ZPUBLIC', name: 'example.com', private: false, nameServers: ['ns-1.test'] },
];

const told = (code: string, ...values: readonly string[]): AwsAnswer =>
  asXml(
    `<TestDNSAnswerResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Nameserver>ns-1.test</Nameserver><RecordName>${host}</RecordName><RecordType>A</RecordType><RecordData>${values
      .map((value) => `<RecordDataEntry>${value}</RecordDataEntry>`)
      .join(
        '',
      )}</RecordData><ResponseCode>${code}</ResponseCode><Protocol>UDP</Protocol></TestDNSAnswerResponse>`,
  );

async function judged(answer: AwsAnswer, seen: readonly HostedZone[] = zones) {
  server = await awsServer(() => answer);
  const clock = new SimulatedClock();
  const reader: Pick<ZoneReader, 'zones'> = { zones: async () => ({ at: clock.now(), value: seen }) };
  const credentials = async () => ({
    accessKeyId: 'A',
    secretAccessKey: 'B',
    sessionToken: 'C',
    expiration: new Date(Date.now() + 3_600_000),
  });
  const authority = dnsAnswers({ aws: server.aws, credentials, zones: reader, clock });
  return judgeNameServers({ host }, await observeNameServers({ host }, authority, clock, signal));
}

describe('TestDNSAnswer', () => {
  test('the public zone is asked, and the verdict says what was not looked at', async () => {
    const verdict = await judged(told('NOERROR', '192.0.2.2', '192.0.2.1'));
    expect(verdict).toMatchObject({
      state: 'ok',
      message: `${host} has 2 addresses: Route 53's API stood in for the name servers (input \`test-dns-answer\`), so that neither their answers nor the delegation were looked at.`,
      evidence: [{ from: 'Route 53 (TestDNSAnswer) for ns-1.test', saw: '192.0.2.1, 192.0.2.2' }],
    });
    expect(server?.requests[0]?.query.get('hostedzoneid')).toBe('ZPUBLIC');
    expect(server?.requests[0]?.query.get('recordname')).toBe(host);
  });

  test('a name that is not there yet', async () => {
    expect(await judged(told('NXDOMAIN'))).toMatchObject({
      state: 'waiting',
      code: 'nameservers/not-served',
    });
  });

  test('the permission that is missing is named', async () => {
    const verdict = await judged(xmlError('AccessDenied', 'not authorized', 403));
    expect(verdict).toMatchObject({ state: 'unknown', code: 'nameservers/unreachable' });
    expect(verdict.evidence[0]?.saw).toContain('route53:TestDNSAnswer');
  });

  test('without a public zone nobody is asked', async () => {
    const verdict = await judged(told('NOERROR', '192.0.2.1'), []);
    expect(verdict.evidence[0]?.saw).toBe(`no public hosted zone holds ${host}`);
    expect(server?.requests).toEqual([]);
  });
});
