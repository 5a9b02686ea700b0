// Faults of the workload behind a route, and of what it answers.
import { layout } from '../../lab/cluster/layout.ts';
import { appFiles } from '../dist/app-files.ts';
import { type Fault, replaced } from './fault.ts';
import type { Place } from './place.ts';
import { allowAgain, deny, setEntry } from './world.ts';

const labels = ({ name }: Place): string => `metadata: { labels: { app: ${name} } }`;

/** How the lab's pods are told to misbehave. */
const annotated =
  (annotations: string): NonNullable<Fault['change']> =>
  (files, at) =>
    replaced([labels(at), `metadata: { labels: { app: ${at.name} }, annotations: { ${annotations} } }`])(
      files,
    );

const podOf = ({ name }: Place): string => `Pod ${name}/${name}-`;

export const workloadFaults: readonly Fault[] = [
  {
    name: 'workload-port',
    family: 'workload',
    what: 'The Service sends to 8080 while nginx listens on 80',
    link: 'workload',
    code: 'workload/port-mismatch',
    names: ({ name }) => [`Service ${name}/${name}`, '8080', 'declare 80'],
    timeout: 120,
    fresh: true,
    change: replaced(['targetPort: http', 'targetPort: 8080']),
  },
  {
    name: 'workload-port-name',
    family: 'workload',
    what: "The Service's port names no port of the container",
    link: 'workload',
    code: 'workload/port-name-unknown',
    names: ({ name }) => [`Service ${name}/${name}`, 'web-http'],
    fresh: true,
    // From one name to another the controller comes to no end: both target groups have the same name.
    extra: ({ name, gateway }) =>
      appFiles(name, (yaml) =>
        yaml
          .replace('targetPort: http', 'targetPort: 80')
          .replace(
            'name: public, namespace: infra',
            `name: ${gateway.name}, namespace: ${gateway.namespace}`,
          ),
      ),
    change: replaced(['targetPort: 80', 'targetPort: web-http']),
  },
  {
    name: 'workload-crash',
    family: 'workload',
    what: 'The container ends again and again',
    link: 'workload',
    code: 'workload/crash-loop',
    names: (at) => [podOf(at), 'exit code 1'],
    change: annotated('lab/fails: CrashLoopBackOff'),
  },
  {
    name: 'workload-image',
    family: 'workload',
    what: 'The image cannot be pulled',
    link: 'workload',
    code: 'workload/image-pull',
    names: (at) => [podOf(at), 'nginx:1.92'],
    change: (files, at) =>
      annotated('lab/fails: ImagePullBackOff')(replaced(['nginx:1.29', 'nginx:1.92'])(files), at),
  },
  {
    name: 'workload-not-ready',
    family: 'workload',
    what: 'The readiness probe never succeeds',
    link: 'workload',
    code: 'workload/rolling-out',
    names: ({ name }) => [`Deployment ${name}/${name}`],
    waits: true,
    timeout: 20,
    change: annotated('lab/fails: NotReady'),
  },
  {
    name: 'workload-no-node',
    family: 'workload',
    what: 'No node fits the pod',
    link: 'workload',
    code: 'workload/not-scheduled',
    names: (at) => [podOf(at), 'node'],
    timeout: 150,
    change: replaced(['      containers:\n', '      nodeSelector: { gpu: many }\n      containers:\n']),
  },
  {
    name: 'workload-selector',
    family: 'workload',
    what: 'The Service selects a label that no pod has',
    link: 'workload',
    code: 'workload/no-pods',
    names: ({ name }) => [`Service ${name}/${name}`, `app=${name}-typo`],
    change: (files, { name }) =>
      replaced([
        `spec:\n  selector: { app: ${name} }\n  ports`,
        `spec:\n  selector: { app: ${name}-typo }\n  ports`,
      ])(files),
  },
  {
    name: 'workload-zero',
    family: 'workload',
    what: 'The Deployment is scaled to zero',
    link: 'workload',
    code: 'workload/scaled-to-zero',
    names: ({ name }) => [`Deployment ${name}/${name}`],
    change: replaced(['replicas: 1', 'replicas: 0']),
  },
  {
    name: 'targets-refused',
    family: 'workload',
    what: "The controller's role may not register targets",
    link: 'targets',
    code: 'targets/refused',
    names: ({ name }) => [
      `Service ${name}/${name}`,
      'elasticloadbalancing:RegisterTargets',
      layout.roles.loadBalancerController,
    ],
    fresh: true,
    alone: true,
    inject: () => deny('eks', layout.roles.loadBalancerController, 'elasticloadbalancing:RegisterTargets'),
    mend: () => allowAgain('eks', layout.roles.loadBalancerController),
  },
];

export const answerFaults: readonly Fault[] = [
  {
    name: 'answer-503',
    family: 'answer',
    what: 'The app answers 503',
    link: 'https',
    code: 'https/status',
    names: ({ host }) => [host, '503'],
    waits: true,
    timeout: 25,
    change: annotated('lab/answers: "503"'),
  },
  {
    name: 'answer-now-and-then',
    family: 'answer',
    what: 'The app fails every other time',
    link: 'https',
    code: 'https/status',
    names: ({ host }) => [host, '500'],
    waits: true,
    timeout: 25,
    change: annotated('lab/answers: "200,500"'),
  },
  {
    name: 'answer-404',
    family: 'answer',
    what: 'The app does not know the path',
    link: 'https',
    code: 'https/status',
    names: ({ host }) => [host, '404'],
    waits: true,
    timeout: 25,
    change: annotated('lab/answers: "404"'),
  },
  {
    name: 'answer-header',
    family: 'answer',
    what: 'An older version still answers: the expected header has another value',
    link: 'https',
    code: 'https/header-missing',
    names: ({ host }) => [host, 'application/json', 'text/html'],
    waits: true,
    timeout: 25,
    wrongInputs: { 'https-header': 'Content-Type: text/html' },
  },
  {
    name: 'answer-none',
    family: 'answer',
    what: 'The load balancer closes the connection without an answer',
    link: 'https',
    code: 'https/unreachable',
    names: ({ host }) => [host],
    waits: true,
    timeout: 25,
    inject: ({ host }) => setEntry('answers', host, [0]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
  {
    name: 'answer-502',
    family: 'answer',
    what: 'The load balancer gets no valid answer from the app (502)',
    link: 'https',
    code: 'https/bad-gateway',
    names: ({ host }) => [host, '502', 'awselb/2.0'],
    waits: true,
    timeout: 25,
    inject: ({ host }) => setEntry('answers', host, [502]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
  {
    name: 'answer-464',
    family: 'answer',
    what: 'The target group wants another version of HTTP (464)',
    link: 'https',
    code: 'https/protocol-mismatch',
    names: ({ host }) => [host, '464', 'awselb/2.0'],
    inject: ({ host }) => setEntry('answers', host, [464]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
  {
    name: 'answer-403',
    family: 'answer',
    what: 'The web ACL refuses the request',
    link: 'https',
    code: 'https/shut-out',
    names: ({ host }) => [host, '403', ':regional/webacl/sample/'],
    timeout: 150,
    inject: ({ host }) => setEntry('answers', host, [403]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
  {
    name: 'answer-ranges',
    family: 'network',
    what: 'The load balancer admits other networks only',
    link: 'https',
    code: 'https/shut-out',
    names: ({ host, name }) => [host, '203.0.113.0/24', `LoadBalancerConfiguration ${name}-edge/edge`],
    timeout: 150,
    ownGateway: true,
    inject: ({ host }) => setEntry('answers', host, [0]),
    change: replaced([
      '  scheme: internet-facing\n',
      '  scheme: internet-facing\n  sourceRanges: [203.0.113.0/24]\n',
    ]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
  {
    name: 'answer-504',
    family: 'answer',
    what: 'The app does not answer in time (504)',
    link: 'https',
    code: 'https/target-timeout',
    names: ({ host }) => [host, '504', 'awselb/2.0'],
    waits: true,
    timeout: 25,
    inject: ({ host }) => setEntry('answers', host, [504]),
    mend: ({ host }) => setEntry('answers', host, undefined),
  },
];
