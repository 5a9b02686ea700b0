// The same drift has the same fingerprint, however its values and times change.
import { createHash } from 'node:crypto';
import { type DriftItem, identityOf } from './item.ts';

/** Sixteen hexadecimal digits; of no item at all too. */
export const fingerprintOf = (items: readonly DriftItem[]): string =>
  createHash('sha256')
    .update([...new Set(items.map(identityOf))].sort().join('\n'))
    .digest('hex')
    .slice(0, 16);
