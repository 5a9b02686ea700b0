// One custom resource definition for each name: the repository's own before those that its charts bring.
import type { Sourced } from '../bundle/object.ts';

export interface Chosen {
  readonly crds: readonly Sourced[];
  /** Sentences on the definitions that were passed over, fit for the log. */
  readonly passedOver: readonly string[];
}

const isDefinition = ({ object }: Sourced): boolean => object.kind === 'CustomResourceDefinition';

/** Two files of the repository with the same definition were refused before: only charts bring one again. */
export const chooseDefinitions = (
  own: readonly Sourced[],
  charts: readonly { readonly name: string; readonly crds: readonly Sourced[] }[],
): Chosen => {
  const from = new Map<string, string>();
  for (const { object, source } of own.filter(isDefinition)) {
    from.set(object.metadata.name, `${source.file}:${source.line}`);
  }
  const crds = [...own];
  const passedOver: string[] = [];
  for (const chart of charts) {
    for (const each of chart.crds) {
      const { name } = each.object.metadata;
      const before = from.get(name);
      if (before === undefined) {
        crds.push(each);
        from.set(name, `the chart ${chart.name}`);
      } else {
        passedOver.push(`${name}: the one of ${before} is applied, not the one of the chart ${chart.name}`);
      }
    }
  }
  return { crds, passedOver };
};
