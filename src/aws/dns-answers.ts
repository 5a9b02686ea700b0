// What Route 53's name servers would answer, told by its API: where port 53 is blocked, in place of the servers themselves.
import { type Route53Client, TestDNSAnswerCommand } from '@aws-sdk/client-route-53';
import type { Authority, ServerAnswer } from '../chain/nameservers.ts';
import { shared } from '../chain/shared.ts';
import type { ZoneReader } from '../chain/zone.ts';
import type { Clock } from '../clock.ts';
import { type AwsSettings, type CredentialSource, route53Client } from './clients.ts';
import { denialOf, permissionOf, sentenceOf } from './denial.ts';

export interface DnsAnswersSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  /** Finds the public zone of a host, in which Route 53 looks the answer up. */
  readonly zones: Pick<ZoneReader, 'zones'>;
  readonly clock: Clock;
}

/** Milliseconds between two calls: Route 53 admits five a second for a whole account. */
const spacing = 250;
/** Milliseconds for which several askers share an answer. */
const maxAge = 200;

const server = 'Route 53 (TestDNSAnswer)';

/** Route 53 in place of the name servers: it knows the zone's records, not whether anybody is sent to the zone. */
export function dnsAnswers(settings: DnsAnswersSettings): Authority {
  const { zones, clock } = settings;
  const client = route53Client(settings.aws, settings.credentials);
  let nextCall = Number.NEGATIVE_INFINITY;
  const turn = async (signal: AbortSignal): Promise<void> => {
    const now = clock.monotonic();
    const wait = nextCall - now;
    nextCall = Math.max(now, nextCall) + spacing;
    if (wait > 0) await clock.sleep(wait, signal);
  };
  const ask = async (host: string, signal: AbortSignal): Promise<ServerAnswer> => {
    const seen = await zones.zones(host, signal);
    if (!('value' in seen))
      return { server, failed: 'denied' in seen ? `the permission ${seen.denied} is missing` : seen.failed };
    const zone = seen.value.find((each) => !each.private);
    if (zone === undefined) return { server, failed: `no public hosted zone holds ${host}` };
    await turn(signal);
    return answerOf(client, zone.id, host, signal);
  };
  const asked = shared(
    clock,
    maxAge,
    ({ host, signal }: { readonly host: string; readonly signal: AbortSignal }) => ask(host, signal),
    ({ host }) => host,
  );
  return {
    overridden: true,
    standIn: "Route 53's API stood in for the name servers (input `test-dns-answer`)",
    ask: async (host, _nameServers, signal) => [await asked({ host, signal })],
    delegation: async () => ({ failed: 'the delegation is not looked at' }),
    zoneOf: async () => ({ failed: 'name servers are not asked' }),
  };
}

async function answerOf(
  client: Route53Client,
  zoneId: string,
  host: string,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  try {
    const answer = await client.send(
      new TestDNSAnswerCommand({ HostedZoneId: zoneId, RecordName: host, RecordType: 'A' }),
      { abortSignal: signal },
    );
    const { ResponseCode = '', RecordData = [], Nameserver } = answer;
    return {
      server: Nameserver === undefined ? server : `${server} for ${Nameserver}`,
      address: '',
      rcode: ResponseCode,
      aa: true,
      addresses: RecordData.filter((each) => /^\d+(\.\d+){3}$/.test(each)).toSorted(),
    };
  } catch (error) {
    signal.throwIfAborted();
    const denial = denialOf(error);
    const failed =
      denial === undefined
        ? `Route 53 did not answer as it should: ${sentenceOf(error)}`
        : `the permission ${permissionOf(denial, 'route53:TestDNSAnswer', '*')} is missing`;
    return { server, failed };
  }
}
