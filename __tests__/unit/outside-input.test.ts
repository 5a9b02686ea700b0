// Whatever a stranger answers or sends: it is taken, or refused in the terms of the port; nothing else is thrown, nothing hangs.

import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { decodeClaims } from '../../src/access/claims.ts';
import { evaluateTrust, explainMismatch } from '../../src/access/trust-evaluation.ts';
import { stsClient } from '../../src/aws/clients.ts';
import { denialOf, isTransient, sentenceOf } from '../../src/aws/denial.ts';
import { QueryError, query } from '../../src/dns/query.ts';
import { readReport } from '../../src/files/reports.ts';
import { fold } from '../../src/fleet/fold.ts';
import { isForkPullRequest, isPullRequestEvent, pullRequestOf } from '../../src/github/event.ts';
import { releaseState } from '../../src/helm/release.ts';
import { objectsIn } from '../../src/helm/release-changes.ts';
import { createProber } from '../../src/https/probe.ts';
import { Problem } from '../../src/verdict/problem.ts';
import { webIdentityRequest } from './access/web-identity-request.ts';
import { asXml, awsServer } from './aws/aws-server.ts';
import { a, closeServers, encodeReply, startServer } from './dns/scripted-server.ts';

const { signal } = new AbortController();
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-outside-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(closeServers);

/** What a promise comes to: its value, or what it threw. */
const settled = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => error);

/** Bytes of something valid, some of them changed, cut off or grown. */
const damaged = (good: Buffer): fc.Arbitrary<Buffer> =>
  fc
    .record({
      at: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      keep: fc.nat(good.length),
      more: fc.uint8Array({ maxLength: 64 }),
      cut: fc.boolean(),
    })
    .map(({ at, keep, more, cut }) => {
      const bytes = Buffer.concat([cut ? good.subarray(0, keep) : good, more]);
      for (const [place, value] of at) if (bytes.length > 0) bytes[place % bytes.length] = value;
      return bytes;
    });

test('DNS: damaged answers', async () => {
  const host = 'app.example.test';
  const good = encodeReply({ id: 0, questions: [{ type: 'A', name: host }] } as never, {
    answers: [a(host, '192.0.2.1')],
  });
  let bytes: Buffer = good;
  const server = await startServer(({ packet }) => {
    // The id is right: otherwise it would be passed over at once.
    const answer = Buffer.from(bytes);
    if (answer.length >= 2) answer.writeUInt16BE(packet.id ?? 0, 0);
    return answer;
  });
  await fc.assert(
    fc.asyncProperty(damaged(good), async (given) => {
      bytes = given;
      const end = await settled(query(server, { name: host, type: 'A' }, { timeout: 20, signal }));
      if (end instanceof Error) expect(end).toBeInstanceOf(QueryError);
      else expect(end).toMatchObject({ rcode: expect.any(String), answers: expect.any(Array) });
    }),
    { numRuns: 40 },
  );
});

test('HTTP over TLS: damaged answers, and bytes that are none', async () => {
  const read = (file: string): string =>
    readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url), 'utf8');
  const good = Buffer.from(
    'HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n',
  );
  let bytes: Buffer = good;
  const server = createTls({ key: read('app.key'), cert: read('app.cert') }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const prober = createProber({ limit: pLimit(16), port, timeout: 500, ca: read('ca.cert') });
  const probe = { host: 'app.example.test', path: '/', method: 'GET', headers: {} } as const;
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged(good), fc.uint8Array({ maxLength: 200 })), async (given) => {
      bytes = Buffer.from(given);
      const end = await settled(prober.answer(probe, '127.0.0.1', signal));
      expect(end).not.toBeInstanceOf(Error);
      expect(end).toEqual(expect.any(Object));
    }),
    { numRuns: 60 },
  );
  server.close();
});

test('AWS: XML that is damaged or something else, of any status', async () => {
  const good = Buffer.from(
    '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/a/b</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
  );
  let answer = { status: 200, body: '' };
  const server = await awsServer(() => ({ ...asXml(answer.body), status: answer.status }));
  const credentials = async () => ({
    accessKeyId: 'ASIAFAKE',
    secretAccessKey: 'f',
    sessionToken: 'f',
    expiration: new Date(Date.now() + 3_600_000),
  });
  const client = stsClient(server.aws, credentials, 1);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        damaged(good).map((bytes) => bytes.toString()),
        fc.json(),
        fc.string(),
      ),
      fc.constantFrom(200, 400, 403, 500, 503),
      async (body, status) => {
        answer = { status, body };
        const end = await settled(client.send(new GetCallerIdentityCommand({})));
        // What is said of it is one sentence, whatever it is.
        expect(sentenceOf(end)).not.toBe('');
        expect([true, false]).toContain(isTransient(end));
        const denial = denialOf(end);
        if (denial !== undefined) expect([true, false]).toContain(denial.explicit);
      },
    ),
    { numRuns: 100 },
  );
  await server.close();
});

const event = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      action: fc.jsonValue(),
      pull_request: fc.record(
        {
          number: fc.jsonValue(),
          head: fc.record({ repo: fc.jsonValue(), sha: fc.jsonValue(), ref: fc.jsonValue() }),
          base: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      workflow_run: fc.jsonValue(),
      repository: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

test('events: any payload; what is not known to be ours is a fork', () => {
  const names = fc.constantFrom(
    'pull_request',
    'pull_request_target',
    'workflow_run',
    'push',
    'issue_comment',
  );
  fc.assert(
    fc.property(names, event, (name, payload) => {
      expect([true, false]).toContain(isForkPullRequest(name, payload));
      expect([true, false]).toContain(isPullRequestEvent(name, payload));
      const pull = pullRequestOf(name, payload);
      if (pull !== undefined) expect(Number.isInteger(pull.number)).toBe(true);
    }),
  );
  const repository = fc.record({ id: fc.nat(), full_name: fc.string() });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), repository), repository, (head, base) => {
      const same = typeof head === 'object' && head !== null && 'id' in head && head.id === base.id;
      const payload = { pull_request: { number: 1, head: { repo: head }, base: { repo: base } } };
      if (!same && !(typeof head === 'object' && head !== null && 'full_name' in head))
        expect(isForkPullRequest('pull_request', payload)).toBe(true);
    }),
  );
});

test('tokens and trust policies: any text, any JSON', () => {
  const request = webIdentityRequest(
    {
      iss: 'https://token.actions.githubusercontent.com',
      sub: 'repo:o/r:ref:refs/heads/main',
      aud: 'sts.amazonaws.com',
    },
    { partition: 'aws', account: '111111111111' },
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => void decodeClaims(`a.${text}.b`)),
  );
  const statement = fc.record(
    { Effect: fc.jsonValue(), Action: fc.jsonValue(), Principal: fc.jsonValue(), Condition: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const policy = fc.oneof(
    fc.jsonValue(),
    fc.record({ Statement: fc.oneof(fc.jsonValue(), statement, fc.array(statement)) }),
  );
  fc.assert(
    fc.property(policy, (given) => {
      const result = evaluateTrust(given, request);
      if (!result.allowed)
        for (const { mismatch } of result.mismatches) expect(explainMismatch(mismatch)).not.toBe('');
    }),
  );
});

test('Helm: whatever it prints as history or manifest', async () => {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  const said = join(scratch, 'said');
  writeFileSync(join(bin, 'helm'), `#!/bin/sh\ncat '${said}'\n`);
  chmodSync(join(bin, 'helm'), 0o755);
  const helm = { environment: { PATH: `${bin}:${process.env['PATH']}` } } as never;
  const release = { name: 'a', namespace: 'b' };
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.array(fc.jsonValue()).map((each) => JSON.stringify(each)),
      ),
      async (text) => {
        writeFileSync(said, text);
        const end = await settled(releaseState(helm, release, scratch, signal));
        if (end instanceof Error) expect(end).toBeInstanceOf(Problem);
      },
    ),
    { numRuns: 30 },
  );
  fc.assert(fc.property(fc.string(), (text) => expect(Array.isArray(objectsIn(text))).toBe(true)));
});

test('reports of other runs: folded, or refused as no report', async () => {
  mkdirSync(join(scratch, 'reports/one'), { recursive: true });
  const almost = fc.record({
    schemaVersion: fc.constant(1),
    outcome: fc.string(),
    verdict: fc.string(),
    hosts: fc.array(fc.jsonValue()),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.json(),
        almost.map((each) => JSON.stringify(each)),
      ),
      async (text) => {
        writeFileSync(join(scratch, 'reports/one/report.json'), text);
        const report = await settled(readReport(scratch, 'reports', 'one'));
        if (report instanceof Error) expect(report).toBeInstanceOf(Problem);
        else
          expect(fold([{ name: 'one', wave: 1 }], new Map([['one', report as never]])).rows).toHaveLength(1);
      },
    ),
  );
});
