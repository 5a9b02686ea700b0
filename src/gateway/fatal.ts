// What in one route stops the controller for every route of its Gateway, without a condition or an event.
import { list, number, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';

/** The largest weight of a target group that ELBv2 takes. */
export const maxWeight = 999;

/**
 * Why the controller gives up on every Gateway of the route: `the weight of backend web is 1000, and 999 is the most`. A
 * weight above 999 is an error of loading that is no LoaderError, so nothing is written anywhere but to the controller's
 * log (routeutils/backend.go and loader.go, v2.14.0 … v3.5.0; lbc-transcripts: weight-over-999).
 */
export const fatalIn = (route: KubernetesObject): string | undefined => {
  const backends = list(route, 'spec', 'rules').flatMap((rule) => list(rule, 'backendRefs'));
  const heavy = backends.find((backend) => (number(backend, 'weight') ?? 1) > maxWeight);
  if (heavy === undefined) return undefined;
  return `the weight of backend ${text(heavy, 'name') ?? ''} is ${number(heavy, 'weight')}, and ${maxWeight} is the most`;
};
