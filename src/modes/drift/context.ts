// What every layer of a drift check works with; what takes requests is read when the first layer asks for it.
import type { Sourced } from '../../bundle/object.ts';
import type { WholeZoneReader } from '../../chain/zone.ts';
import type { IgnoreRule } from '../../drift/ignore.ts';
import type { HostRoutes } from '../../gateway/hosts.ts';
import type { Run } from '../../run.ts';
import type { Applied } from '../chain/live.ts';
import type { Ports } from '../chain/want.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';

export interface DriftContext {
  readonly run: Run;
  readonly applied: Applied;
  readonly ports: Ports & { readonly zones: WholeZoneReader };
  readonly rules: readonly IgnoreRule[];
  readonly rendered: readonly RenderedChart[];
  /** The objects of a chart, rendered once more. */
  renderAgain(each: RenderedChart): Promise<readonly Sourced[]>;
  /** Definitions, manifests and routes of the repository, without what charts bring. */
  readonly own: readonly Sourced[];
  /** Every hostname that the repository publishes. */
  hosts(): Promise<readonly HostRoutes[]>;
}
