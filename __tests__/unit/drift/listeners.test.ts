// What a listener asks of its clients, and its attributes.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/bundle/object.ts';
import { judgeListeners, wantsAttributes } from '../../../src/drift/listeners.ts';
import { asked, mended, said, state } from './balancer-setting.ts';

describe("clients' certificates", () => {
  const store = 'arn:aws:elasticloadbalancing:us-east-1:1:truststore/a/1';
  const judge = (
    mutualAuthentication: JsonObject | undefined,
    clients: { mode: string; trustStore?: string; ignoresExpiry?: boolean } | undefined,
  ): string[] =>
    said(
      judgeListeners(
        asked({
          listenerConfigurations: [
            { protocolPort: 'HTTPS:443', ...(mutualAuthentication && { mutualAuthentication }) },
          ],
        }),
        state,
        [
          {
            port: 443,
            protocol: 'HTTPS',
            sslPolicy: 'ELBSecurityPolicy-2016-08',
            otherCertificates: [],
            ...(clients && { clients }),
          },
        ],
      ),
    );
  const path = 'listeners[443].mutualAuthentication';
  const verify = { mode: 'verify', trustStore: store };

  test.each<[string, Parameters<typeof judge>[0], Parameters<typeof judge>[1], string[]]>([
    ['none are wanted', undefined, { mode: 'off' }, []],
    ['none are wanted, and AWS does not say', undefined, undefined, []],
    ['somebody wants them', undefined, { mode: 'passthrough' }, [`${path}.mode: passthrough; stays`]],
    ['they are verified', verify, { ...verify, ignoresExpiry: false }, []],
    ['by a store that is called by its name', { ...verify, trustStore: 'a' }, verify, []],
    ['nobody asks for them any more', verify, { mode: 'off' }, [`${path}.mode: off; ${mended}`]],
    [
      'others are trusted',
      verify,
      { ...verify, trustStore: 'arn:b' },
      [`${path}.trustStore: arn:b; ${mended}`],
    ],
    [
      'those that have expired are good',
      verify,
      { ...verify, ignoresExpiry: true },
      [`${path}.ignoreClientCertificateExpiry: true; ${mended}`],
    ],
  ])('%s', (_what, wanted, clients, expected) => {
    expect(judge(wanted, clients)).toEqual(expected);
  });
});

test('attributes of a listener that are asked for', () => {
  const key = 'routing.http.response.strict_transport_security.header_value';
  const configuration = asked({
    listenerConfigurations: [
      { protocolPort: 'HTTPS:443', listenerAttributes: [{ key, value: 'max-age=31536000' }] },
    ],
  });
  const listener = {
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-2016-08',
    otherCertificates: [],
  };
  expect(wantsAttributes(configuration, listener)).toBe(true);
  expect(wantsAttributes(asked(), listener)).toBe(false);
  const judge = (attributes?: ReadonlyMap<string, string>): string[] =>
    said(judgeListeners(configuration, state, [{ ...listener, ...(attributes && { attributes }) }]));
  expect(judge(new Map([[key, 'max-age=31536000']]))).toEqual([]);
  expect(judge(new Map([['other', 'x']]))).toEqual([`listeners[443].attributes[${key}]: nothing; ${mended}`]);
  expect(judge()).toEqual([]);
});
