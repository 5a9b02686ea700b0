// Hosts at the listeners of the repository's Gateways: how deep a wildcard reaches, and how many rules there would be.
import { refOf } from '../bundle/object.ts';
import { byHost, hostsOf, isRedirected } from '../gateway/hosts.ts';
import { listenersOf, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { albLimits, targetGroupsOf, wantedRules } from '../gateway/wanted-rules.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { gatewayOf, gatewaysIn, type LintInput, ofKind } from './input.ts';

/** The wildcard, if the host lies more than one label below it: a certificate's `*` stands for exactly one (RFC 6125, 6.4.3). */
const tooDeep = (wildcard: string, host: string): boolean => {
  if (!wildcard.startsWith('*.') || wildcard === host || !host.endsWith(wildcard.slice(1))) return false;
  return host.slice(0, -wildcard.length + 1).includes('.');
};

export const lintWildcards = (input: LintInput): readonly Finding[] => {
  return hostsOf(input.routes, gatewaysIn(input), { namespace: input.namespace }).flatMap(
    ({ host, route }) => {
      const home = namespaceOf(route.object, input.namespace);
      const secure = parentRefsOf(route.object, home).flatMap((parent) => {
        const gateway = gatewayOf(input, parent);
        if (gateway === undefined) return [];
        return listenersOf(gateway.object).filter(
          ({ protocol, name }) =>
            protocol === 'HTTPS' && (parent.sectionName === undefined || parent.sectionName === name),
        );
      });
      const exact = secure.some(({ hostname }) => hostname === host);
      const wild = secure.find(({ hostname }) => hostname !== undefined && tooDeep(hostname, host));
      if (exact || wild === undefined) return [];
      const ref = refOf(route.object);
      return [
        finding(
          'warning',
          'lint/wildcard-depth',
          `${ref} asks for ${host}; listener "${wild.name}" admits it by ${wild.hostname}, but a certificate for ${wild.hostname} covers one label only.`,
          {
            source: route.source,
            ref,
            hint: `Have a certificate with the name ${host} (or *.${host.split('.').slice(1).join('.')}) on the listener, or take a hostname with one label less.`,
          },
        ),
      ];
    },
  );
};

/** The promise is an answer over HTTPS: without a listener for it a deploy never ends green. */
export const lintPlain = (input: LintInput): readonly Finding[] =>
  byHost(hostsOf(input.routes, gatewaysIn(input), { namespace: input.namespace }))
    .filter((host) => host.first.secure === false && !isRedirected(host))
    .map(({ first: { host, route } }) => {
      const ref = refOf(route.object);
      return finding(
        'error',
        'rule/plain-http',
        `${ref} is at listeners for plain HTTP alone, so https://${host.replace(/^\*/, 'any-name')}/ would have no rule.`,
        {
          source: route.source,
          ref,
          hint: "Give the Gateway a listener of protocol HTTPS with a certificate, and name it in the route's parentRefs (sectionName), or name none.",
        },
      );
    });

/** From this part of a quota on it is said. */
const nearly = 0.8;

export const lintBudgets = (input: LintInput): readonly Finding[] =>
  ofKind(input, 'Gateway').flatMap(({ object, source }) => {
    const routes = input.routes.map((route) => route.object);
    const rules = wantedRules(object, routes, { namespace: input.namespace });
    const ref = refOf(object);
    const judge = (count: number, what: string, limit: number, hint: string): readonly Finding[] =>
      count <= nearly * limit
        ? []
        : [
            finding(
              count > limit ? 'error' : 'warning',
              'lint/budget',
              `The repository's routes need ${count} ${what} at ${ref}; an ALB takes ${limit} by default.`,
              { source, ref, hint },
            ),
          ];
    return [
      ...judge(
        rules.length,
        'rules',
        albLimits.rules,
        'Use fewer hostnames and matches or a second Gateway, or have the quota raised.',
      ),
      ...judge(
        targetGroupsOf(rules),
        'target groups',
        albLimits.targetGroups,
        'This quota cannot be raised: send to fewer Services, or use a second Gateway.',
      ),
    ];
  });
