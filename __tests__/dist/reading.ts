// What tests read out of a run, and out of the lab about it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/report/report.ts';
import type { Finding } from '../../src/verdict/finding.ts';
import { lab } from './harness.ts';

/** Inputs of runs whose subject is not the waiting. */
export const quick = { 'wait-timeout': '60s', 'https-successes': '1' };

export const errorsOf = (report: Report): readonly string[] =>
  report.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);

/** The first error, whatever warnings stand before it. */
export const errorIn = (report: Report): Finding | undefined =>
  report.findings.find(({ severity }) => severity === 'error');

/** `file=app.yaml,line=6,title=…::message` of each annotation, as the runner would read it. */
export const annotated = (log: string, severity: 'error' | 'warning' | 'notice'): readonly string[] =>
  log
    .split('\n')
    .flatMap((line) => (line.startsWith(`::${severity} `) ? line.slice(severity.length + 3) : []));

interface Call {
  readonly principal: string | null;
  readonly action: string;
}

/** AWS calls since the log was cleared, those of the controllers in the cluster and of tests aside. */
export async function callsOfAction(): Promise<readonly string[]> {
  const calls = (await lab('GET', '/calls')) as readonly Call[];
  const others =
    /\/(external-dns|external-dns-target|aws-load-balancer-controller)\/|pods\.eks|:user\/|:root$/;
  return calls
    .filter(({ principal }) => principal === null || !others.test(principal))
    .map(({ principal, action }) => `${action} by ${principal}`);
}

/** A PATH on which `helm` is a script of ours that notes each time it runs. */
export function fakeHelm(script: string): {
  readonly path: string;
  readonly ran: () => readonly string[];
  readonly remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-path-'));
  const note = join(folder, 'ran');
  writeFileSync(join(folder, 'helm'), `#!/bin/sh\necho "$@" >> ${note}\n${script}\n`, { mode: 0o755 });
  return {
    path: `${folder}:/usr/bin:/bin`,
    ran: () => (existsSync(note) ? readFileSync(note, 'utf8').trim().split('\n') : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
