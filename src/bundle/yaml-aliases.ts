// What the aliases of a YAML document stand for, and how much comes of them once they are written out.
import { type Alias, type Document, isAlias, isMap, isPair, isSeq, type Node, visit } from 'yaml';

export interface Aliases {
  /** The node that each alias stands for; `undefined` where no anchor of that name comes before it. */
  readonly targets: ReadonlyMap<Alias, Node | undefined>;
  /** Nodes of the document as it is written. */
  readonly nodes: number;
}

/** In one pass: `Alias.resolve` looks through the whole document for each. */
export const aliasesOf = (document: Document): Aliases => {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  let nodes = 0;
  visit(document, {
    Node: (_key, node) => {
      nodes += 1;
      if (isAlias(node)) targets.set(node, anchors.get(node.source));
      else if (node.anchor) anchors.set(node.anchor, node);
    },
  });
  return { targets, nodes };
};

/** goyaml.v2 decode.go lets nearly all of this many nodes come out of aliases. */
const mostBrought = 400_000;
/** Resolving one takes a look at all those before it. */
const mostAliases = 10_000;

/**
 * "Billion laughs": a few lines of aliases of aliases that are gigabytes once they are sent. Merge keys count as well.
 * The document must have no alias inside of its own anchor.
 */
export const isBomb = (document: Document, { targets, nodes }: Aliases): boolean => {
  if (targets.size === 0) return false;
  const known = new Map<unknown, number>();
  const sizeOf = (node: unknown): number => {
    if (isAlias(node)) return sizeOf(targets.get(node));
    if (isPair(node)) return sizeOf(node.key) + sizeOf(node.value);
    if (!isMap(node) && !isSeq(node)) return 1;
    const before = known.get(node);
    if (before !== undefined) return before;
    const size = node.items.reduce<number>((sum, item) => sum + sizeOf(item), 1);
    known.set(node, size);
    return size;
  };
  return targets.size > mostAliases || sizeOf(document.contents) - nodes > mostBrought;
};
