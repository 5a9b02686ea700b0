// What a drift check says of what it could not tell for certain.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Sighting } from './item.ts';
import type { Difference, Expected } from './live-object.ts';
import type { ReleaseWant } from './release.ts';

/** Values that nobody has written since the object was applied, in a kind that webhooks or policies change. */
export const admissionMayExplain = (
  { source }: Pick<Expected, 'source'>,
  live: KubernetesObject,
  differences: readonly Pick<Difference, 'path'>[],
): Finding => {
  const paths = differences.map(({ path }) => `\`${path}\``).join(', ');
  return finding(
    'notice',
    'drift/admission-may-explain',
    `${refOf(live)} has other values than the repository at ${paths}, where nobody has written since it was applied; an admission webhook or policy may have changed them, so they are not counted.`,
    {
      source,
      ref: refOf(live),
      hint: 'Deploy once more if the repository has changed since; `drift-compare: exact` lets the API server tell.',
    },
  );
};

/** @param served a version of the kind that the API server has */
export const versionNotServed = ({ object, source }: Expected, served: string): Finding =>
  finding(
    'warning',
    'drift/version-not-served',
    `${refOf(object)} is there, but as ${served}: the API server does not serve ${object.apiVersion}. Its fields were not compared.`,
    {
      source,
      ref: refOf(object),
      hint: `Write it as ${served}; the next deploy fails with ${object.apiVersion}, and so does \`helm upgrade\` of a release that still has it.`,
    },
  );

/** @param unseen why the chart's templates could not look into the cluster, where they would */
export const releaseUnread = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  denied: string,
  unseen?: string,
): Finding =>
  finding(
    'notice',
    'drift/release-unread',
    `The release ${namespace}/${name} could not be read: the role may not ${denied}. Its objects were compared with what the chart renders now, Secrets left out${unseen === undefined ? '' : ', and without what its templates look up in the cluster'}.`,
    { hint: `To compare the release itself, grant get and list on Secrets in namespace ${namespace}.` },
  );

/**
 * The chart differs from what was installed, and its templates could not look into the cluster.
 * @param why helm's words
 * @param permission that would have sufficed
 */
export const chartUnseen = (
  { namespace, name, source }: Pick<ReleaseWant, 'namespace' | 'name' | 'source'>,
  differences: readonly Pick<Sighting, 'ref' | 'path'>[],
  why: string,
  permission: string | undefined,
): Finding => {
  const places = differences.map(({ ref, path }) => `${ref}${path === '' ? '' : ` \`${path}\``}`);
  const more = places.length > 5 ? ` and ${places.length - 5} more` : '';
  const reason = permission === undefined ? why.replace(/\.$/, '') : `the role may not ${permission}`;
  return finding(
    'warning',
    'drift/not-checked',
    `Whether the chart would install something else than release ${namespace}/${name} has could not be checked: its templates look into the cluster, and ${reason}. Without that they render ${places.slice(0, 5).join(', ')}${more} otherwise.`,
    {
      source,
      hint:
        permission === undefined
          ? 'Run again; a kind that the cluster does not serve has to come first.'
          : 'Grant it, or put an ignore rule there for what is looked up.',
    },
  );
};

const accountNames = { eks: 'EKS', dns: 'DNS' } as const;

/** Not knowing who changed something is no reason not to say that it has changed. */
export const authorsUnknown = (
  unread: readonly {
    readonly account: keyof typeof accountNames;
    readonly why: Exclude<Seen<unknown>, { readonly value: unknown }>;
  }[],
): Finding => {
  const reasons = unread.map(({ account, why }) => {
    const said = 'denied' in why ? `its role may not ${why.denied}` : why.failed.replace(/\.$/, '');
    return `in the ${accountNames[account]} account: ${said}`;
  });
  const denied = unread.some(({ why }) => 'denied' in why);
  return finding(
    'notice',
    'drift/author-unknown',
    `CloudTrail could not be asked who changed what has drifted (${reasons.join('; ')}).`,
    {
      hint: denied
        ? 'Allow cloudtrail:LookupEvents on * if you want to know it; docs/drift.md has the statement.'
        : 'Run again if you want to know it; what has drifted is complete.',
    },
  );
};
