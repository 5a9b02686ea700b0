// Faults of the GatewayClass.
import { kubectl, kubectlApply } from '../dist/lab-control.ts';
import { type Fault, replaced } from './fault.ts';

const gatewayClass = (
  name: string,
  controller: string,
  parameters = '',
): string => `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ${name} }
spec: { controllerName: ${controller}${parameters} }
`;

const gone = (name: string): string => kubectl('delete', 'gatewayclass', name, '--wait=false');

export const classFaults: readonly Fault[] = [
  {
    name: 'class-missing',
    family: 'class',
    what: 'The Gateway names a GatewayClass that does not exist',
    link: 'class',
    code: 'class/missing',
    names: () => ['GatewayClass aws-elb'],
    ownGateway: true,
    change: replaced(['gatewayClassName: aws-alb', 'gatewayClassName: aws-elb']),
  },
  {
    name: 'class-of-other',
    family: 'class',
    what: 'The GatewayClass belongs to another controller',
    link: 'class',
    code: 'class/other-controller',
    names: () => ['GatewayClass envoy', 'gateway.envoyproxy.io/controller'],
    ownGateway: true,
    inject: () => kubectlApply(gatewayClass('envoy', 'gateway.envoyproxy.io/controller')),
    change: replaced(['gatewayClassName: aws-alb', 'gatewayClassName: envoy']),
    mend: () => gone('envoy'),
  },
  {
    name: 'class-parameters',
    family: 'class',
    what: "The GatewayClass's LoadBalancerConfiguration does not exist",
    link: 'class',
    code: 'class/invalid-parameters',
    names: () => ['GatewayClass aws-alb-tuned', 'nowhere'],
    ownGateway: true,
    inject: () =>
      kubectlApply(
        gatewayClass(
          'aws-alb-tuned',
          'gateway.k8s.aws/alb',
          ', parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: nowhere, namespace: infra }',
        ),
      ),
    change: replaced(['gatewayClassName: aws-alb', 'gatewayClassName: aws-alb-tuned']),
    mend: () => gone('aws-alb-tuned'),
  },
];
