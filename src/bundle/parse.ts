// The text of a manifest file → the objects in it, each with the line where it stands.
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import { field, isMap, text } from './field.ts';
import type { Json, JsonObject, KubernetesObject, Sourced } from './object.ts';
import { strangerOf } from './readers.ts';
import { type YamlDocument, yamlDocuments } from './yaml.ts';

export interface Parsed {
  readonly objects: readonly Sourced[];
  readonly findings: readonly Finding[];
  /** Of a file that was found and not named: the documents that are nothing for a cluster, and why. */
  readonly strangers: readonly Stranger[];
}

export interface ParseOptions {
  /** The file was only come by: documents that were not meant for a cluster are then `strangers`. */
  readonly found?: boolean;
  /** Helm printed it: a key that stands twice is a slip of a chart's author with which the chart installs. */
  readonly rendered?: boolean;
}

export interface Stranger {
  readonly source: Source;
  readonly why: string;
}

type Path = readonly (string | number)[];

interface Complaint {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

const typeName = (value: Json | undefined): string => {
  if (value === undefined || value === null) return 'missing';
  if (Array.isArray(value)) return 'a list';
  return isMap(value) ? 'a map' : `${JSON.stringify(value)}, which is not a text`;
};

/** Labels and annotations hold texts only; a bare `yes` or `1` is the classic slip. */
const untexted = (value: JsonObject, key: 'labels' | 'annotations'): readonly Complaint[] => {
  const map = field(value, 'metadata', key);
  if (!isMap(map)) return [];
  return Object.entries(map)
    .filter(([, each]) => typeof each !== 'string')
    .map(([name, each]) => ({
      path: ['metadata', key, name],
      message: `metadata.${key} "${name}" is ${typeName(each)}`,
      hint: 'Put the value in quotes.',
    }));
};

const nameComplaint = (value: JsonObject): Complaint | undefined => {
  if (text(value, 'metadata', 'name') !== undefined) return undefined;
  if (field(value, 'metadata', 'name') === undefined && text(value, 'metadata', 'generateName') !== undefined)
    return {
      path: ['metadata', 'generateName'],
      message:
        'it has metadata.generateName instead of metadata.name: every run would create another object, and none would ever be found again',
      hint: 'Give the object a fixed metadata.name.',
    };
  return {
    path: ['metadata', 'name'],
    message: `metadata.name is ${typeName(field(value, 'metadata', 'name'))}`,
    hint: 'Every object needs a name; put one that looks like a number or a yes/no in quotes.',
  };
};

const complaints = (value: JsonObject): readonly Complaint[] => {
  const found: Complaint[] = [];
  const keys = ['apiVersion', 'kind', 'metadata'] as const;
  // One cause, one complaint: it is something else altogether.
  if (keys.every((key) => (value[key] ?? undefined) === undefined))
    return [{ path: [], message: 'apiVersion, kind and metadata are missing' }];
  for (const key of ['apiVersion', 'kind'] as const)
    if (text(value, key) === undefined)
      found.push({ path: [key], message: `${key} is ${typeName(value[key])}` });
  const name = nameComplaint(value);
  if (name) found.push(name);
  const namespace = field(value, 'metadata', 'namespace') ?? undefined;
  if (namespace !== undefined && typeof namespace !== 'string')
    found.push({ path: ['metadata', 'namespace'], message: `metadata.namespace is ${typeName(namespace)}` });
  return [...found, ...untexted(value, 'labels'), ...untexted(value, 'annotations')];
};

const isObject = (value: JsonObject): value is KubernetesObject => complaints(value).length === 0;

/** `namespace:` with nothing behind it says as little as none at all. */
const withoutEmptyNamespace = (object: KubernetesObject): KubernetesObject => {
  const { namespace, ...metadata } = object.metadata;
  return namespace ? object : { ...object, metadata };
};

/** Where a value stands: the whole document, or an item of a list in it. */
class Place {
  readonly file: string;
  readonly document: YamlDocument;
  readonly path: Path;

  constructor(file: string, document: YamlDocument, path: Path) {
    this.file = file;
    this.document = document;
    this.path = path;
  }

  item(index: number): Place {
    return new Place(this.file, this.document, [...this.path, 'items', index]);
  }

  /** Line of the place itself, or of a field in it. */
  source(path: Path = []) {
    const line =
      this.path.length + path.length === 0
        ? this.document.line
        : this.document.lineAt([...this.path, ...path]);
    return { file: this.file, line };
  }
}

const complain = (value: Json | undefined, place: Place): readonly Finding[] => {
  if (!isMap(value))
    return [
      finding(
        'error',
        'bundle/not-an-object',
        `This document is ${typeName(value)}; a Kubernetes object is a map.`,
        {
          source: place.source(),
        },
      ),
    ];
  return complaints(value).map(({ path, message, hint }) =>
    finding('error', 'bundle/not-an-object', `This document is not a Kubernetes object: ${message}.`, {
      source: place.source(path),
      ...(hint !== undefined && { hint }),
    }),
  );
};

/** `kind: List`, and lists of one kind (`ConfigMapList`), whose items may leave out what the list says. */
const itemsOf = (value: Json | undefined): readonly Json[] | undefined => {
  const kind = text(value, 'kind');
  const items = field(value, 'items');
  if (kind === undefined || !kind.endsWith('List')) return undefined;
  const isEmpty = items === null || (items === undefined && kind === 'List');
  if (!Array.isArray(items) && !isEmpty) return undefined;
  const itemKind = kind.slice(0, -'List'.length);
  const apiVersion = text(value, 'apiVersion');
  return (items ?? []).map((item: Json) =>
    itemKind === '' || !isMap(item) || apiVersion === undefined
      ? item
      : { apiVersion, kind: itemKind, ...item },
  );
};

/** What became of a document, before it is known what else the file holds. */
interface Part extends Parsed {
  /** Complaints about documents with neither `apiVersion` nor `kind`. */
  readonly bare: readonly Finding[];
}

const nothing: Part = { objects: [], findings: [], strangers: [], bare: [] };

const isBare = (value: Json | undefined): boolean =>
  !isMap(value) || (value['apiVersion'] === undefined && value['kind'] === undefined);

const flatten = (value: Json | undefined, place: Place, found: boolean): Part => {
  const items = itemsOf(value);
  if (items !== undefined) return join(items.map((item, index) => flatten(item, place.item(index), found)));
  if (isMap(value) && isObject(value))
    return {
      ...nothing,
      objects: [{ object: withoutEmptyNamespace(value), source: place.source() }],
    };
  if (isBare(value)) return { ...nothing, bare: complain(value, place) };
  const why = found && isMap(value) ? strangerOf(value) : undefined;
  if (why !== undefined) return { ...nothing, strangers: [{ source: place.source(), why }] };
  return { ...nothing, findings: complain(value, place) };
};

const join = (parts: readonly Part[]): Part => ({
  objects: parts.flatMap((part) => part.objects),
  findings: parts.flatMap((part) => part.findings),
  strangers: parts.flatMap((part) => part.strangers),
  bare: parts.flatMap((part) => part.bare),
});

const templated = (body: string): string =>
  body.includes('{{')
    ? 'The file holds template expressions (`{{`): Helm templates belong in the folder of a chart, others have to be rendered in a step before this one.'
    : '';

const broken = ({ problems }: YamlDocument, body: string, file: string): Part => {
  const hint = templated(body);
  // A template is wrong as a whole: what the parser makes of its further lines helps nobody.
  const told = hint === '' ? problems : problems.slice(0, 1);
  return {
    ...nothing,
    findings: told.map(({ line, message }) =>
      finding('error', 'bundle/invalid-yaml', `This is not valid YAML: ${message}.`, {
        source: { file, line },
        hint,
      }),
    ),
  };
};

const byLine = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((one, other) => (one.source?.line ?? 0) - (other.source?.line ?? 0));

/**
 * All objects of a YAML or JSON file (by its ending), lists flattened, and everything that is wrong with it: each finding
 * has the line of the error, or of the document where the error has no place of its own.
 * @param body the file's text, with any line ends, with or without a byte order mark
 * @param file path relative to the workspace, for the findings
 */
export const parseManifests = (
  body: string,
  file: string,
  { found = false, rendered = false }: ParseOptions = {},
): Parsed => {
  // A tab is white space in JSON and no indentation in YAML; inside a JSON string it cannot stand.
  const documents = yamlDocuments(isJson(file) ? body.replaceAll('\t', ' ') : body, !rendered);
  const { objects, findings, strangers, bare } = join(
    Array.from(documents, (document) =>
      document.problems.length === 0
        ? flatten(document.value, new Place(file, document, []), found)
        : broken(document, body, file),
    ),
  );
  // Beside objects it is a part that was forgotten: kubectl would refuse the file.
  if (!found || objects.length > 0) return { objects, findings: byLine([...findings, ...bare]), strangers };
  return { objects, findings, strangers };
};

export const isJson = (file: string): boolean => /\.json$/i.test(file);
