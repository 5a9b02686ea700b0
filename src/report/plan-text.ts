// A plan in Markdown, for the summary and the comment: what changes first, each object's fields folded.
import type { Change } from '../compare/changes.ts';
import { clip, code, fitting, folded, plain, sentence, table } from './markdown.ts';
import {
  type Budget,
  counted,
  isTouched,
  type Plan,
  type PlannedLoadBalancer,
  type PlannedObject,
  type PlannedRecord,
  type PlannedRelease,
} from './plan.ts';

export interface PlanTextLimits {
  /** Rows of a table, objects of a list. */
  readonly rows: number;
  /** Fields of one object. */
  readonly fields: number;
  /** Bytes of one list of objects. */
  readonly size: number;
}

const signs = {
  created: '➕',
  configured: '✏️',
  changed: '✏️',
  pruned: '➖',
  deleted: '➖',
  unchanged: '▫️',
  conflict: '❌',
  failed: '❌',
} as const;

const many = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

/** `2 objects, 3 records and 1 rule would change.` */
export const planSentence = (plan: Plan): string => {
  const { objects, releases, records, rules } = counted(plan);
  if (objects + records + rules === 0)
    return releases === 0
      ? 'Nothing would change.'
      : `No object would change; ${many(releases, 'release')} would be upgraded, for ${releases === 1 ? 'its' : 'their'} values, hooks or chart.`;
  return `${many(objects, 'object')}, ${many(records, 'record')} and ${many(rules, 'load balancer rule')} would change.`;
};

const value = (given: Change['from']): string =>
  given === undefined ? '–' : code(typeof given === 'string' ? given : JSON.stringify(given), 200);

const fieldsOf = (changes: readonly Change[], limit: number): string => {
  const rows = changes
    .slice(0, limit)
    .map(({ path, from, to }) => [code(path === '' ? '(all)' : path, 200), value(from), value(to)]);
  const rest = changes.length - rows.length;
  return `${table(['Field', 'Now', 'Then'], rows)}${rest > 0 ? `\n\n… and ${rest} more fields in \`report.json\`.` : ''}`;
};

const refused = ({ result }: PlannedObject): boolean => result === 'conflict' || result === 'failed';

const objectItem = (object: PlannedObject, limit: number): string => {
  const { ref, result, source, message, changes } = object;
  const said = [
    ...(source === undefined || source.file === '' ? [] : [code(`${source.file}:${source.line}`)]),
    ...(message === undefined ? [] : [sentence(clip(message, 500))]),
  ];
  const head = `${signs[result]} <b>${plain(clip(ref, 300))}</b> ${result}`;
  if (changes.length === 0) return [head, ...said].join(' – ');
  const fields = [said.join(' – '), fieldsOf(changes, limit)].filter((part) => part !== '').join('\n\n');
  return folded(`${head}: ${many(changes.length, 'field')}`, fields);
};

const objectList = (title: string, all: readonly PlannedObject[], limits: PlanTextLimits): string => {
  const shown = all.filter((object) => isTouched(object) || refused(object));
  const same = all.length - shown.length;
  const rest = shown.length - limits.rows;
  const parts = [
    `#### ${title}`,
    ...fitting(
      shown.slice(0, limits.rows).map((object) => objectItem(object, limits.fields)),
      limits.size,
      (left) => `… and ${left} of these in \`report.json\`.`,
    ),
    ...(rest > 0 ? [`… and ${rest} more in \`report.json\`.`] : []),
    ...(same > 0 ? [`▫️ ${many(same, 'object')} unchanged`] : []),
  ];
  return parts.join('\n\n');
};

const releaseList = (
  { name, namespace, action, chart, objects, hooks }: PlannedRelease,
  limits: PlanTextLimits,
): string => {
  const title = `Helm release ${plain(`${namespace}/${name}`)}: ${action === 'unchanged' ? 'unchanged,' : `${action} to`} ${plain(clip(chart, 200))}`;
  const runs = hooks
    .slice(0, limits.rows)
    .map(({ ref, event }) => `${plain(clip(ref, 300))} (${plain(event)})`);
  const rest = hooks.length - runs.length;
  const more = rest > 0 ? `, and ${rest} more` : '';
  return [
    objectList(title, objects, limits),
    ...(hooks.length > 0 ? [`▶️ Helm runs ${many(hooks.length, 'hook')}: ${runs.join(', ')}${more}`] : []),
  ].join('\n\n');
};

const recordTable = (records: readonly PlannedRecord[], { rows: limit }: PlanTextLimits): string => {
  if (records.length === 0) return '';
  const told = records.filter(({ action, why }) => action !== 'unchanged' || why !== undefined);
  const same = records.length - told.length;
  const rows = told
    .slice(0, limit)
    .map(({ action, type, name, from, to, why }) => [
      `${signs[action]}&nbsp;${action}`,
      type,
      code(name, 300),
      from === undefined ? '–' : code(from, 200),
      to === undefined ? (why === undefined ? '–' : sentence(clip(why, 300))) : code(to, 200),
    ]);
  const rest = told.length - rows.length;
  return [
    '#### DNS, as ExternalDNS will do it',
    ...(rows.length > 0 ? [table(['', 'Type', 'Name', 'Now', 'Then'], rows)] : []),
    ...(rest > 0 ? [`… and ${rest} more in \`report.json\`.`] : []),
    ...(same > 0 ? [`▫️ ${many(same, 'record')} unchanged`] : []),
  ].join('\n\n');
};

const sayBudget = (what: string, { before, after, limit }: Budget): string =>
  `${what} ${before === after ? after : `${before} → ${after}`} of ${limit}`;

const balancer = (of: PlannedLoadBalancer, { rows: limit }: PlanTextLimits): string => {
  const { gateway, loadBalancer, rules, targetGroups, changes } = of;
  const rows = changes
    .slice(0, limit)
    .map(({ action, listener, host, match, from, to }) => [
      `${signs[action]}&nbsp;${action}`,
      code(listener),
      code(host, 300),
      code(match, 200),
      from === undefined ? '–' : code(from, 200),
      to === undefined ? '–' : code(to, 200),
    ]);
  const rest = changes.length - rows.length;
  const name = loadBalancer === undefined ? 'a load balancer to be made' : code(loadBalancer);
  return [
    `#### Load balancer of ${plain(gateway)}`,
    `${name}: ${sayBudget('rules', rules)}, ${sayBudget('target groups', targetGroups)}`,
    ...(rows.length > 0 ? [table(['', 'Listener', 'Host', 'Match', 'Now', 'Then'], rows)] : []),
    ...(rest > 0 ? [`… and ${rest} more in \`report.json\`.`] : []),
  ].join('\n\n');
};

/** @returns the parts, of which the last may be cut off */
export const planParts = (plan: Plan, limits: PlanTextLimits): readonly string[] => [
  ...(plan.objects.length > 0 ? [objectList('Cluster', plan.objects, limits)] : []),
  ...plan.releases.map((release) => releaseList(release, limits)),
  ...[recordTable(plan.records, limits)].filter((part) => part !== ''),
  ...plan.loadBalancers.map((each) => balancer(each, limits)),
];
