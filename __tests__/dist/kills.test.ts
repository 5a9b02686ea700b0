// Killed without warning at a random moment of a first install: the next run finishes the job. `npm run kills` tries many.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clear } from '../../lab/kills/cluster.ts';
import { killAt } from '../../lab/kills/point.ts';
import { randomOf } from '../../lab/kills/random.ts';
import { ensureInfra } from './harness.ts';

const seed = Number(process.env['KILLS_SEED'] ?? Date.now() % 1_000_000);
const workspace = mkdtempSync(join(tmpdir(), 'eks-gateway-kills-'));

beforeAll(async () => {
  await ensureInfra();
});
afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
  clear({ wait: false });
});

test(`seed ${seed}: the next run comes alive, and the cluster holds exactly what the bundle says`, async () => {
  const random = randomOf(seed);
  // The first two seconds are the start of the process and the sign-in.
  const after = 2 + 5 * random();
  const result = await killAt({
    workspace,
    mode: 'deploy',
    version: 1,
    after,
    whole: random() < 0.5,
    again: 'new attempt',
  });
  expect({ log: '', ...result }).toMatchObject({ ok: true, next: 'live', differences: [], log: '' });
});
