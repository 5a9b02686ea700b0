// Texts of files as a test writes them, collected into a bundle: what became of each, by name.
import { collect, type Globs } from '../../../src/bundle/collect.ts';

export const noGlobs: Globs = { crds: [], charts: [], manifests: [], routes: [] };

export const yaml = (kind: string, name: string, apiVersion = 'v1', rest = ''): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;
export const crd = (name: string) => yaml('CustomResourceDefinition', name, 'apiextensions.k8s.io/v1');
export const route = (name: string) => yaml('HTTPRoute', name, 'gateway.networking.k8s.io/v1');
export const chart = 'apiVersion: v2\nname: infra\nversion: 0.1.0\n';

export const collected = (
  files: Readonly<Record<string, string>>,
  globs: Partial<Globs> = {},
  root?: string,
) => {
  const { bundle, findings } = collect(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { ...noGlobs, ...globs },
    root,
  );
  const names = (of: readonly { object: { metadata: { name: string } } }[]) =>
    of.map(({ object }) => object.metadata.name);
  return {
    crds: names(bundle.crds),
    charts: bundle.charts.map(({ folder }) => folder),
    manifests: names(bundle.manifests),
    routes: names(bundle.routes),
    ignored: bundle.ignored.map(({ file, why }) => `${file}: ${why}`),
    findings: findings.map(({ code, source }) => `${code} ${source?.file}:${source?.line}`),
    messages: findings.map(({ message }) => message),
  };
};
