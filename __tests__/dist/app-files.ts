// The repository of the smallest app that can be published: namespace, Deployment, Service, route.

/** One app with a route of its own on the infra Gateway: `<name>.example.com`. */
export const appFiles = (
  name: string,
  change: (yaml: string) => string = (yaml) => yaml,
): Record<string, string> => ({
  'app/app.yaml': change(`apiVersion: v1
kind: Namespace
metadata: { name: ${name} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${name} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: web, image: 'nginx:1.29', ports: [{ name: http, containerPort: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${name} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 8080, targetPort: http }]
`),
  'routes/route.yaml': change(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${name} }
spec:
  hostnames: [${name}.example.com]
  parentRefs: [{ name: public, namespace: infra, sectionName: https }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: / } }]
      backendRefs: [{ name: ${name}, port: 8080 }]
`),
});
