// Chart repositories that earlier steps have added with `helm repo add`: those that a chart needs, with what opens them.
import { isAbsolute, posix, resolve } from 'node:path';
import { isMap, list, text } from '../bundle/field.ts';
import type { Chart, Json, JsonObject } from '../bundle/object.ts';
import { readYaml } from '../bundle/yaml.ts';

/** An entry of helm's repositories.yaml (pkg/repo/v1/chartrepo.go, helm 4.2). */
export interface KnownRepository {
  readonly name: string;
  readonly url: string;
  /** As helm wrote it, with names of files made absolute. */
  readonly entry: JsonObject;
}

const files = ['certFile', 'keyFile', 'caFile'] as const;

/** Two addresses are one repository where they differ in slashes alone (helm internal/urlutil). */
const sameAddress = (one: string, other: string): boolean => {
  if (!URL.canParse(one) || !URL.canParse(other)) return one === other;
  const normal = (address: string): string => {
    const url = new URL(address);
    url.pathname = posix.normalize(url.pathname).replace(/\/+$/, '');
    return url.href;
  };
  return normal(one) === normal(other);
};

/** `@stable` and `alias:stable` name a repository instead of its address. */
const aliasOf = (repository: string): string | undefined => /^(?:@|alias:)(.+)$/.exec(repository)?.[1];

const isNeeded = ({ name, url }: KnownRepository, wanted: string): boolean =>
  aliasOf(wanted) === name || sameAddress(url, wanted);

const entriesOf = (body: string, workspace: string): readonly KnownRepository[] =>
  list(readYaml(body)[0]?.value, 'repositories').flatMap((entry: Json) => {
    const [name, url] = [text(entry, 'name'), text(entry, 'url')];
    if (!isMap(entry) || name === undefined || url === undefined) return [];
    const paths = files.flatMap((key) => {
      const path = text(entry, key);
      return path === undefined || isAbsolute(path) ? [] : [[key, resolve(workspace, path)]];
    });
    return [{ name, url, entry: { ...entry, ...Object.fromEntries(paths) } }];
  });

/**
 * Those that one of the charts depends on, by address or by name; no others, so that helm neither asks nor opens what
 * it does not need.
 * @param body the text of the runner's repositories.yaml
 */
export const neededRepositories = (
  body: string,
  charts: readonly Pick<Chart, 'dependencies'>[],
  workspace: string,
): readonly KnownRepository[] => {
  const wanted = charts.flatMap(({ dependencies }) => dependencies.map(({ repository }) => repository));
  return entriesOf(body, workspace).filter((known) => wanted.some((address) => isNeeded(known, address)));
};

export const isKnown = (repository: string, known: readonly KnownRepository[]): boolean =>
  known.some((each) => isNeeded(each, repository));

/** To be hidden wherever they are printed. */
export const passwordsOf = (known: readonly KnownRepository[]): readonly string[] =>
  known.flatMap(({ entry }) => text(entry, 'password') ?? []);

/** A repositories.yaml with these alone. JSON is YAML. */
export const repositoriesFile = (known: readonly KnownRepository[]): string =>
  JSON.stringify({ apiVersion: '', repositories: known.map(({ entry }) => entry) });
