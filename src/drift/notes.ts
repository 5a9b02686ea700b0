// What a drift check says of what it could not tell for certain.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Difference, Expected } from './live-object.ts';

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

export const releaseUnread = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  denied: string,
): Finding =>
  finding(
    'notice',
    'drift/release-unread',
    `The release ${namespace}/${name} could not be read: the role may not ${denied}. Its objects were compared with what the chart renders now, Secrets left out.`,
    { hint: `To compare the release itself, grant get and list on Secrets in namespace ${namespace}.` },
  );

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
