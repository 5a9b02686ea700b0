// Whether a call to AWS was one of the two controllers', told from what CloudTrail says of the caller.
import { list, text, textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { TrailEvent } from './trail.ts';

export interface ControllerIdentity {
  /** Name of its Deployment, with which its pods' names begin. */
  readonly deployment: string;
  /** Names of roles that are known to be its own; none: its pods' sessions, its node's role or a user's keys. */
  readonly roles: readonly string[];
  /** In each of its requests: no call without its name is its own. */
  readonly saysItsName?: true;
}

const nameOfRole = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** `AWS_ROLE_ARN`, where somebody sets by hand what the annotation would. */
const roleInEnvironment = (deployment: KubernetesObject): string | undefined =>
  list(deployment, 'spec', 'template', 'spec', 'containers')
    .flatMap((container) => list(container, 'env'))
    .filter((variable) => text(variable, 'name') === 'AWS_ROLE_ARN')
    .map((variable) => text(variable, 'value'))[0];

/** @param assumed ARN of a role that its settings name */
export const identityOf = (
  deployment: KubernetesObject,
  serviceAccount: KubernetesObject | undefined,
  assumed = '',
): ControllerIdentity => {
  const ofPods = textMap(deployment, 'spec', 'template', 'metadata', 'annotations');
  const roles = [
    // IAM roles for service accounts; with EKS Pod Identity the session's name tells.
    textMap(serviceAccount, 'metadata', 'annotations')['eks.amazonaws.com/role-arn'],
    roleInEnvironment(deployment),
    // kube2iam and kiam.
    ofPods['iam.amazonaws.com/role'],
    assumed,
  ];
  return {
    deployment: deployment.metadata.name,
    roles: roles.flatMap((each) => (each === undefined || each === '' ? [] : nameOfRole(each))),
  };
};

export const serviceAccountOf = (deployment: KubernetesObject): string =>
  text(deployment, 'spec', 'template', 'spec', 'serviceAccountName') ?? 'default';

const uuid = /-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * `eks-clustername-podname-UUID` (EKS Auth API, AssumeRoleForPodIdentity), where both names may be cut so that all of it
 * fits into the 64 characters of a session's name.
 */
const isPodOf = (session: string, cluster: string, deployment: string): boolean => {
  if (!session.startsWith('eks-')) return false;
  const names = session.slice('eks-'.length).replace(uuid, '');
  return [...names.matchAll(/-/g)].some(({ index }) => {
    const [left, right] = [names.slice(0, index), names.slice(index + 1)];
    const whole = left === cluster || (left.length >= 5 && cluster.startsWith(left));
    return whole && (right.startsWith(deployment) || (right.length >= 5 && deployment.startsWith(right)));
  });
};

/** LBC says its name in each request (pkg/aws/aws_config.go), whatever credentials it has; ExternalDNS did until 0.14. */
const saysItsName = ({ userAgent }: TrailEvent): boolean =>
  /elbv2\.k8s\.aws\/|\bExternalDNS\//.test(userAgent);

/** Calls of a program in Go that says no name of its own, as ExternalDNS since 0.15 (provider/aws/config.go). */
const isNamelessGo = ({ userAgent }: TrailEvent): boolean => userAgent.startsWith('aws-sdk-go');

/** A node's session is called after its instance; a user has keys that may lie in a Secret. */
const isSharedIdentity = (by: string): boolean => /:assumed-role\/[^/]+\/i-[0-9a-f]+$|:user\//.test(by);

/**
 * A controller that is known by no role of its own may have its node's, or a user's keys: then such a call may be its own, and
 * nobody is named for what may be a controller's.
 */
const mayBeControllers = (event: TrailEvent, controllers: readonly ControllerIdentity[]): boolean =>
  isSharedIdentity(event.by) &&
  isNamelessGo(event) &&
  controllers.some((each) => each.roles.length === 0 && each.saysItsName !== true);

export const isControllers =
  (cluster: string, controllers: readonly ControllerIdentity[]) =>
  (event: TrailEvent): boolean => {
    const [, role = '', session = ''] = /:assumed-role\/([^/]+)\/(.+)$/.exec(event.by) ?? [];
    return (
      saysItsName(event) ||
      mayBeControllers(event, controllers) ||
      controllers.some(
        ({ deployment, roles }) => roles.includes(role) || isPodOf(session, cluster, deployment),
      )
    );
  };
