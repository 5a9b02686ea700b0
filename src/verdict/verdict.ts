// What an observation means: the one vocabulary that every link, mode and report speaks.
import { type Code, codes, type Owner } from './codes.ts';

/** The links of a host's chain, in the order in which they depend on each other. */
export const linkIds = [
  'crds',
  'release',
  'class',
  'gateway',
  'route',
  'rule',
  'workload',
  'targets',
  'record',
  'nameservers',
  'certificate',
  'https',
] as const;
export type LinkId = (typeof linkIds)[number];

export type State = 'ok' | 'waiting' | 'broken' | 'unknown' | 'skipped';

/** A fact that supports a verdict: where it was read and what stood there, fit to be shown as it is. */
export interface Evidence {
  /** Where it was read: `Gateway infra/public status.conditions[Accepted]`, `ns-1.awsdns-2.com`. */
  readonly from: string;
  /** What stood there, verbatim. Data from outside: escaped by whoever prints it. */
  readonly saw: string;
}

export interface Ok {
  readonly state: 'ok';
  readonly message: string;
  readonly evidence: readonly Evidence[];
}

export interface NotOk {
  readonly state: Exclude<State, 'ok'>;
  readonly code: Code;
  /** One sentence that says what is so, naming the objects. */
  readonly message: string;
  readonly evidence: readonly Evidence[];
  /** One sentence that says what to do next; empty where nothing but waiting is to be done. */
  readonly hint: string;
  /** Whose job it is; taken from the registry unless the facts say otherwise. */
  readonly owner: Owner;
  /** The verdict rests on a controller's complaint from before this run: the controller may be asleep in its back-off. */
  readonly old?: true;
}

export type Verdict = Ok | NotOk;

interface Said {
  readonly message: string;
  readonly evidence?: readonly Evidence[];
  readonly hint?: string;
  readonly owner?: Owner;
  readonly old?: boolean;
}

export const ok = (message: string, evidence: readonly Evidence[] = []): Ok => ({
  state: 'ok',
  message,
  evidence,
});

const notOk = (state: NotOk['state'], code: Code, said: Said): NotOk => ({
  state,
  code,
  message: said.message,
  evidence: said.evidence ?? [],
  hint: said.hint ?? '',
  owner: said.owner ?? codes[code].owner,
  ...(said.old === true && { old: true }),
});

export const waiting = (code: Code, said: Said): NotOk => notOk('waiting', code, said);
export const broken = (code: Code, said: Said): NotOk => notOk('broken', code, said);
export const unknown = (code: Code, said: Said): NotOk => notOk('unknown', code, said);
export const skipped = (code: Code, said: Said): NotOk => notOk('skipped', code, said);
