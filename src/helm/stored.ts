// A revision of a release as Helm keeps it: a Secret, whose text is JSON, zipped, twice in base64.
import { gunzipSync } from 'node:zlib';
import { field, isMap, list, moment, number, text, textMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';

export interface StoredHook {
  readonly kind: string;
  readonly name: string;
  readonly manifest: string;
  readonly events: readonly string[];
  /** `Succeeded`, `Failed`, `Running`, empty when it did not run. */
  readonly phase: string;
}

export interface Revision {
  readonly revision: number;
  readonly status: string;
  /** When it was installed, as Helm writes it (RFC 3339 with an offset). */
  readonly updated: string;
  /** When its removal began. */
  readonly deleted?: Date;
  readonly chart: { readonly name: string; readonly version: string; readonly appVersion: string };
  /** The values that the user gave. */
  readonly values: JsonObject;
  readonly manifest: string;
  readonly hooks: readonly StoredHook[];
  /** NOTES.txt, rendered. */
  readonly notes: string;
  /** Labels of the Secret: Helm's own and those given with `--labels`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Where Helm keeps a revision (helm pkg/storage/storage.go, driver `secret`). */
export const secretOf = (release: string, revision: number): string =>
  `sh.helm.release.v1.${release}.v${revision}`;

const hookOf = (hook: Json): StoredHook => ({
  kind: text(hook, 'kind') ?? '',
  name: text(hook, 'name') ?? '',
  manifest: text(hook, 'manifest') ?? '',
  events: list(hook, 'events').map(String),
  phase: text(hook, 'last_run', 'phase') ?? '',
});

/** The JSON that `--output json` prints and that the Secret holds (helm pkg/release/v1/release.go). */
export const revisionOf = (release: Json, labels: Readonly<Record<string, string>> = {}): Revision => {
  const values = field(release, 'config');
  const deleted = moment(release, 'info', 'deleted');
  return {
    revision: number(release, 'version') ?? 0,
    status: text(release, 'info', 'status') ?? '',
    updated: text(release, 'info', 'last_deployed') ?? '',
    ...(deleted && deleted.getTime() > 0 && { deleted }),
    chart: {
      name: text(release, 'chart', 'metadata', 'name') ?? '',
      version: text(release, 'chart', 'metadata', 'version') ?? '',
      appVersion: text(release, 'chart', 'metadata', 'appVersion') ?? '',
    },
    values: isMap(values) ? values : {},
    manifest: text(release, 'manifest') ?? '',
    hooks: list(release, 'hooks').map(hookOf),
    notes: text(release, 'info', 'notes') ?? '',
    labels,
  };
};

/** `undefined` for a Secret that holds something else. */
export const storedRevision = (secret: KubernetesObject): Revision | undefined => {
  const data = text(secret, 'data', 'release');
  if (data === undefined) return undefined;
  try {
    const zipped = Buffer.from(Buffer.from(data, 'base64').toString('utf8'), 'base64');
    // A chart with all its files: a Secret takes 1 MiB of it, zipped.
    const json = gunzipSync(zipped, { maxOutputLength: 256 * 1024 * 1024 }).toString('utf8');
    return revisionOf(JSON.parse(json) as Json, textMap(secret, 'metadata', 'labels'));
  } catch {
    return undefined;
  }
};
