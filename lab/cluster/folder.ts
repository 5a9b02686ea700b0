// The state folder of one lab: what lies where in it, and who runs it.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabFailure } from '../tools/failure.ts';
import { repositoryRoot } from '../tools/locations.ts';
import { isAlive } from './process-table.ts';

/** Results of `npm run demo` and `npm run kills`, which outlive the lab. */
const KEPT = ['demo', 'kills.json'];

export interface LabRecord {
  /** The first process of the lab's namespaces, as this machine numbers it; absent while the lab is being made. */
  readonly initPid?: number;
  /** When the kernel started that process; a number that is used again does not match. */
  readonly initStart?: string;
  /** The process that is making the lab. */
  readonly makerPid: number;
  readonly makerStart: string;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly versions: Readonly<Record<string, string>>;
  /** What the Python cloud wrote to seeded.json. */
  readonly seeded?: unknown;
  /** What was in the folder before the lab, and stays. */
  readonly foreign: readonly string[];
}

export class LabFolder {
  readonly path: string;

  constructor(path: string = process.env['LAB_DIR'] ?? join(repositoryRoot, '.lab')) {
    this.path = resolve(path);
  }

  file(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  pki(name: string): string {
    return this.file('pki', name);
  }

  log(process: string): string {
    return this.file('logs', `${process}.log`);
  }

  record(): LabRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.file('lab.json'), 'utf8')) as LabRecord;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Error(`${this.file('lab.json')} cannot be read`, { cause });
    }
  }

  write(record: LabRecord): void {
    mkdirSync(this.path, { recursive: true });
    writeFileSync(this.file('lab.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  }

  entries(): string[] {
    return existsSync(this.path) ? readdirSync(this.path) : [];
  }

  /** Removes what the lab made, and the folder itself when nothing else is in it. */
  clear(foreign: readonly string[], keep: readonly string[] = []): void {
    for (const entry of this.entries()) {
      if (![...KEPT, ...foreign, ...keep].includes(entry)) {
        rmSync(this.file(entry), { recursive: true, force: true });
      }
    }
    if (existsSync(this.path) && this.entries().length === 0) rmSync(this.path, { recursive: true });
  }
}

/** The record of a lab that is up; a sentence otherwise. */
export function runningLab(dir?: string): { readonly folder: LabFolder; readonly record: LabRecord } {
  const folder = new LabFolder(dir);
  const record = folder.record();
  if (!record || !isAlive(record.initPid, record.initStart) || !existsSync(folder.file('env'))) {
    throw new LabFailure(`No lab is up in ${folder.path}: start one with "npm run lab up".`);
  }
  return { folder, record };
}
