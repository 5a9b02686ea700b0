// One fault: the working setting, the fault in it, and the mend; what was said, and whether that was right.
import type { Evidence, LinkId } from '../../src/verdict/verdict.ts';
import type { Fault, Files } from './fault.ts';
import { filesOf, type Place, placeOf } from './place.ts';
import { deploy, type Finished } from './setting.ts';

export interface FaultResult {
  readonly fault: string;
  readonly family: string;
  readonly what: string;
  /** `record record/missing`: link and code; the code alone where no link was looked at. */
  readonly expected: string;
  readonly said: string;
  readonly message: string;
  /** Of the whole faulty run, sign-in and applying included. */
  readonly seconds: number;
  readonly timeout_s: number;
  /** Named before the time-out was over. */
  readonly early: boolean;
  readonly ok: boolean;
  /** Why it is not ok. */
  readonly wrong: readonly string[];
}

interface Said {
  readonly link?: LinkId;
  readonly code: string;
  readonly message: string;
  readonly text: string;
}

const textOf = (parts: {
  readonly message: string;
  readonly evidence?: readonly Evidence[];
  readonly hint?: string;
}): string =>
  [parts.message, ...(parts.evidence ?? []).flatMap(({ from, saw }) => [from, saw]), parts.hint ?? ''].join(
    '\n',
  );

/** What the run named first: a link of the host, or the finding that ended it. */
export function saidBy({ report }: Finished, fault: Fault): Said {
  const links = report.hosts[0]?.links ?? [];
  const id = fault.live ? fault.link : report.firstBroken?.link;
  const link = links.find((each) => each.id === id);
  if (link !== undefined)
    return { link: link.id, code: link.code ?? 'ok', message: link.message, text: textOf(link) };
  const error = report.findings.find(({ severity }) => severity === 'error');
  if (error === undefined) return { code: report.outcome, message: report.verdict, text: report.verdict };
  return { code: error.code, message: error.message, text: textOf(error) };
}

const say = ({ link, code }: { readonly link?: LinkId; readonly code: string }): string =>
  link === undefined ? code : `${link} ${code}`;

const seconds = (count: number): string => `${count}s`;

/** What does not hold of a faulty run. */
export function wrongIn(fault: Fault, at: Place, finished: Finished, said: Said): readonly string[] {
  const timeout = fault.timeout ?? 90;
  const wrong: string[] = [];
  if (say(said) !== say(fault)) wrong.push(`said ${say(said)}: ${said.message}`);
  const live = finished.report.outcome === 'live';
  if (live !== (fault.live ?? false)) wrong.push(live ? 'the faulty run called it live' : 'not live');
  for (const name of fault.names(at))
    if (!said.text.includes(name)) wrong.push(`does not name "${name}": ${said.text}`);
  if (!fault.waits && finished.seconds >= timeout) wrong.push('said only when the time was up');
  if (/timed? ?out/i.test(said.message)) wrong.push(`"timed out": ${said.message}`);
  return wrong;
}

async function expectLive(files: Files, fault: Fault, what: string): Promise<readonly string[]> {
  const { report } = await deploy(files, { 'wait-timeout': '120s', ...fault.inputs });
  if (report.outcome === 'live') return [];
  const { firstBroken, hosts } = report;
  const link = hosts[0]?.links.find(({ id }) => id === firstBroken?.link);
  return [`${what} is ${report.outcome}: ${firstBroken?.code ?? ''} ${link?.message ?? report.verdict}`];
}

/** What one fault's run comes to, step by step. No step rejects: what goes wrong is in the result. */
export class FaultRun {
  readonly fault: Fault;
  private readonly at: Place;
  private readonly good: Files;
  private readonly wrong: string[] = [];
  private said: Said = { code: 'nothing', message: '', text: '' };
  private seconds = 0;

  constructor(fault: Fault) {
    this.fault = fault;
    this.at = placeOf(fault);
    this.good = filesOf(fault, this.at);
  }

  /** The setting without the fault is green. */
  control(): Promise<void> {
    const { fault, good } = this;
    const files = fault.fresh ? filesOf(fault, placeOf(fault, '-control')) : good;
    return this.noting(async () => this.wrong.push(...(await expectLive(files, fault, 'the control'))));
  }

  /** The fault is injected, said, and mended. */
  faulty(): Promise<void> {
    const { fault, at, good } = this;
    return this.noting(async () => {
      await fault.inject?.(at);
      try {
        const finished = await deploy(fault.change?.(good, at) ?? good, {
          ...fault.inputs,
          'wait-timeout': seconds(this.timeout),
          ...fault.wrongInputs,
        });
        this.seconds = finished.seconds;
        this.said = saidBy(finished, fault);
        this.wrong.push(...wrongIn(fault, at, finished, this.said));
      } finally {
        await fault.mend?.(at);
      }
    });
  }

  /** The setting is green again. */
  mended(): Promise<void> {
    const { fault, good } = this;
    return this.noting(async () => this.wrong.push(...(await expectLive(good, fault, 'the mended setting'))));
  }

  result(): FaultResult {
    const { fault, said, wrong, timeout } = this;
    return {
      fault: fault.name,
      family: fault.family,
      what: fault.what,
      expected: say(fault),
      said: say(said),
      message: said.message,
      seconds: Math.round(this.seconds * 10) / 10,
      timeout_s: timeout,
      early: this.seconds < timeout,
      ok: wrong.length === 0,
      wrong,
    };
  }

  private get timeout(): number {
    return this.fault.timeout ?? 90;
  }

  private async noting(step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.wrong.push(
        error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error),
      );
    }
  }
}
