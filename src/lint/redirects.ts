// Redirects that lead to where they come from.
import { field, list, number, text } from '../bundle/field.ts';
import { type Json, refOf, type Sourced } from '../bundle/object.ts';
import { attach } from '../gateway/attachment.ts';
import { type Listener, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { gatewayOf, type LintInput } from './input.ts';

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** HTTPRequestRedirectFilter (Gateway API v1.6): what is left out stays as the request has it. */
const leadsBack = (redirect: Json, { protocol, port }: Listener, hosts: readonly string[]): boolean => {
  const from = protocol === 'HTTPS' ? 'https' : 'http';
  const scheme = text(redirect, 'scheme') ?? from;
  const host = text(redirect, 'hostname');
  // With a scheme but without a port, the scheme's usual port; without both, the listener's.
  const to = number(redirect, 'port') ?? (text(redirect, 'scheme') === undefined ? port : usualPorts[scheme]);
  return (
    scheme === from &&
    to === port &&
    field(redirect, 'path') === undefined &&
    (host === undefined || hosts.includes(host))
  );
};

const redirectsOf = (rule: Json): readonly Json[] =>
  list(rule, 'filters').flatMap((filter) => field(filter, 'requestRedirect') ?? []);

const lintRoute = (route: Sourced, input: LintInput): readonly Finding[] => {
  const { object, source } = route;
  const home = namespaceOf(object, input.namespace);
  const ref = refOf(object);
  const loops = parentRefsOf(object, home).flatMap((parent) => {
    const gateway = gatewayOf(input, parent);
    const attached = gateway && attach(object, parent, gateway.object, () => undefined, home);
    return attached !== undefined && 'attachments' in attached ? attached.attachments : [];
  });
  const rules = list(object, 'spec', 'rules');
  for (const [index, rule] of rules.entries()) {
    const loop = loops.find(({ listener, hosts }) =>
      redirectsOf(rule).some((redirect) => leadsBack(redirect, listener, hosts)),
    );
    if (loop === undefined) continue;
    const { name, protocol, port } = loop.listener;
    return [
      finding(
        'error',
        'lint/redirect-loop',
        `${ref}, rule ${index + 1}, redirects to where the request came from at listener "${name}" (${protocol} ${port}): a browser gives up after some rounds.`,
        {
          source,
          ref,
          hint: 'A redirect from http to https belongs to the listener of port 80: name it by `sectionName`.',
        },
      ),
    ];
  }
  return [];
};

export const lintRedirects = (input: LintInput): readonly Finding[] =>
  input.routes.flatMap((route) => lintRoute(route, input));
