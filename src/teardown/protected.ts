// Gateways whose load balancer is protected against deletion: the controller would hold on to them for ever.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { attributesOf, configurationFor } from '../gateway/load-balancer-configuration.ts';
import { type Finding, finding } from '../verdict/finding.ts';

const attribute = 'deletion_protection.enabled';

/**
 * Said before anything is removed: otherwise the routes go, and the Gateways stay.
 * @param gateways live ones that are to go
 * @param classes,configurations all of the cluster
 */
export const protectedGateways = (
  gateways: readonly KubernetesObject[],
  classes: readonly KubernetesObject[],
  configurations: readonly KubernetesObject[],
): readonly Finding[] =>
  gateways
    .filter((gateway) => {
      const configuration = configurationFor(gateway, classes, configurations);
      return attributesOf(configuration, 'loadBalancerAttributes').get(attribute) === 'true';
    })
    .map((gateway) =>
      finding(
        'error',
        'teardown/protected',
        `The load balancer of ${refOf(gateway)} is protected against deletion.`,
        {
          ref: refOf(gateway),
          hint: `Nothing was removed. Set \`${attribute}\` to "false" in its LoadBalancerConfiguration (taking the attribute out leaves it on in AWS), deploy once more, and run again.`,
          evidence: [
            { from: 'LoadBalancerConfiguration spec.loadBalancerAttributes', saw: `${attribute}: true` },
          ],
        },
      ),
    );
