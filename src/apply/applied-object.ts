// What became of one object of the bundle.
import type { KubernetesObject } from '../bundle/object.ts';
import type { ReportedObject } from '../report/object.ts';
import type { Finding } from '../verdict/finding.ts';

export interface AppliedObject {
  readonly reported: ReportedObject;
  /** As the API server holds it now: generation and all. May hold secrets; never goes into a report. */
  readonly live?: KubernetesObject;
  readonly findings: readonly Finding[];
}
