// The objects of a revision as helm keeps it: what was installed, whatever the chart would render to now.
import type { Chart, Sourced } from '../bundle/object.ts';
import { objectsOf } from './render.ts';
import type { Revision } from './stored.ts';

/** Hooks that run when the release comes or changes; what they make stays (helm.sh/docs/topics/charts_hooks). */
const lasting = /^(?:pre|post)-(?:install|upgrade)$/;

/** Each with the template that it comes from; a hook with the chart, for helm keeps no more of it. */
export const revisionObjects = ({ manifest, hooks }: Revision, chart: Chart): readonly Sourced[] => {
  const made = hooks.filter(({ events }) => events.some((event) => lasting.test(event)));
  return objectsOf([manifest, ...made.map((hook) => hook.manifest)].join('\n---\n'), chart);
};
