// The report while the run is under way: whatever happens, it can be finished and shown at any moment.
import type { Clock } from '../clock.ts';
import type { DriftItem } from '../drift/item.ts';
import { fleetVerdict } from '../fleet/fold.ts';
import { codes } from '../verdict/codes.ts';
import type { Finding } from '../verdict/finding.ts';
import { driftVerdict } from './drift-part.ts';
import type { ReportedObject } from './object.ts';
import type { Plan } from './plan.ts';
import { planSentence } from './plan-text.ts';
import { sweepVerdict } from './previews.ts';
import type {
  FleetRow,
  Mode,
  Outcome,
  Phase,
  Report,
  ReportedGateway,
  ReportedHost,
  ReportedLink,
  ReportedPreview,
  ReportedRelease,
  ReportedTarget,
  SweptPreview,
} from './report.ts';

export class Draft {
  readonly #clock: Clock;
  readonly mode: Mode;
  readonly #startedAt: Date;
  readonly #phases: Phase[] = [];
  readonly #objects: ReportedObject[] = [];
  readonly #findings: Finding[] = [];
  readonly #releases = new Map<string, ReportedRelease>();
  readonly #versions: Record<string, string> = {};
  #phase: { readonly name: string; readonly since: number } | undefined;
  #target: ReportedTarget | undefined;
  #preview: ReportedPreview | undefined;
  #plan: Plan | undefined;
  #previews: readonly SweptPreview[] | undefined;
  #hosts: readonly ReportedHost[] = [];
  #gateways: readonly ReportedGateway[] = [];
  #loadBalancers: readonly string[] = [];
  #drift: readonly DriftItem[] = [];
  #driftIgnored = 0;
  #fleet: readonly FleetRow[] | undefined;
  #exitCode: 0 | 1 | undefined;

  constructor(mode: Mode, clock: Clock) {
    this.mode = mode;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** Ends the phase before it. */
  phase(name: string): void {
    this.#endPhase();
    this.#phase = { name, since: this.#clock.monotonic() };
  }

  target(target: ReportedTarget): void {
    this.#target = {
      ...this.#target,
      ...target,
      accounts: { ...this.#target?.accounts, ...target.accounts },
    };
  }

  preview(preview: ReportedPreview): void {
    this.#preview = preview;
  }

  fleet(rows: readonly FleetRow[]): void {
    this.#fleet = rows;
  }

  plan(plan: Plan): void {
    this.#plan = plan;
  }

  previews(previews: readonly SweptPreview[]): void {
    this.#previews = previews;
  }

  zone(zone: string): void {
    if (this.#target) this.#target = { ...this.#target, zone };
  }

  version(name: string, version: string): void {
    this.#versions[name] = version;
  }

  objects(objects: readonly ReportedObject[]): void {
    this.#objects.push(...objects);
  }

  /** What is said of a release later takes the place of what was said before. */
  release(release: ReportedRelease): void {
    this.#releases.set(`${release.namespace}/${release.name}`, release);
  }

  findings(findings: readonly Finding[]): void {
    this.#findings.push(...findings);
  }

  hosts(hosts: readonly ReportedHost[]): void {
    this.#hosts = hosts;
  }

  /** Those that no host hangs on. */
  gateways(gateways: readonly ReportedGateway[]): void {
    this.#gateways = gateways;
  }

  loadBalancers(names: readonly string[]): void {
    this.#loadBalancers = names;
  }

  drift(items: readonly DriftItem[], ignored: number): void {
    this.#drift = items;
    this.#driftIgnored = ignored;
  }

  /** In place of what the outcome alone would mean. */
  exitCode(code: 0 | 1): void {
    this.#exitCode = code;
  }

  /** The report as it stands; may be called more than once. */
  finish(outcome: Outcome): Report {
    const firstBroken = firstBrokenOf([...this.#hosts, ...this.#gateways.map(asHost)]);
    return {
      schemaVersion: 1,
      mode: this.mode,
      outcome,
      exitCode: outcome === 'cancelled' ? 1 : (this.#exitCode ?? exitCodes[outcome]),
      verdict: this.#verdict(outcome),
      ...(firstBroken && { firstBroken }),
      startedAt: this.#startedAt.toISOString(),
      finishedAt: this.#clock.now().toISOString(),
      ...(this.#target && { target: this.#target }),
      ...(this.#preview && { preview: this.#preview }),
      ...(this.#previews && { previews: this.#previews }),
      versions: { ...this.#versions },
      objects: [...this.#objects],
      ...(this.#releases.size > 0 && { releases: [...this.#releases.values()] }),
      hosts: this.#hosts,
      ...(this.#gateways.length > 0 && { gateways: this.#gateways }),
      findings: [...this.#findings],
      ...(this.#plan && { plan: this.#plan }),
      ...(this.#fleet && { fleet: this.#fleet }),
      drift: this.#drift,
      ...(this.#driftIgnored > 0 && { driftIgnored: this.#driftIgnored }),
      loadBalancers: this.#loadBalancers,
      phases: [...this.#phases, ...this.#running()],
    };
  }

  #verdict(outcome: Outcome): string {
    const swept = this.mode === 'sweep' && outcome !== 'failed' && sweepVerdict(this.#previews);
    if (swept) return swept;
    if (this.#fleet && outcome !== 'cancelled' && outcome !== 'failed') return fleetVerdict(this.#fleet);
    if (outcome === 'planned' && this.#preview) return `The preview would be at ${this.#preview.url}.`;
    if (outcome === 'removed' && this.#preview === undefined)
      return 'What the repository deployed is removed; definitions and namespaces stay.';
    const errors = this.#findings.some(({ severity }) => severity === 'error');
    if (this.mode !== 'drift' || outcome === 'cancelled' || outcome === 'refused' || errors)
      return this.#verdictOf(outcome);
    return driftVerdict({ outcome, drift: this.#drift, findings: this.#findings });
  }

  #verdictOf(outcome: Outcome): string {
    const hosts = this.#hosts;
    const gateways = this.#gateways.map(asHost);
    if (outcome === 'live' && gateways.length > 0) return liveVerdict(this.mode, hosts, this.#gateways);
    // A host that is not live tells more than a Gateway without one.
    const told = hosts.every(({ live }) => live) && gateways.some(({ live }) => !live) ? gateways : hosts;
    return verdictOf(this.mode, outcome, told, this.#findings, this.#plan);
  }

  #running(): Phase[] {
    if (this.#phase === undefined) return [];
    return [{ name: this.#phase.name, seconds: seconds(this.#clock.monotonic() - this.#phase.since) }];
  }

  #endPhase(): void {
    this.#phases.push(...this.#running());
    this.#phase = undefined;
  }
}

const seconds = (milliseconds: number): number => Math.round(milliseconds) / 1000;

const exitCodes: Readonly<Record<Outcome, 0 | 1>> = {
  live: 0,
  'not-live': 1,
  failed: 1,
  cancelled: 1,
  // A fork's pull request is refused by design: a red check there would teach people to hand out credentials.
  refused: 0,
  planned: 0,
  clean: 0,
  drifted: 0,
  removed: 0,
};

/** The first link of a host that is neither ok, skipped nor merely unknown: where its chain stands. */
export function stuckAt(host: ReportedHost): ReportedLink | undefined {
  const stops = (link: ReportedLink): boolean => link.state === 'broken' || link.state === 'waiting';
  return host.live
    ? undefined
    : (host.links.find(stops) ?? host.links.find((link) => link.state === 'unknown'));
}

/** A Gateway as what has a host is told: where there is none its name stands for it. */
export const asHost = ({ ref, state, source, links }: ReportedGateway): ReportedHost => ({
  host: ref,
  live: state === 'ok' || state === 'unknown',
  ref,
  ...(source && { source }),
  url: '',
  links,
});

const isGateway = ({ host, ref }: ReportedHost): boolean => host === ref;

function firstBrokenOf(hosts: readonly ReportedHost[]): Report['firstBroken'] {
  for (const host of hosts) {
    const link = stuckAt(host);
    if (link?.code !== undefined) return { host: host.host, link: link.id, code: link.code };
  }
  return undefined;
}

/** The first line of an error, and how many there are besides. */
function headline({ message }: Finding, others: number): string {
  const first = (message.split('\n')[0] ?? '').replace(/[.:]$/, '');
  return others === 0
    ? `${first}.`
    : `${first} (and ${others} more ${others === 1 ? 'problem' : 'problems'}).`;
}

/** What goes offline is the one thing that nobody should read over: it stands first, whatever else is wrong. */
function offline(plan: Plan | undefined): string {
  const gone = plan?.offline ?? [];
  if (gone.length === 0) return '';
  const all = gone.length > 2 ? [gone.slice(0, 2).join(', '), `${gone.length - 2} more`] : gone;
  return `${all.join(' and ')} ${gone.length === 1 ? 'goes' : 'go'} offline. `;
}

/** What lacked a permission was not checked: that is no remark about what was. */
function clean(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing wrong was found.';
  const blind = findings.filter(({ code }) => code === 'look/denied').length;
  const remarks = findings.length - blind;
  const parts = [
    ...(remarks > 0 ? [`${remarks} ${remarks === 1 ? 'remark' : 'remarks'}`] : []),
    ...(blind > 0 ? [`${blind} ${blind === 1 ? 'check lacked' : 'checks lacked'} a permission`] : []),
  ];
  return `No error was found; ${parts.join(', and ')}.`;
}

/** Of a run whose repository holds Gateways that no host hangs on. */
function liveVerdict(
  mode: Mode,
  hosts: readonly ReportedHost[],
  gateways: readonly ReportedGateway[],
): string {
  const fine = gateways.filter(({ state }) => state === 'ok');
  const blind = gateways.filter(({ state }) => state === 'unknown');
  const names = (of: readonly ReportedGateway[]): string =>
    of.length > 2 ? `${of.length} Gateways` : of.map(({ ref }) => ref).join(' and ');
  const are = (of: readonly ReportedGateway[]): string => (of.length === 1 ? 'is' : 'are');
  const said = [
    ...(fine.length > 0 ? [`${names(fine)} ${are(fine)} ready`] : []),
    ...(blind.length > 0 ? [`not all of ${names(blind)} could be looked at`] : []),
  ].join('; ');
  if (hosts.length > 0) return `${liveHosts(hosts)} ${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
  const done = mode === 'verify' ? '' : 'Everything is applied; ';
  return `${done}${said}; the repository publishes no hostname.`;
}

const liveHosts = (hosts: readonly ReportedHost[]): string =>
  hosts.length === 1 ? `${hosts[0]?.host ?? ''} is live.` : `All ${hosts.length} hostnames are live.`;

function verdictOf(
  mode: Draft['mode'],
  outcome: Outcome,
  hosts: readonly ReportedHost[],
  findings: readonly Finding[],
  plan: Plan | undefined,
): string {
  const live = hosts.filter((host) => host.live).length;
  if (outcome === 'live' && hosts.length === 0)
    return mode === 'verify'
      ? 'The repository publishes no hostname: nothing was verified.'
      : 'Everything is applied; the repository publishes no hostname.';
  if (outcome === 'live') return liveHosts(hosts);
  if (outcome === 'removed') return 'The preview is removed, and so are its records.';
  if (outcome === 'planned')
    return `${offline(plan)}${plan === undefined ? 'Nothing would change.' : planSentence(plan)}`;
  if (outcome === 'clean') return clean(findings);
  if (outcome === 'cancelled')
    return `The run was cancelled; ${live} of ${hosts.length} hostnames were live by then.`;
  const errors = findings.filter((finding) => finding.severity === 'error');
  const stuck = hosts.find((host) => !host.live);
  const link = stuck && stuckAt(stuck);
  if (stuck && link) {
    const others = hosts.length - live - 1;
    const more = others > 0 ? ` (and ${others} more)` : '';
    const title = link.code === undefined ? link.message : codes[link.code].title;
    return `${stuck.host}${more} is not ${isGateway(stuck) ? 'ready' : 'live'}: ${title.charAt(0).toLowerCase()}${title.slice(1)} (link \`${link.id}\`).`;
  }
  if (errors[0]) return `${offline(plan)}${headline(errors[0], errors.length - 1)}`;
  return outcome === 'refused' ? (findings[0]?.message ?? 'Nothing was done.') : `The run ended: ${outcome}.`;
}
