// Whether a call to AWS was one of the two controllers', told from what CloudTrail says of the caller.
import { text, textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { TrailEvent } from './trail.ts';

export interface ControllerIdentity {
  /** Name of its Deployment, with which its pods' names begin. */
  readonly deployment: string;
  /** Names of roles that are known to be its own. */
  readonly roles: readonly string[];
}

const nameOfRole = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

/** @param assumed ARN of a role that its settings name */
export const identityOf = (
  deployment: KubernetesObject,
  serviceAccount: KubernetesObject | undefined,
  assumed = '',
): ControllerIdentity => {
  // IAM roles for service accounts; with EKS Pod Identity the session's name tells.
  const annotated = textMap(serviceAccount, 'metadata', 'annotations')['eks.amazonaws.com/role-arn'];
  const roles = [annotated ?? '', assumed].filter((each) => each !== '').map(nameOfRole);
  return { deployment: deployment.metadata.name, roles };
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

/** LBC says its name in each request (pkg/aws/aws_config.go), whatever credentials it has. */
const isLbc = ({ userAgent }: TrailEvent): boolean => userAgent.includes('elbv2.k8s.aws/');

export const isControllers =
  (cluster: string, controllers: readonly ControllerIdentity[]) =>
  (event: TrailEvent): boolean => {
    const [, role = '', session = ''] = /:assumed-role\/([^/]+)\/(.+)$/.exec(event.by) ?? [];
    return (
      isLbc(event) ||
      controllers.some(
        ({ deployment, roles }) => roles.includes(role) || isPodOf(session, cluster, deployment),
      )
    );
  };
