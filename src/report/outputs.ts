// Report → outputs of the step.
import { counted } from './plan.ts';
import type { Report } from './report.ts';

export const outputSpecs = {
  live: '`true` when every hostname is live.',
  hostnames: 'The hostnames that the repository publishes, as a JSON array.',
  urls: 'Their addresses (`https://…`), as a JSON array.',
  changed:
    '`true` when an object was created, configured or pruned, or a release installed, upgraded or rolled back; in a plan, when anything would change.',
  'preview-name': 'Name of the preview, its namespace too; known from the start, empty in other modes.',
  'preview-url':
    'Address of the preview: known from the start, whether it is live or not; empty in other modes.',
  'load-balancer': "DNS name of the load balancer; with several Gateways the first one's.",
  report: 'Path of `report.json` on the runner.',
  'hosts-total': 'How many hostnames there are.',
  'hosts-live': 'How many of them are live.',
  drift:
    '`true` when something has drifted, `false` when nothing has, `error` when nothing was found but not all could be checked; empty in other modes.',
  'drift-total': 'How many things have drifted.',
  'drift-heals': 'How many of them will mend themselves.',
  'drift-ignored': 'How many more were left out by the rules of `drift-ignore`.',
  'drift-unchecked': 'How many things could not be checked.',
  'drift-report': 'Path of `drift.json` on the runner; empty in other modes.',
} as const;

export type OutputName = keyof typeof outputSpecs;

const driftOf = ({ mode, outcome }: Report): string => {
  if (mode !== 'drift') return '';
  if (outcome === 'drifted') return 'true';
  return outcome === 'clean' ? 'false' : 'error';
};

/** @param driftFile where the report's drift array stands alone, in mode drift */
export function outputsOf(
  report: Report,
  reportFile: string,
  driftFile = '',
): Readonly<Record<OutputName, string>> {
  const live = report.hosts.filter((host) => host.live);
  const changes = report.objects.filter((object) =>
    ['created', 'configured', 'pruned'].includes(object.result),
  );
  const releases = (report.releases ?? []).filter(({ result }) => !['unchanged', 'failed'].includes(result));
  return {
    live: String(report.outcome === 'live'),
    hostnames: JSON.stringify(report.hosts.map((host) => host.host)),
    urls: JSON.stringify(report.hosts.map((host) => host.url)),
    changed: String(changes.length + releases.length > 0 || wouldChange(report)),
    'preview-name': report.preview?.name ?? '',
    'preview-url': report.preview?.url ?? '',
    'load-balancer': report.loadBalancers[0] ?? '',
    report: reportFile,
    'hosts-total': String(report.hosts.length),
    'hosts-live': String(live.length),
    drift: driftOf(report),
    'drift-total': String(report.drift.length),
    'drift-heals': String(report.drift.filter(({ heals }) => heals !== false).length),
    'drift-ignored': String(report.driftIgnored ?? 0),
    'drift-unchecked': String(report.findings.filter(({ code }) => code === 'drift/not-checked').length),
    'drift-report': driftFile,
  };
}

const wouldChange = ({ plan }: Report): boolean => {
  if (plan === undefined) return false;
  const { objects, releases, records, rules } = counted(plan);
  return objects + releases + records + rules > 0;
};
