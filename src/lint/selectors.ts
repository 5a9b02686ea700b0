// Services behind routes that select nothing of what the repository brings into their namespace.
import { textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { backendRefsOf } from '../gateway/backend-refs.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { type LintInput, named } from './input.ts';

/** Of whatever has a pod template, and of Pods. */
const podLabels = (object: KubernetesObject): Readonly<Record<string, string>> =>
  object.kind === 'Pod'
    ? textMap(object, 'metadata', 'labels')
    : textMap(object, 'spec', 'template', 'metadata', 'labels');

const say = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const judge = (service: Sourced, { objects, namespace }: LintInput): readonly Finding[] => {
  const home = namespaceOf(service.object, namespace);
  const selector = textMap(service.object, 'spec', 'selector');
  const workloads = objects.flatMap(({ object }) => {
    const labels = podLabels(object);
    const here = namespaceOf(object, namespace) === home && Object.keys(labels).length > 0;
    return here ? [{ object, labels }] : [];
  });
  const selects = (labels: Readonly<Record<string, string>>): boolean =>
    Object.entries(selector).every(([key, value]) => labels[key] === value);
  if (Object.keys(selector).length === 0 || workloads.length === 0) return [];
  if (workloads.some(({ labels }) => selects(labels))) return [];
  const ref = refOf(service.object);
  const there = workloads.slice(0, 3).map(({ object, labels }) => `${refOf(object)} has ${say(labels)}`);
  return [
    finding(
      'warning',
      'workload/no-pods',
      `${ref} selects ${say(selector)}, which no pod of the repository in namespace ${home} has (${there.join('; ')}).`,
      {
        source: service.source,
        ref,
        hint: "Make the Service's selector match the labels of the pod template; leave it if the pods come from elsewhere.",
      },
    ),
  ];
};

export const lintSelectors = (input: LintInput): readonly Finding[] => {
  if (comesFromElsewhere(input)) return [];
  const services = input.routes
    .flatMap(({ object }) => backendRefsOf(object, namespaceOf(object, input.namespace)))
    .flatMap(({ namespace, name }) => named(input, 'Service', namespace, name) ?? []);
  return [...new Set(services)].flatMap((service) => judge(service, input));
};
