// When a host is live, and which link to name when it is not.
import type { Code } from '../verdict/codes.ts';
import type { LinkId, State } from '../verdict/verdict.ts';

export interface LinkState {
  readonly id: LinkId;
  readonly state: State;
  readonly code?: Code;
}

const proofs: readonly LinkId[] = ['nameservers', 'certificate', 'https'];

const proves = (link: LinkState): boolean =>
  link.state === 'ok' ||
  (link.id === 'https' && link.state === 'skipped' && link.code === 'https/grpc-not-probed');

/**
 * `nameservers`, `certificate` and `https` are ok and no link is broken (DESIGN section 4). The host of a GRPCRoute is
 * live at `certificate`, its `https` being skipped with `https/grpc-not-probed`.
 */
export const isLive = (links: readonly LinkState[]): boolean =>
  proofs.every((id) => links.some((link) => link.id === id && proves(link))) &&
  links.every((link) => link.state !== 'broken');

/**
 * Of what has no host to answer for it: each link was looked at, and none is in the way. What could not be seen is no more
 * than not known.
 */
export const isClear = (links: readonly LinkState[]): boolean =>
  links.every(
    ({ state, code }) =>
      state === 'ok' || state === 'unknown' || (state === 'skipped' && code !== 'look/not-reached'),
  );

/** The first link that is broken or waiting; failing that, the first of the proofs that could not be had. */
export const firstNotOk = <Some extends LinkState>(links: readonly Some[]): Some | undefined =>
  links.find((link) => link.state === 'broken' || link.state === 'waiting') ??
  links.find((link) => proofs.includes(link.id) && !proves(link));
