// The event that started the run, as the runner left it in a file.
import { readFileSync } from 'node:fs';

/** An empty object where there is no file, or nothing in it that can be read. */
export function readPayload(file: string | undefined): unknown {
  if (file === undefined) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
