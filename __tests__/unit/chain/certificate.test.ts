// What the certificates at the addresses mean, as a table.
import { expect, test } from '@jest/globals';
import {
  type Certificate,
  judgeCertificate,
  observeCertificate,
  type Unreachable,
} from '../../../src/chain/certificate.ts';
import { codes } from '../../../src/verdict/codes.ts';

const host = 'app.example.test';
const at = new Date('2026-11-23T00:00:00Z');
const good: Certificate = {
  names: [host],
  issuer: 'Amazon RSA 2048 M02',
  subject: host,
  validFrom: new Date('2026-01-01T00:00:00Z'),
  validTo: new Date('2027-01-01T00:00:00Z'),
  fingerprint256: 'AA:BB',
  covers: true,
  authorized: true,
};

const judged = (...shown: readonly (Certificate | Unreachable)[]) => {
  const value = shown.map((each, index) => ({ address: `192.0.2.${index + 1}`, shown: each }));
  return judgeCertificate({ host, addresses: value.map(({ address }) => address) }, { at, value });
};

test('good at every address', () => {
  expect(judged(good, { ...good, validTo: new Date('2026-12-24T00:00:00Z') })).toMatchObject({
    state: 'ok',
    message: `A trusted certificate covers ${host} at all 2 addresses, valid until 2026-12-24.`,
    evidence: [{ from: 'TLS 192.0.2.1' }, { from: 'TLS 192.0.2.2' }],
  });
});

const wrong: Certificate = { ...good, names: ['default.example.test'], covers: false };
const expired: Certificate = {
  ...good,
  validTo: new Date('2026-11-22T00:00:00Z'),
  authorized: false,
  error: 'CERT_HAS_EXPIRED',
};
const untrusted: Certificate = { ...good, authorized: false, error: 'SELF_SIGNED_CERT_IN_CHAIN' };
const early: Certificate = { ...good, validFrom: new Date('2026-11-24T00:00:00Z'), authorized: false };

test.each<[string, Certificate | Unreachable, string, string, string]>([
  ['the default one', wrong, 'broken', 'certificate/wrong-name', 'it is for default.example.test'],
  ['an expired one', expired, 'broken', 'certificate/expired', 'expired on 2026-11-22'],
  ['an untrusted one', untrusted, 'broken', 'certificate/untrusted', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ['one of tomorrow', early, 'waiting', 'certificate/untrusted', 'only from 2026-11-24'],
  ['none', { unreachable: 'connection refused' }, 'waiting', 'certificate/unreachable', 'connection refused'],
  ['a foreign one', { ...wrong, authorized: false }, 'broken', 'certificate/wrong-name', 'does not cover'],
  ['no name at all', { ...wrong, names: [] }, 'broken', 'certificate/wrong-name', 'it is for no name'],
])('one address of three with %s is enough, and is named', (_, shown, state, code, message) => {
  const verdict = judged(good, shown, good);
  expect(verdict).toMatchObject({ state, code, message: expect.stringContaining(message) });
  expect(verdict.message).toContain('192.0.2.2');
});

test('what waiting cannot help is named before what it can', () => {
  expect(judged({ unreachable: 'connection refused' }, expired, wrong)).toMatchObject({
    code: 'certificate/wrong-name',
  });
});

test('a wrong name is given a minute: a certificate just attached is not served at once', () => {
  expect(codes['certificate/wrong-name'].settle).toBe(60);
});

test('a private address asks for another runner', () => {
  const value = [{ address: '10.0.1.5', shown: { unreachable: 'no TLS connection within 10 s' } }];
  expect(judgeCertificate({ host, addresses: ['10.0.1.5'] }, { at, value })).toMatchObject({
    hint: expect.stringContaining('internal'),
  });
});

test('without an address nothing is claimed', () => {
  expect(judged()).toMatchObject({ state: 'skipped', code: 'look/not-reached' });
});

test('every address is looked at, under the host’s name', async () => {
  const asked: string[] = [];
  const reader = {
    certificate: async (name: string, address: string) => {
      asked.push(`${name} ${address}`);
      return good;
    },
  };
  const addresses = ['192.0.2.1', '192.0.2.2'];
  const { signal } = new AbortController();
  const seen = await observeCertificate({ host, addresses }, reader, { now: () => at }, signal);
  expect(asked).toEqual(addresses.map((address) => `${host} ${address}`));
  expect(seen).toMatchObject({ at, value: addresses.map((address) => ({ address, shown: good })) });
});
