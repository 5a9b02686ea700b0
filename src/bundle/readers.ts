// Who reads a document that has `apiVersion` or `kind` and is still nothing for a cluster: tools borrow the form.
import { field, isMap, text } from './field.ts';
import type { JsonObject } from './object.ts';

const groups: readonly (readonly [RegExp, string])[] = [
  [/^kustomize\.config\.k8s\.io\//, 'kustomize'],
  [/^eksctl\.io\//, 'eksctl'],
  [/^kind\.x-k8s\.io\//, 'kind'],
  [/^k3d\.io\//, 'k3d'],
  [/^k0sctl\.k0sproject\.io\//, 'k0sctl'],
  [/^skaffold\//, 'Skaffold'],
  [/^kubeadm\.k8s\.io\//, 'kubeadm'],
  [/^(kubelet|kubeproxy|apiserver|kubescheduler|kubectl)\.config\.k8s\.io\//, 'Kubernetes components'],
  [/^audit\.k8s\.io\//, 'kube-apiserver'],
  [/^backstage\.io\//, 'Backstage'],
  [/^kuttl\.dev\//, 'KUTTL'],
  [/^cli\.kyverno\.io\//, "Kyverno's command line"],
  [/^chainsaw\.kyverno\.io\//, 'Chainsaw'],
  [/^kpt\.dev\//, 'kpt'],
  [/^krew\.googlecontainertools\.github\.com\//, 'Krew'],
  [/^meta\.pkg\.crossplane\.io\//, "Crossplane's command line"],
];

/** The tool that reads it, whatever else stands in it. */
export const toolOf = (value: JsonObject): string | undefined => {
  const apiVersion = text(value, 'apiVersion') ?? '';
  if (apiVersion === 'v1' && text(value, 'kind') === 'Config') return 'kubectl';
  return groups.find(([group]) => group.test(apiVersion))?.[1];
};

/** What Kubernetes' own kinds keep their content in: with one of these and without metadata it is an object cut short. */
const contents = ['spec', 'data', 'stringData', 'rules', 'roleRef', 'subjects', 'webhooks', 'items'];

/**
 * Why a document that lacks something of an object is nothing for a cluster; `undefined` where it was meant for one.
 * Every object has metadata (API conventions, "Metadata"); values of charts have a `kind`, dashboards and data sources
 * an `apiVersion` of their own.
 */
export const strangerOf = (value: JsonObject): string | undefined => {
  const named = text(value, 'kind') ?? 'it';
  const tool = toolOf(value);
  if (tool !== undefined) return `${named} is read by ${tool}, not by a cluster`;
  if (isMap(value['metadata'])) return undefined;
  const typed = text(value, 'apiVersion') !== undefined && text(value, 'kind') !== undefined;
  if (typed && contents.some((key) => field(value, key) !== undefined)) return undefined;
  return typed
    ? `${named} has neither metadata nor spec: it is read by a tool, not by a cluster`
    : 'holds no Kubernetes object: one of apiVersion and kind alone, and no metadata';
};
