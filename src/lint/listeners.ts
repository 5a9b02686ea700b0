// Hosts at the listeners of the repository's Gateways: how deep a wildcard reaches, what certificates are named, how many rules there would be.
import { list, text } from '../bundle/field.ts';
import { refOf } from '../bundle/object.ts';
import { plainHint } from '../chain/rule.ts';
import { byHost, hostsOf, isRedirected } from '../gateway/hosts.ts';
import { listenersOf, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { albLimits, targetGroupsOf, wantedRules } from '../gateway/wanted-rules.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { foreignClass } from './classes.ts';
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
          hint: plainHint,
        },
      );
    });

/** LBC: "configuration of TLS certificates cannot be done via the certificateRefs field" (docs/guide/gateway/gateway.md, v3.5.0). */
export const lintCertificates = (input: LintInput): readonly Finding[] =>
  ofKind(input, 'Gateway')
    .filter(({ object }) => foreignClass(input, object) === undefined)
    .flatMap(({ object, source }) => {
      const ref = refOf(object);
      return list(object, 'spec', 'listeners')
        .filter((listener) => list(listener, 'tls', 'certificateRefs').length > 0)
        .map((listener) => {
          const names = list(listener, 'tls', 'certificateRefs').map((each) => text(each, 'name') ?? '');
          return finding(
            'warning',
            'lint/certificate-unread',
            `Listener "${text(listener, 'name') ?? ''}" of ${ref} names Secret ${names.join(', ')} for its certificate, which the controller does not read: an ALB has certificates of ACM.`,
            {
              source,
              ref,
              hint: 'Name the certificate of ACM as `defaultCertificate` in a LoadBalancerConfiguration, or let the controller find one by the hostnames of listener and routes.',
            },
          );
        });
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
