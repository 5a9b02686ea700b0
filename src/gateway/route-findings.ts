// What is said of routes before any host is looked at: no hostname, annotations that cannot be used, a doubtful path.
import { refOf, type Sourced } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { probeAnnotations, type RouteProbe } from './probe.ts';

export const withoutHostname = ({ object, source }: Sourced): Finding =>
  finding(
    'warning',
    'route/no-hostname',
    `${refOf(object)} has no hostname, and neither have its listeners: nothing can be proved of it.`,
    { source, ref: refOf(object), hint: 'Give the route `spec.hostnames`.' },
  );

/** What answers the host over HTTPS is another route's, in another repository. */
export const redirectOnly = (host: string, { object, source }: Sourced): Finding =>
  finding(
    'warning',
    'route/redirect-only',
    `${refOf(object)} only leads ${host} from http to https, and no other route of the repository serves it: it is not followed.`,
    {
      source,
      ref: refOf(object),
      hint: 'Nothing has to be done where another repository serves the host; else add a route at the listener for HTTPS.',
    },
  );

/** @param chosen the host whose path was chosen by the route's matches alone, and so may miss the route */
export const probeFindings = (
  { object, source }: Sourced,
  { problems, unsure, path }: Pick<RouteProbe, 'problems' | 'unsure' | 'path'>,
  chosen: string | undefined,
): readonly Finding[] => {
  const ref = refOf(object);
  const unusable = problems.map((problem) =>
    finding('warning', 'route/annotation-unusable', problem, { source, ref }),
  );
  if (unsure === undefined || chosen === undefined) return unusable;
  const doubtful = finding(
    'notice',
    'route/probe-unsure',
    `${chosen} is probed at ${path}, which may miss the route: ${unsure}.`,
    { source, ref, hint: `Name a path that answers with the annotation \`${probeAnnotations.path}\`.` },
  );
  return [...unusable, doubtful];
};
