// Kinds and fields of Gateway API that are nearly right: the API server refuses them, and nothing before it notices.
import { field, isMap, list } from '../bundle/field.ts';
import { type Json, refOf, type Sourced } from '../bundle/object.ts';
import { gatewayGroup } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { LintInput } from './input.ts';

/** Gateway API v1.6, all channels. */
const kinds = [
  ...['GatewayClass', 'Gateway', 'ListenerSet', 'ReferenceGrant', 'BackendTLSPolicy'],
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'],
];

/** Of the fields that people write, the lists first: what stands in each of their items follows. */
const fields: Readonly<Record<string, readonly string[]>> = {
  route: ['parentRefs', 'hostnames', 'rules'],
  rule: ['matches', 'filters', 'backendRefs', 'timeouts'],
  gateway: ['gatewayClassName', 'listeners', 'addresses', 'infrastructure'],
  listener: ['name', 'hostname', 'port', 'protocol', 'tls', 'allowedRoutes'],
};

/** `parentRef`, `parent_refs` and `ParentRefs` are all meant for `parentRefs`. */
const bare = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replace(/(?<=ch)es$|s$/, '');

const meant = (name: string, known: readonly string[]): string | undefined =>
  known.includes(name) ? undefined : known.find((each) => bare(each) === bare(name));

const misspelt = (
  { object, source }: Sourced,
  value: Json | undefined,
  path: string,
  known: readonly string[],
): readonly Finding[] => {
  if (!isMap(value)) return [];
  const ref = refOf(object);
  return Object.keys(value).flatMap((name) => {
    const right = meant(name, known);
    if (right === undefined) return [];
    const message = `${ref} has ${path}.${name}; Gateway API calls the field ${right}, and the API server refuses any other.`;
    return [finding('error', 'lint/misspelt', message, { source, ref, hint: `Call it \`${right}\`.` })];
  });
};

const items = (
  of: Sourced,
  path: readonly string[],
  known: readonly string[] | undefined,
): readonly Finding[] =>
  list(of.object, ...path).flatMap((item, index) =>
    misspelt(of, item, `${path.join('.')}[${index}]`, known ?? []),
  );

const spec = (of: Sourced, known: readonly string[] | undefined): readonly Finding[] =>
  misspelt(of, field(of.object, 'spec'), 'spec', known ?? []);

const fieldsOf = (of: Sourced): readonly Finding[] => {
  if (!of.object.apiVersion.startsWith(`${gatewayGroup}/`)) return [];
  if (/^(HTTP|GRPC)Route$/.test(of.object.kind))
    return [...spec(of, fields['route']), ...items(of, ['spec', 'rules'], fields['rule'])];
  if (of.object.kind !== 'Gateway') return [];
  return [...spec(of, fields['gateway']), ...items(of, ['spec', 'listeners'], fields['listener'])];
};

const kindOf = ({ object, source }: Sourced): readonly Finding[] => {
  const { apiVersion, kind } = object;
  const ref = refOf(object);
  const tell = (message: string, hint: string): readonly Finding[] => [
    finding('error', 'lint/misspelt', message, { source, ref, hint }),
  ];
  const right = meant(kind, kinds);
  if (apiVersion.startsWith(`${gatewayGroup}/`) && right !== undefined)
    return tell(
      `${ref} is of no kind of Gateway API: it calls the kind ${right}.`,
      `Write \`kind: ${right}\`.`,
    );
  // Ingress' group, which ends alike and has none of these.
  if (apiVersion.startsWith('networking.k8s.io/') && kinds.includes(kind))
    return tell(
      `${ref} is of ${apiVersion}, which has no ${kind}.`,
      `Write \`apiVersion: ${gatewayGroup}/v1\`.`,
    );
  return [];
};

export const lintSpelling = ({ routes, objects }: LintInput): readonly Finding[] =>
  [...routes, ...objects].flatMap((each) => [...kindOf(each), ...fieldsOf(each)]);
