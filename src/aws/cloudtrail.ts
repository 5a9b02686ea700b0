// Looks up who has changed something, in CloudTrail's event history (90 days, without a trail of one's own).
import {
  CloudTrailClient,
  type Event,
  type LookupAttribute,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail';
import type { Clock } from '../clock.ts';
import { eventOf, type TrailEvent, type TrailKey, type TrailReader } from '../drift/trail.ts';
import { Problem } from '../verdict/problem.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, configuration } from './clients.ts';
import { look } from './look.ts';

export interface TrailSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

/** Two requests a second are all that an account has in a region (CloudTrail API, LookupEvents). */
const distance = 550;

/** An author is worth some seconds, not a minute: that many requests in all, and that many pages of one lookup. */
const most = 24;
const pages = 4;
const pageSize = 50;

/** Who looks elsewhere only waits for the author; a region's endpoint that cannot be reached must not hold the check up. */
const timeouts = { connect: 3_000, request: 8_000 };

/** Route 53 is global, and its events are in one region of each partition. */
export const route53TrailRegion = (region: string): string => {
  if (region.startsWith('cn-')) return 'cn-northwest-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
};

export function trailReader({ aws, credentials, clock }: TrailSettings): TrailReader {
  const client = new CloudTrailClient({ ...configuration({ ...aws, timeouts }, 2), credentials });
  const history = new EventHistory(client, clock);
  const known = new Map<string, Promise<Seen<readonly TrailEvent[]>>>();
  let refused: Seen<never> | undefined;

  const lookUp = async (key: TrailKey, signal: AbortSignal): Promise<Seen<readonly TrailEvent[]>> => {
    // One denial is every denial: nothing but the attribute would differ.
    if (refused !== undefined) return refused;
    const seen = await look(want, clock, signal, () => history.events(key, signal)).catch(
      (error: unknown) => {
        // Not even credentials that ran out end a check that has all but the author.
        if (!(error instanceof Problem)) throw error;
        return { at: clock.now(), failed: error.message, cause: error };
      },
    );
    if (!('value' in seen)) refused = seen;
    return seen;
  };

  return {
    lookUp: (key, signal) => {
      const name = JSON.stringify(key);
      const seen = known.get(name) ?? lookUp(key, signal);
      known.set(name, seen);
      return seen;
    },
  };
}

const want = { service: 'CloudTrail', action: 'cloudtrail:LookupEvents', resource: '*' };

/** Reads as much of the history as an author is worth, at the pace that CloudTrail allows. */
class EventHistory {
  readonly #client: CloudTrailClient;
  readonly #clock: Clock;
  #left = most;
  #nextCall = Number.NEGATIVE_INFINITY;

  constructor(client: CloudTrailClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async events(key: TrailKey, signal: AbortSignal): Promise<readonly TrailEvent[]> {
    const found: Event[] = [];
    let token: string | undefined;
    for (let index = 0; index < pages && this.#left > 0; index += 1) {
      this.#left -= 1;
      const answer = await this.#page(key, token, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // The latest events stand on the first page.
        if (index > 0) return undefined;
        throw error;
      });
      found.push(...(answer?.Events ?? []));
      token = answer?.NextToken;
      if (token === undefined || token === '') break;
    }
    return found.flatMap(({ CloudTrailEvent = '' }) => eventOf(CloudTrailEvent) ?? []);
  }

  async #page(key: TrailKey, NextToken: string | undefined, signal: AbortSignal) {
    const start = Math.max(this.#clock.monotonic(), this.#nextCall);
    this.#nextCall = start + distance;
    await this.#clock.sleep(Math.max(0, start - this.#clock.monotonic()), signal);
    const command = new LookupEventsCommand({
      LookupAttributes: [attributeOf(key)],
      MaxResults: pageSize,
      ...(NextToken !== undefined && { NextToken }),
    });
    return await this.#client.send(command, { abortSignal: signal });
  }
}

const attributeOf = (key: TrailKey): LookupAttribute =>
  'resource' in key
    ? { AttributeKey: 'ResourceName', AttributeValue: key.resource }
    : { AttributeKey: 'EventName', AttributeValue: key.event };
