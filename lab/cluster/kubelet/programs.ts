// Which images run as real processes here, and what has to be added to their arguments and environment.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, toolPath } from '../../tools/locations.ts';
import { layout } from '../layout.ts';

/** Matches the images whose pods run as processes; in a form that both JavaScript and kwok's jq understand. */
export const HOST_RUN_IMAGE = '(^|/)(aws-load-balancer-controller|external-dns)([:@]|$)';

const WEBHOOK_CERTIFICATES = '/tmp/k8s-webhook-server/serving-certs';

export interface Program {
  readonly command: readonly string[];
  /** It serves what its readiness probe asks for; otherwise it counts as ready while it lives. */
  readonly answersProbes: boolean;
  /** Arguments after those of the Pod. */
  readonly extra: (start: Start) => string[];
}

/** A container that is about to start. */
export interface Start {
  readonly given: readonly string[];
  readonly kubeconfig: string;
  readonly namespace: string;
  /** The pod's private folder, and the lab's key pairs. */
  readonly folder: string;
  readonly pki: string;
  /** Where a path of the container lies on this machine; undefined where nothing is mounted. */
  readonly at: (path: string) => string | undefined;
}

const has = (given: readonly string[], flag: string): boolean =>
  given.some((argument) => argument === `--${flag}` || argument.startsWith(`--${flag}=`));

/** The program behind an image, or undefined where kwok only pretends to run it. */
export function programFor(image: string): Program | undefined {
  switch (image.match(new RegExp(HOST_RUN_IMAGE))?.[2]) {
    case 'external-dns':
      return {
        command: [process.env['LAB_EXTERNAL_DNS'] ?? toolPath('external-dns')],
        answersProbes: true,
        extra: ({ given, kubeconfig }) => (has(given, 'kubeconfig') ? [] : [`--kubeconfig=${kubeconfig}`]),
      };
    case 'aws-load-balancer-controller':
      return loadBalancerController(image);
    default:
      return undefined;
  }
}

function loadBalancerController(image: string): Program {
  const real = process.env['LAB_LBC'];
  const added = (process.env['LAB_LBC_ARGS'] ?? '').split(/\s+/).filter((argument) => argument !== '');
  return {
    command: real ? [real] : [process.execPath, join(repositoryRoot, 'lab/controller/main.ts')],
    // The stand-in has no health endpoint.
    answersProbes: real !== undefined,
    extra: (start) => {
      const { given } = start;
      const flags = [`--kubeconfig=${start.kubeconfig}`];
      // What the image's own version would refuse, the stand-in refuses too.
      if (!real) flags.push(`--stand-in-version=${image.split(':').at(-1)}`);
      const certificates = start.at(WEBHOOK_CERTIFICATES) ?? (real && ownCertificates(start));
      if (certificates) flags.push(`--webhook-cert-dir=${certificates}`);
      // AWS' emulator knows neither Shield nor classic WAF; the real controller asks for both at every turn.
      if (real) flags.push('--enable-shield=false', '--enable-waf=false');
      // In a container a file says this.
      if (real) flags.push(`--leader-election-namespace=${start.namespace}`);
      const missing = flags.filter((flag) => !has(given, flag.slice(2, flag.indexOf('='))));
      return [...missing, ...added];
    },
  };
}

/** The real controller does not start without a certificate for its webhooks; our chart has none, and nobody calls them. */
function ownCertificates({ folder, pki }: Start): string {
  const certificates = join(folder, 'webhook');
  mkdirSync(certificates, { recursive: true });
  for (const kind of ['crt', 'key'])
    copyFileSync(join(pki, `webhooks.${kind}`), join(certificates, `tls.${kind}`));
  return certificates;
}

/** Environment that stands in for what a container finds in its image and its network. */
export function programEnvironment(home: string, ca: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    KUBERNETES_SERVICE_HOST: layout.addresses.apiServer,
    KUBERNETES_SERVICE_PORT: String(layout.ports.apiServer),
    AWS_ENDPOINT_URL: `http://${layout.addresses.aws}:${layout.ports.aws}`,
    AWS_EC2_METADATA_DISABLED: 'true',
    SSL_CERT_FILE: ca,
    NODE_EXTRA_CA_CERTS: ca,
  };
}
