// What became of an object of the bundle, as the report has it.
import type { Source } from '../verdict/finding.ts';

export type ObjectResult = 'created' | 'configured' | 'unchanged' | 'pruned' | 'conflict' | 'failed';

export interface ReportedObject {
  readonly ref: string;
  readonly source?: Source;
  readonly result: ObjectResult;
  readonly message?: string;
}
