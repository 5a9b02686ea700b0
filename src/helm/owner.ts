// Whose a release is: an upgrade of somebody else's would remove all that they installed.
import type { Chart } from '../bundle/object.ts';
import type { Revision } from './stored.ts';

/** A label of each revision: the bundle that installed it. */
export const bundleLabel = 'eks-gateway-action/bundle';

/**
 * Why the release is none of this bundle's, as the end of a sentence; `undefined` where it is, or may be. Without the label
 * (plain helm, say) the chart's name decides: the same chart by other hands is the usual migration.
 */
export const whyNotOurs = (
  { chart: { name, version }, labels }: Revision,
  chart: Pick<Chart, 'name'>,
  bundle: string,
): string | undefined => {
  const owner = labels[bundleLabel];
  if (owner !== undefined && owner !== bundle)
    return `another repository, or another folder of this one, keeps it (${bundleLabel}: ${owner})`;
  return owner === undefined && name !== '' && name !== chart.name
    ? `it is of the chart ${name} ${version}, not of ${chart.name}`
    : undefined;
};
