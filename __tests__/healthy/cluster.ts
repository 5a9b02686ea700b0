// The cluster of a simulated deploy: each object as it stands at a moment of the course, told by the API server.
import type { JsonObject, KubernetesObject } from '../../src/bundle/object.ts';
import type { ClusterReader, Kind } from '../../src/chain/cluster.ts';
import type { Course } from './course.ts';

export const host = 'shop.example.com';
export const loadBalancer = 'k8s-infra-public-0123456789.eu-west-1.elb.amazonaws.com';
export const loadBalancerArn =
  'arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/k8s-infra-public/0123456789abcdef';
export const targetGroupArn =
  'arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/k8s-shop-shop/0123456789abcdef';

const gatewayApi = 'gateway.networking.k8s.io/v1';
const born = '1970-01-01T00:00:00Z';

/** Whole seconds, as the API server writes them. */
const stamp = (start: Date, ms: number): string =>
  new Date(start.getTime() + ms).toISOString().replace(/\.\d+Z$/, 'Z');

const condition = (type: string, status: string, at: string, more: JsonObject = {}): JsonObject => ({
  type,
  status,
  reason: type,
  message: '',
  lastTransitionTime: at,
  ...more,
});

const object = (
  apiVersion: string,
  kind: string,
  metadata: KubernetesObject['metadata'],
  rest: JsonObject = {},
): KubernetesObject => ({ apiVersion, kind, metadata: { generation: 1, ...metadata }, ...rest });

export const route: KubernetesObject = object(
  gatewayApi,
  'HTTPRoute',
  { name: 'shop', namespace: 'shop' },
  {
    spec: {
      hostnames: [host],
      parentRefs: [{ name: 'public', namespace: 'infra', sectionName: 'https' }],
      rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }],
    },
  },
);

export const gatewayAsWritten: KubernetesObject = object(
  gatewayApi,
  'Gateway',
  { name: 'public', namespace: 'infra', uid: 'g1' },
  {
    spec: {
      gatewayClassName: 'alb',
      listeners: [
        { name: 'https', protocol: 'HTTPS', port: 443, allowedRoutes: { namespaces: { from: 'All' } } },
      ],
    },
  },
);

/** Everything as it stands `ms` after the run's writes, which ended at `start`. */
export class SimulatedCluster {
  readonly #course: Course;
  readonly #start: Date;
  readonly #now: () => number;

  constructor(course: Course, start: Date, now: () => number) {
    this.#course = course;
    this.#start = start;
    this.#now = now;
  }

  #deployment(
    name: string,
    namespace: string,
    image: string,
    readyAt: number,
    args: string[],
  ): KubernetesObject {
    const ready = this.#now() >= readyAt;
    const at = stamp(this.#start, readyAt);
    return object(
      'apps/v1',
      'Deployment',
      { name, namespace },
      {
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: { containers: [{ name, image, args, ports: [{ name: 'http', containerPort: 8080 }] }] },
          },
        },
        status: ready
          ? {
              observedGeneration: 1,
              replicas: 1,
              updatedReplicas: 1,
              readyReplicas: 1,
              availableReplicas: 1,
              conditions: [condition('Available', 'True', at)],
            }
          : {
              observedGeneration: 1,
              replicas: 1,
              updatedReplicas: 1,
              conditions: [condition('Available', 'False', at), condition('Progressing', 'True', at)],
            },
      },
    );
  }

  #pod(name: string, namespace: string, readyAt: number): KubernetesObject {
    const ready = this.#now() >= readyAt;
    return object(
      'v1',
      'Pod',
      { name: `${name}-1`, namespace, labels: { app: name }, creationTimestamp: stamp(this.#start, 0) },
      {
        spec: { containers: [{ name, image: name, ports: [{ name: 'http', containerPort: 8080 }] }] },
        status: {
          phase: ready ? 'Running' : 'Pending',
          conditions: [condition('Ready', ready ? 'True' : 'False', stamp(this.#start, 0))],
          containerStatuses: [
            {
              name,
              image: name,
              ready,
              restartCount: 0,
              state: ready
                ? { running: { startedAt: stamp(this.#start, 0) } }
                : { waiting: { reason: 'ContainerCreating' } },
            },
          ],
        },
      },
    );
  }

  #gateway(): KubernetesObject {
    const { falseAlarm, gatewayAccepted, programmed } = this.#course;
    const now = this.#now();
    const waiting = { reason: 'Pending', message: 'Waiting for controller' };
    const at = (ms: number): string => stamp(this.#start, ms);
    const alarmed = falseAlarm !== undefined && now >= falseAlarm[0] && now < falseAlarm[1];
    const accepted = (): JsonObject => {
      if (now >= gatewayAccepted)
        return condition('Accepted', 'True', at(gatewayAccepted), { observedGeneration: 1 });
      if (alarmed)
        return condition('Accepted', 'False', at(falseAlarm[0]), {
          reason: 'Invalid',
          message: 'Unable to materialize gateway when gateway class alb is not accepted',
          observedGeneration: 1,
        });
      return condition('Accepted', 'Unknown', born, waiting);
    };
    const programming = (): JsonObject => {
      if (now >= programmed)
        return condition('Programmed', 'True', at(programmed), {
          message: loadBalancerArn,
          observedGeneration: 1,
        });
      return now >= gatewayAccepted
        ? condition('Programmed', 'Unknown', at(gatewayAccepted), {
            reason: 'Pending',
            message: 'Waiting for load balancer to be active',
            observedGeneration: 1,
          })
        : condition('Programmed', 'Unknown', born, waiting);
    };
    return {
      ...gatewayAsWritten,
      status: {
        conditions: [accepted(), programming()],
        ...(now >= programmed && { addresses: [{ type: 'Hostname', value: loadBalancer }] }),
      },
    };
  }

  #route(): KubernetesObject {
    const { routeSeen, backendsKnown } = this.#course;
    const now = this.#now();
    if (now < routeSeen) return route;
    const known = now >= backendsKnown;
    return {
      ...route,
      status: {
        parents: [
          {
            controllerName: 'gateway.k8s.aws/alb',
            parentRef: { name: 'public', namespace: 'infra', sectionName: 'https' },
            conditions: [
              condition('Accepted', 'True', stamp(this.#start, routeSeen), { observedGeneration: 1 }),
              condition(
                'ResolvedRefs',
                known ? 'True' : 'False',
                stamp(this.#start, known ? backendsKnown : routeSeen),
                {
                  reason: known ? 'ResolvedRefs' : 'BackendNotFound',
                  observedGeneration: 1,
                },
              ),
            ],
          },
        ],
      },
    };
  }

  #events(): readonly KubernetesObject[] {
    const { gatewayAccepted, programmed } = this.#course;
    const now = this.#now();
    const event = (reason: string, message: string, ms: number): KubernetesObject =>
      object(
        'v1',
        'Event',
        { name: `e-${ms}`, namespace: 'infra' },
        {
          reason,
          message,
          involvedObject: { kind: 'Gateway', name: 'public', uid: 'g1' },
          lastTimestamp: stamp(this.#start, ms),
        },
      );
    const monitoring = 'Failed update status due to requeue needed after 2m0s: Monitoring provisioning state';
    return [
      ...(now >= gatewayAccepted ? [event('FailedUpdateStatus', monitoring, gatewayAccepted)] : []),
      ...(now >= programmed ? [event('SuccessfullyReconciled', 'Successfully reconciled', programmed)] : []),
    ];
  }

  #list({ kind }: Kind, namespace: string | undefined): readonly KubernetesObject[] {
    const { controllers, podsReady, rule } = this.#course;
    const now = this.#now();
    switch (kind) {
      case 'Deployment':
        return [
          this.#deployment('lbc', 'infra', 'aws-load-balancer-controller:v3.5.0', controllers, []),
          this.#deployment('external-dns', 'infra', 'external-dns:v0.19.0', controllers, [
            '--source=gateway-httproute',
            '--txt-owner-id=lab',
          ]),
          this.#deployment('shop', 'shop', 'shop:1', podsReady, []),
        ].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
      case 'Pod':
        return namespace === 'shop'
          ? [this.#pod('shop', 'shop', podsReady)]
          : [this.#pod('lbc', 'infra', controllers), this.#pod('external-dns', 'infra', controllers)];
      case 'EndpointSlice':
        return [
          object(
            'discovery.k8s.io/v1',
            'EndpointSlice',
            { name: 'shop-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'shop' } },
            { endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: now >= podsReady } }] },
          ),
        ];
      case 'TargetGroupBinding':
        return now < rule
          ? []
          : [
              object(
                'elbv2.k8s.aws/v1beta1',
                'TargetGroupBinding',
                { name: 'k8s-shop', namespace: 'shop' },
                { spec: { targetGroupARN: targetGroupArn, serviceRef: { name: 'shop', port: 80 } } },
              ),
            ];
      case 'Event':
        return this.#events();
      case 'HTTPRoute':
        return [this.#route()];
      default:
        return [];
    }
  }

  #get({ kind, apiVersion }: Kind, name: string): KubernetesObject | undefined {
    const { crds, classAccepted } = this.#course;
    const now = this.#now();
    switch (kind) {
      case 'CustomResourceDefinition':
        return object(
          apiVersion,
          kind,
          { name, creationTimestamp: stamp(this.#start, -1_000) },
          {
            spec: { versions: ['v1', 'v1beta1'].map((served) => ({ name: served, served: true })) },
            status: {
              conditions: now >= crds ? [condition('Established', 'True', stamp(this.#start, crds))] : [],
            },
          },
        );
      case 'GatewayClass':
        return object(
          gatewayApi,
          kind,
          { name },
          {
            spec: { controllerName: 'gateway.k8s.aws/alb' },
            status: {
              conditions: [
                now >= classAccepted
                  ? condition('Accepted', 'True', stamp(this.#start, classAccepted), {
                      observedGeneration: 1,
                    })
                  : condition('Accepted', 'Unknown', born, {
                      reason: 'Pending',
                      message: 'Waiting for controller',
                    }),
              ],
            },
          },
        );
      case 'Gateway':
        return this.#gateway();
      case 'HTTPRoute':
        return this.#route();
      case 'Service':
        return object(
          'v1',
          kind,
          { name, namespace: 'shop' },
          { spec: { type: 'ClusterIP', selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 8080 }] } },
        );
      default:
        return undefined;
    }
  }

  /** @param pause what a call takes */
  reader(pause: () => Promise<void>): ClusterReader {
    const at = (): Date => new Date(this.#start.getTime() + this.#now());
    return {
      get: async (kind, _namespace, name) => {
        await pause();
        return { at: at(), value: this.#get(kind, name) };
      },
      list: async (kind, namespace) => {
        await pause();
        return { at: at(), value: this.#list(kind, namespace) };
      },
      log: async () => ({ at: at(), value: '' }),
    };
  }
}
