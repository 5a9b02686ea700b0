// Where a fault is put: one app with a hostname of its own, at the sample's Gateway or at one of its own.
import { appFiles } from '../dist/app-files.ts';
import { edgeGateway } from '../dist/edge.ts';
import type { Fault, Files } from './fault.ts';

export interface Place {
  /** Namespace, app, Service and route have this name. */
  readonly name: string;
  readonly host: string;
  readonly gateway: { readonly namespace: string; readonly name: string };
}

export const placeOf = ({ name, ownGateway }: Fault, suffix = ''): Place => ({
  name: `${name}${suffix}`,
  host: `${name}${suffix}.example.com`,
  gateway: ownGateway
    ? { namespace: `${name}${suffix}-edge`, name: 'edge' }
    : { namespace: 'infra', name: 'public' },
});

/** A Gateway that admits routes of every namespace. */
const openGateway = (namespace: string): string =>
  edgeGateway(namespace).replaceAll(
    /port: (80|443) }/g,
    'port: $1, allowedRoutes: { namespaces: { from: All } } }',
  );

/** The repository of the working setting. */
export const filesOf = (fault: Fault, at: Place): Files => {
  const app = appFiles(at.name, (yaml) =>
    yaml.replace(
      'name: public, namespace: infra',
      `name: ${at.gateway.name}, namespace: ${at.gateway.namespace}`,
    ),
  );
  return {
    ...app,
    ...(fault.ownGateway && { 'gateway.yaml': openGateway(at.gateway.namespace) }),
    ...fault.extra?.(at),
  };
};
