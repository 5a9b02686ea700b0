// ExternalDNS's log: the only place where it says that it may not use a zone, or does not see it.
import { isMap, text } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import { notBefore } from '../gateway/conditions.ts';

interface LogLine {
  /** Absent when the line has no time stamp. */
  readonly at?: Date;
  readonly message: string;
  /** The line as it stands in the log. */
  readonly raw: string;
}

export type LogComplaint =
  | {
      readonly kind: 'denied';
      readonly line: string;
      /** ARN of the assumed role, as AWS named it. */
      readonly identity?: string;
      /** `route53:ListHostedZones`. */
      readonly action?: string;
    }
  /** ExternalDNS lists hosted zones, and none of them holds the host. */
  | { readonly kind: 'no-zone'; readonly line: string; readonly zones: readonly string[] }
  /** A run failed for another reason. */
  | { readonly kind: 'failed'; readonly line: string };

const lineOf = (raw: string): LogLine => {
  const parsed = jsonOf(raw);
  // logrus text: time="2026-11-22T22:51:01Z" level=error msg="…"
  const stamp = parsed?.time ?? /\btime="([^"]+)"/.exec(raw)?.[1];
  const at = new Date(stamp ?? Number.NaN);
  const quoted = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(raw)?.[1];
  const bare = /\bmsg=(\S+)/.exec(raw)?.[1];
  const message = parsed?.message ?? quoted?.replaceAll('\\n', ' ').replaceAll('\\"', '"') ?? bare ?? raw;
  return { ...(!Number.isNaN(at.getTime()) && { at }), message, raw };
};

const jsonOf = (raw: string): { readonly time?: string; readonly message: string } | undefined => {
  if (!raw.startsWith('{')) return undefined;
  try {
    const value: Json = JSON.parse(raw);
    const time = text(value, 'time');
    return isMap(value)
      ? { message: text(value, 'msg') ?? raw, ...(time !== undefined && { time }) }
      : undefined;
  } catch {
    return undefined;
  }
};

const readLog = (log: string): readonly LogLine[] =>
  log
    .split(/\r?\n/)
    .filter((raw) => raw.trim() !== '')
    .map(lineOf);

const succeeded = /All records are already up to date|were successfully updated|Reconciliation succeeded/;
const zonesSeen = /Applying provider record filter for domains: \[(.*)\]/;
const noZone = /no hosted zone matching record DNS Name was detected/;
const failed = /Failed to do run once|failed to list zones|Failure in zone|Failed submitting change/;
const denied =
  /AccessDenied|is not authorized to perform|failed to refresh cached credentials|no EC2 IMDS role found|get credentials|InvalidClientTokenId|UnrecognizedClient|ExpiredToken|SignatureDoesNotMatch/i;

const deniedBy = (line: LogLine): LogComplaint => {
  const identity = /User: (arn:aws[\w-]*:(?:sts|iam)::\d*:[^\s"\\]+)/.exec(line.message)?.[1];
  const action = /not authorized to perform: ([\w-]+:\w+)/.exec(line.message)?.[1];
  return {
    kind: 'denied',
    line: line.raw,
    ...(identity !== undefined && { identity }),
    ...(action !== undefined && { action }),
  };
};

const holds = (zone: string, host: string): boolean => host === zone || host.endsWith(`.${zone}`);

const zonesOf = (listed: string): readonly string[] => [
  ...new Set(
    listed
      .split(/\s+/)
      .map((name) => name.replace(/^\./, '').replace(/\.$/, '').toLowerCase())
      .filter((name) => name !== ''),
  ),
];

const complaintOf = (line: LogLine, host: string): LogComplaint | 'fine' | undefined => {
  const listed = zonesSeen.exec(line.message)?.[1];
  if (listed !== undefined) {
    const zones = zonesOf(listed);
    return zones.some((zone) => holds(zone, host)) ? undefined : { kind: 'no-zone', line: line.raw, zones };
  }
  if (noZone.test(line.message) && line.message.includes(host))
    return { kind: 'no-zone', line: line.raw, zones: [] };
  if (failed.test(line.message))
    return denied.test(line.message) ? deniedBy(line) : { kind: 'failed', line: line.raw };
  return succeeded.test(line.message) ? 'fine' : undefined;
};

/**
 * The last complaint about the host that nothing later takes back. Lines older than `since` count for nothing; lines without
 * a time stamp count. A run that ends well takes back an earlier failure, but not that no zone fits: with no zone at all
 * ExternalDNS 0.19 still says "All records are already up to date".
 */
export const complaintIn = (log: string, host: string, since: Date): LogComplaint | undefined => {
  const recent = readLog(log).filter(({ at }) => at === undefined || notBefore(at, since));
  let standing: LogComplaint | undefined;
  // Each run lists its zones first, and says at its end only that it failed: why stands in the lines between.
  let explained = false;
  for (const line of recent) {
    const said = complaintOf(line, host);
    const begins = zonesSeen.test(line.message);
    if (begins) explained = false;
    if (said === 'fine') standing = standing?.kind === 'no-zone' ? standing : undefined;
    else if (said !== undefined && !(said.kind === 'failed' && explained)) standing = said;
    else if (begins && standing?.kind === 'no-zone') standing = undefined;
    if (said !== undefined && said !== 'fine' && said.kind === 'denied') explained = true;
  }
  return standing;
};
