// What a fault is: something wrong in a setting that works, and what the action has to say about it.
import type { Code } from '../../src/verdict/codes.ts';
import type { LinkId } from '../../src/verdict/verdict.ts';
import type { Place } from './place.ts';

export const families = [
  'sign-in',
  'cluster',
  'definitions',
  'class',
  'gateway',
  'route',
  'rule',
  'workload',
  'identity',
  'zone',
  'name servers',
  'certificate',
  'answer',
  'network',
  'controllers',
] as const;
export type Family = (typeof families)[number];

/** Files of the repository that is deployed, by path. */
export type Files = Readonly<Record<string, string>>;

export interface Fault {
  /** Also the namespace and the first label of the host. */
  readonly name: string;
  readonly family: Family;
  /** The injected fault, for people: `The GatewayClass does not exist`. */
  readonly what: string;
  /** The first link that is not ok; absent where the run ends before any link is looked at. */
  readonly link?: LinkId;
  readonly code: Code;
  /** What message, evidence or hint must name: the injected object above all. */
  readonly names: (at: Place) => readonly string[];
  /** `wait-timeout` of the faulty run in seconds; default 90. */
  readonly timeout?: number;
  /** Waiting may help, so it is said at the time-out and not before. */
  readonly waits?: true;
  /** The host is live all the same: a look that is denied breaks nothing. */
  readonly live?: true;
  /** Touches what all hosts share: no other fault runs beside it. */
  readonly alone?: true;
  /** The fault shows only on a host that has not been live before: the control is a host of its own. */
  readonly fresh?: true;
  /** A Gateway of the fault's own, in its namespace, instead of the sample's. */
  readonly ownGateway?: true;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Inputs of the faulty run alone. */
  readonly wrongInputs?: Readonly<Record<string, string>>;
  /** What else the working setting needs. */
  readonly extra?: (at: Place) => Files;
  /** The fault, where it is in the repository. */
  readonly change?: (files: Files, at: Place) => Files;
  /** The fault, where it is somewhere else; and the mend of it. */
  readonly inject?: (at: Place) => unknown;
  readonly mend?: (at: Place) => unknown;
}

/** Replaces in every file; a text that stands in none is a mistake in the table. */
export const replaced =
  (...pairs: readonly (readonly [string, string])[]) =>
  (files: Files): Files => {
    let all = Object.entries(files);
    for (const [from, to] of pairs) {
      if (!all.some(([, text]) => text.includes(from))) throw new Error(`no file says "${from}"`);
      all = all.map(([path, text]) => [path, text.replaceAll(from, to)]);
    }
    return Object.fromEntries(all);
  };
