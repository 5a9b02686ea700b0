// Report → outputs of the step.
import type { Report } from './report.ts';

export const outputSpecs = {
  live: '`true` when every hostname is live.',
  hostnames: 'The hostnames that the repository publishes, as a JSON array.',
  urls: 'Their addresses (`https://…`), as a JSON array.',
  changed: '`true` when an object was created, configured or pruned.',
  'preview-url':
    'Address of the preview: known from the start, whether it is live or not; empty in other modes.',
  'load-balancer': "DNS name of the load balancer; with several Gateways the first one's.",
  report: 'Path of `report.json` on the runner.',
  'hosts-total': 'How many hostnames there are.',
  'hosts-live': 'How many of them are live.',
} as const;

export type OutputName = keyof typeof outputSpecs;

export function outputsOf(report: Report, reportFile: string): Readonly<Record<OutputName, string>> {
  const live = report.hosts.filter((host) => host.live);
  const changes = report.objects.filter((object) =>
    ['created', 'configured', 'pruned'].includes(object.result),
  );
  return {
    live: String(report.outcome === 'live'),
    hostnames: JSON.stringify(report.hosts.map((host) => host.host)),
    urls: JSON.stringify(report.hosts.map((host) => host.url)),
    changed: String(changes.length > 0),
    'preview-url': report.preview?.url ?? '',
    'load-balancer': report.loadBalancers[0] ?? '',
    report: reportFile,
    'hosts-total': String(report.hosts.length),
    'hosts-live': String(live.length),
  };
}
