// HTTPRoutes as a team writes them (examples/sample-app has one), most fields left to their defaults.

/** `generation` goes into each route, so that every one of them differs from the last round's. */
export const routes = (count: number, namespace: string, generation: number): string =>
  Array.from(
    { length: count },
    (_, index) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: app-${index}
  namespace: ${namespace}
  labels: { app: app-${index} }
spec:
  hostnames: [app-${index}.example.com]
  parentRefs:
    - { name: public, namespace: infra, sectionName: https }
  rules:
    - matches:
        - path: { type: PathPrefix, value: /v${generation} }
      backendRefs:
        - { name: app-${index}, port: 8080 }
`,
  ).join('---\n');
