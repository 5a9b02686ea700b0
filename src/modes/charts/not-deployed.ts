// A release that helm left in another state than `deployed` although it ended well: another run took it in the meantime.
import { type Finding, finding } from '../../verdict/finding.ts';

export const notDeployed = (release: string, status: string): readonly Finding[] =>
  status === 'deployed' ? [] : [finding('error', 'release/not-deployed', `Release ${release} is ${status}.`)];
