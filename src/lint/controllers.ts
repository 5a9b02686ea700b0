// What the charts' values make of the controllers: owner id, policy, sources, region, gates; the judges are preflight's.
import { byHost, hostsOf } from '../gateway/hosts.ts';
import { judgeControllers } from '../preflight/controllers.ts';
import { judgeExternalDns } from '../preflight/external-dns.ts';
import type { Finding } from '../verdict/finding.ts';
import { gatewaysIn, type LintInput } from './input.ts';

/** Said of a cluster that is looked at, not of a repository. */
const elsewhere = new Set(['release/controller-missing', 'controller/says-little']);

export const lintControllers = (input: LintInput): readonly Finding[] => {
  const { namespace, routes, controllers = [], cluster } = input;
  const gateways = gatewaysIn(input);
  const hosts = byHost(hostsOf(routes, gateways, { namespace })).map(({ first }) => first);
  const setting = {
    cluster: cluster ?? 'NAME_OF_THE_CLUSTER',
    arn: '',
    region: '',
    accounts: { eks: '', dns: '' },
    roles: { eks: '', dns: '' },
  };
  return controllers.flatMap(({ workload, sourceOf }) => {
    const want = { hosts, gateways, namespace, zoneOf: () => undefined };
    const found = [...judgeControllers([workload], cluster), ...judgeExternalDns(setting, workload, want)];
    return found
      .filter(({ code }) => !elsewhere.has(code))
      .map((each) => ({ ...each, source: sourceOf?.(each) ?? each.source ?? workload.source }))
      .map(({ source, ...each }) => ({ ...each, ...(source && { source }) }));
  });
};
