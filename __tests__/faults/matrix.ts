// All faults, in the order of the chain.
import { certificateFaults } from './certificates.ts';
import { classFaults } from './classes.ts';
import { controllerFaults } from './controllers.ts';
import { definitionFaults } from './definitions.ts';
import type { Fault } from './fault.ts';
import { gatewayFaults } from './gateways.ts';
import { clusterFaults, identityFaults, signInFaults } from './identities.ts';
import { routeFaults } from './routes.ts';
import { answerFaults, workloadFaults } from './workloads.ts';
import { nameServerFaults, zoneFaults } from './zones.ts';

export const faults: readonly Fault[] = [
  ...signInFaults,
  ...clusterFaults,
  ...definitionFaults,
  ...controllerFaults,
  ...classFaults,
  ...gatewayFaults,
  ...routeFaults,
  ...workloadFaults,
  ...identityFaults,
  ...zoneFaults,
  ...nameServerFaults,
  ...certificateFaults,
  ...answerFaults,
];
