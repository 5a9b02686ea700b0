// Faults that also ran with the real load balancer controller, by hand (`LAB_LBC`, lab/README.md), and were said right.

export const realController = '3.5.0';

export const withRealController: ReadonlySet<string> = new Set([
  'controllers-lbc-zero',
  'controllers-lbc-gate',
  'dns-gateway',
  'class-missing',
  'class-of-other',
  'class-parameters',
  'gateway-elsewhere',
  'gateway-configuration',
  'gateway-certificate-arn',
  'gateway-plan-only',
  'gateway-denied',
  'gateway-instance-targets',
  'gateway-blocked',
  'route-section',
  'route-hostname',
  'route-namespace',
  'route-backend',
  'route-service-port',
  'route-grant',
  'route-kind',
  'route-weight',
  'route-blocked',
  'rule-shadowed',
  'rule-plain',
  'answer-403',
  'answer-ranges',
]);
