// What is left of previews: runs that come late, twice or out of order, and the sweep that finds what no run removed.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { appFiles, kubectl, lab } from './harness.ts';
import {
  deployments,
  freshPreviews,
  github,
  namespaceOf,
  preview,
  records,
  rest,
  scaleExternalDns,
  shas,
} from './previews.ts';

beforeAll(freshPreviews);
beforeEach(async () => {
  await lab('DELETE', '/github');
});

const quick = { 'https-successes': '1' };
const [before, later] = ['2026-11-25T12:00:00Z', '2026-11-25T12:00:05Z'];

/** The pull request as GitHub has it; by default open, at the commit, and older than every event. */
async function pull(
  number: number,
  now: { sha?: string; branch?: string; state?: string; at?: string } = {},
) {
  const { sha = shas.first, branch = 'feature/login', state = 'open', at = before } = now;
  await rest('POST', '/pulls', { number, head: branch, sha, updated_at: at });
  if (state === 'closed') await rest('PATCH', `/pulls/${number}`, { state, updated_at: at });
}

const codesOf = ({
  report,
}: {
  readonly report: { readonly findings: readonly { readonly code: string }[] };
}) => report.findings.map(({ code }) => code);

/** PREVIEWS=full: also runs that come late, and a close in the middle of a deploy. */
const full = process.env['PREVIEWS'] === 'full';

const late = () => {
  test('runs that come late leave what the latest event wants', async () => {
    await pull(50);
    const made = await preview({ number: 50, sha: shas.first, at: before }, { inputs: quick });
    expect(made.report.outcome).toBe('live');

    // An old job is run again after a newer commit was pushed.
    await pull(50, { sha: shas.second, at: later });
    const old = await preview({ number: 50, sha: shas.first, at: before }, { inputs: quick });
    expect({ code: old.code, outcome: old.report.outcome, codes: codesOf(old) }).toEqual({
      code: 0,
      outcome: 'refused',
      codes: ['preview/overtaken'],
    });

    // A teardown that comes after the pull request was opened again.
    const stale = await preview(
      { number: 50, sha: shas.first, action: 'closed', at: before },
      { mode: 'teardown', files: {} },
    );
    expect({ outcome: stale.report.outcome, codes: codesOf(stale) }).toEqual({
      outcome: 'refused',
      codes: ['preview/overtaken'],
    });
    expect(namespaceOf('pr-50-sample-app')).not.toBe('');

    // What GitHub says of a moment before the event counts for nothing: its replicas lag.
    await pull(50, { state: 'closed', at: before });
    const reopened = await preview(
      { number: 50, sha: shas.second, action: 'reopened', at: later },
      { inputs: quick },
    );
    expect(reopened.report.outcome).toBe('live');

    // A push whose job took the teardown's place in the queue does its work.
    await pull(50, { state: 'closed', at: later });
    const late = await preview({ number: 50, sha: shas.second, action: 'synchronize', at: before });
    expect({
      code: late.code,
      live: late.outputs['live'],
      outcome: late.report.outcome,
      codes: codesOf(late),
    }).toEqual({
      code: 0,
      live: 'false',
      outcome: 'removed',
      codes: ['preview/overtaken'],
    });
    expect(namespaceOf('pr-50-sample-app')).toBe('');
    const { comments, statuses } = await github();
    expect(comments[0]?.body).toContain('The preview is removed');
    expect(statuses.map(({ state }) => state)).not.toContain('failure');
  });

  test('a commit that is pushed while the one before is deployed: the pull request hears of the newer one alone', async () => {
    const slow = (yaml: string): string =>
      yaml.replace(
        '{ app: web } }\n    spec',
        '{ app: web }, annotations: { lab/ready-after: 4s } }\n    spec',
      );
    await pull(52);
    const running = preview(
      { number: 52, sha: shas.first, at: before },
      { files: appFiles('web', slow), inputs: { ...quick, images: 'nginx=nginx:old' } },
    );
    for (;;) {
      const made = kubectl('get', 'httproute', '-n', 'pr-52-sample-app', '--ignore-not-found', '-o', 'name');
      if (made !== '') break;
    }
    await pull(52, { sha: shas.second, at: later });
    const newer = await preview(
      { number: 52, sha: shas.second, action: 'synchronize', at: later },
      { inputs: { ...quick, images: 'nginx=nginx:new' } },
    );
    const old = await running;
    expect([old, newer].map(({ code, report }) => ({ code, outcome: report.outcome }))).toEqual([
      { code: 0, outcome: 'refused' },
      { code: 0, outcome: 'live' },
    ]);
    expect(codesOf(old)).toEqual(['preview/overtaken']);
    expect(kubectl('get', 'deployment', 'web', '-n', 'pr-52-sample-app', '-o', 'jsonpath={..image}')).toBe(
      'nginx:new',
    );
    const { comments } = await github();
    expect(comments.map(({ body }) => /`([ab]{7})`/.exec(body)?.[1])).toEqual(['bbbbbbb']);
    expect(deployments(await github())).toEqual(['bbbbbbb success']);
    const gone = await preview(
      { number: 52, sha: shas.second, action: 'closed', at: later },
      { mode: 'teardown', files: {} },
    );
    // Open, says GitHub: a teardown that comes late leaves it.
    expect(codesOf(gone)).toEqual(['preview/overtaken']);
    await pull(52, { sha: shas.second, state: 'closed', at: later });
    await preview(
      { number: 52, sha: shas.second, action: 'closed', at: later },
      { mode: 'teardown', files: {} },
    );
    expect(namespaceOf('pr-52-sample-app')).toBe('');
  });

  test('a pull request that is closed while its preview is being made ends without one', async () => {
    await pull(51);
    const slow = (yaml: string): string =>
      yaml.replace(
        '{ app: web } }\n    spec',
        '{ app: web }, annotations: { lab/ready-after: 4s } }\n    spec',
      );
    const running = preview(
      { number: 51, sha: shas.first, at: before },
      { files: appFiles('web', slow), inputs: quick },
    );
    for (;;) {
      const made = kubectl('get', 'httproute', '-n', 'pr-51-sample-app', '--ignore-not-found', '-o', 'name');
      if (made !== '') break;
    }
    await pull(51, { state: 'closed', at: later });
    const overtook = await preview(
      { number: 51, sha: shas.first, action: 'closed', at: later },
      { mode: 'teardown', files: {} },
    );
    expect(overtook.report.outcome).toBe('removed');
    expect(['removed', 'failed']).toContain((await running).report.outcome);
    expect(namespaceOf('pr-51-sample-app')).toBe('');
    expect((await records()).filter((name) => name.includes('pr-51'))).toEqual([]);
  });
};
if (full) late();

describe('sweep', () => {
  const swept = (of: {
    readonly report: {
      readonly previews?: readonly { readonly name: string; readonly state: string; readonly why: string }[];
    };
  }) =>
    (of.report.previews ?? [])
      .map(({ name, state, why }) => `${state} ${name}: ${why.replace(/ on .*/, '')}`)
      .toSorted();
  const event = { number: 0, sha: shas.first, event: 'schedule' };
  const sweep = (inputs: Record<string, string> = {}) =>
    preview(event, { mode: 'sweep', files: {}, inputs: { 'wait-timeout': '60s', ...inputs } });

  test('closed, renamed, expired, cancelled: told by a dry run, removed by the next; what is needed stays', async () => {
    const all = [
      { number: 61, branch: 'closed' },
      { number: 62, branch: 'expired' },
      { number: 63, branch: 'old-name' },
    ];
    for (const { number, branch } of all) await pull(number, { branch });
    const byBranch = { ...quick, 'preview-name': '{branch}' };
    const made = await Promise.all(
      all.map(({ number, branch }) => preview({ number, branch, sha: shas.first }, { inputs: byBranch })),
    );
    expect(made.map(({ report }) => report.outcome)).toEqual(all.map(() => 'live'));
    // Another pull request of the same branch would have the same name.
    const same = await preview({ number: 69, branch: 'closed', sha: shas.first }, { inputs: byBranch });
    expect(same.report.findings.map(({ code, message }) => [code, message])).toEqual([
      [
        'preview/name-taken',
        'Namespace closed is the preview of example-org/sample-app#61; example-org/sample-app#69 would have the same name.',
      ],
    ]);
    // Renamed: its new name is live at once, the old one goes with it.
    await pull(63, { branch: 'new-name', sha: shas.second, at: later });
    const renamed = await preview(
      { number: 63, branch: 'new-name', sha: shas.second, at: later },
      { inputs: byBranch },
    );
    expect(renamed.report.outcome).toBe('live');
    expect([namespaceOf('old-name'), namespaceOf('new-name')]).toEqual(['', 'namespace/new-name']);
    expect(
      deployments(await github())
        .filter((each) => each.startsWith('aaaaaaa'))
        .toSorted(),
    ).toEqual(['aaaaaaa success', 'aaaaaaa success', 'aaaaaaa success, inactive']);

    await pull(61, { state: 'closed', branch: 'closed', at: later });
    const past = 'eks-gateway-action/expires-at=2026-01-01T00:00:00Z';
    kubectl('annotate', 'namespace', 'expired', '--overwrite', past);
    // A run that was cancelled after its first step: no pull request knows of it any more.
    kubectl('create', 'namespace', 'cancelled');
    kubectl('label', 'namespace', 'cancelled', 'eks-gateway-action/preview=64');
    kubectl('annotate', 'namespace', 'cancelled', 'eks-gateway-action/repository=example-org/sample-app');
    await pull(64, { state: 'closed' });
    // Another repository's is none of ours.
    kubectl('create', 'namespace', 'foreign');
    kubectl('label', 'namespace', 'foreign', 'eks-gateway-action/preview=1');
    kubectl('annotate', 'namespace', 'foreign', 'eks-gateway-action/repository=other-org/app', past);

    const stale = [
      'cancelled: pull request #64 is closed',
      'closed: pull request #61 is closed',
      'expired: its time was up',
    ];
    const kept = ['kept new-name: its pull request is open'];
    const told = await sweep({ 'dry-run': 'true' });
    expect({ code: told.code, outcome: told.report.outcome, swept: swept(told) }).toEqual({
      code: 0,
      outcome: 'planned',
      swept: [...kept, ...stale.map((each) => `stale ${each}`)],
    });
    expect(told.summary).toContain('3 previews of 4 would be removed');
    expect(namespaceOf('closed')).not.toBe('');

    const done = await sweep();
    expect({ code: done.code, outcome: done.report.outcome, swept: swept(done) }).toEqual({
      code: 0,
      outcome: 'removed',
      swept: [...kept, ...stale.map((each) => `removed ${each}`)],
    });
    expect(codesOf(done)).toEqual([]);
    expect(['closed', 'expired', 'cancelled'].map(namespaceOf)).toEqual(['', '', '']);
    expect((await records()).filter((name) => /closed|expired/.test(name))).toEqual([]);
    const bodies = (await github()).comments.map(({ body }) => body);
    expect(bodies.filter((body) => body.includes('The preview is removed'))).toHaveLength(3);
    expect(bodies.find((body) => body.includes('preview expired'))).toContain(
      'Its time was up on 2026-01-01',
    );

    const foreign = await sweep({ 'sweep-scope': 'cluster' });
    expect(swept(foreign)).toContain('removed foreign: its time was up');

    // Records whose route went while ExternalDNS was away.
    scaleExternalDns(0);
    try {
      kubectl('delete', 'httproute', '--all', '-n', 'new-name');
      const orphans = await sweep({ 'wait-timeout': '2s' });
      expect({ code: orphans.code, outcome: orphans.report.outcome }).toEqual({ code: 0, outcome: 'clean' });
      expect(new Set(codesOf(orphans))).toEqual(new Set(['preview/orphan-record']));
      expect(orphans.report.findings[0]?.message).toContain(
        'new-name.preview.example.com was written for httproute/new-name/web',
      );
    } finally {
      scaleExternalDns(1);
      kubectl('delete', 'namespace', 'new-name', '--wait=false');
    }
  });

  test('what GitHub may not be asked is said, and only time counts', async () => {
    kubectl('create', 'namespace', 'untold');
    kubectl('label', 'namespace', 'untold', 'eks-gateway-action/preview=65');
    kubectl('annotate', 'namespace', 'untold', 'eks-gateway-action/repository=example-org/sample-app');
    const untold = await sweep({ 'github-token': '', 'dry-run': 'true' });
    expect(untold.report.outcome).toBe('planned');
    expect(swept(untold).join()).toContain('untold: its time is not up; GitHub did not say');
    kubectl('delete', 'namespace', 'untold', '--wait=false');
  });
});
