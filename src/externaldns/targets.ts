// Where a Gateway's records are to point: to its load balancer, or where an annotation says.
import { text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { ExternalDnsSettings } from './settings.ts';

/**
 * The values of the annotation `target` of the Gateways (source/gateway.go reads it from the Gateway alone, never from the
 * route); empty where none has it, and the addresses of the Gateways count.
 */
export const annotatedTargets = (
  gateways: readonly KubernetesObject[],
  { annotationPrefix }: Pick<ExternalDnsSettings, 'annotationPrefix'>,
): readonly string[] =>
  gateways.flatMap((gateway) =>
    (text(gateway, 'metadata', 'annotations', `${annotationPrefix}target`) ?? '')
      .split(',')
      .map((target) => target.trim().replace(/\.$/, '').toLowerCase())
      .filter((target) => target !== ''),
  );
