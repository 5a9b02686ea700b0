// What all looks of the doctor have in common: what is given, and how what was found is said.
import type { ClusterDescription } from '../../aws/eks.ts';
import type { Bundle } from '../../bundle/object.ts';
import type { ClusterReader } from '../../chain/cluster.ts';
import type { Setting } from '../../preflight/setting.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import type { RenderedChart } from '../charts/chart-renderer.ts';

/** Takes what a check has found; the log gets a line for every check, also for one that found nothing. */
export type Say = (check: string, findings: readonly Finding[]) => void;

export interface Given {
  readonly signedIn: SignedIn;
  /** Absent: the cluster could not be described. */
  readonly description: ClusterDescription | undefined;
  /** Absent: its API server was not reached. */
  readonly cluster: Cluster | undefined;
  readonly bundle: Bundle;
  readonly rendered: readonly RenderedChart[];
  /** What the doctor has found so far. */
  readonly said: readonly Finding[];
}

export interface Look extends Given {
  readonly setting: Setting;
  /** Absent: the API server was not reached. */
  readonly reader: ClusterReader | undefined;
}
