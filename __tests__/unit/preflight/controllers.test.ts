// The two controllers by version and flags: too old, switched off, for another cluster.
import { expect, test } from '@jest/globals';
import { judgeControllers } from '../../../src/preflight/controllers.ts';
import { externalDns, gates, lbc, said } from './setting.ts';

const net = ['--aws-region=us-east-1', '--aws-vpc-id=vpc-1', '--cluster-name=sample'];
const dns = externalDns('0.19.0');
test.each([
  ['both, as the example has them', [lbc('3.5.0', gates, ...net), dns], []],
  ['none', [], ['error release/controller-missing', 'error release/controller-missing']],
  ['LBC before Pod Identity', [lbc('2.6.2', gates, ...net), dns], ['error controller/too-old']],
  ['LBC before Gateway API', [lbc('2.13.4', gates, ...net), dns], ['error controller/too-old']],
  [
    'ExternalDNS before Pod Identity',
    [lbc('3.5.0', gates, ...net), externalDns('0.14.2')],
    ['error controller/too-old'],
  ],
  [
    'ExternalDNS that nobody has tried',
    [lbc('3.5.0', gates, ...net), externalDns('0.15.0')],
    ['warning controller/too-old'],
  ],
  [
    'newer than what is known',
    [lbc('3.6.0', gates, ...net), externalDns('0.23.1')],
    ['notice controller/newer-than-known', 'notice controller/newer-than-known'],
  ],
  ['the newest that are known', [lbc('3.5.7', gates, ...net), externalDns('0.22.4')], []],
  [
    'LBC that says little',
    [lbc('2.14.0', '--feature-gates=ALBGatewayAPI=true,NLBGatewayAPI=false', ...net), dns],
    ['notice controller/says-little'],
  ],
  [
    'LBC with a gate that came later',
    [lbc('2.14.0', gates, ...net), dns],
    ['notice controller/says-little', 'error controller/gate-unknown'],
  ],
  [
    'LBC with a gate that there is not',
    [lbc('3.5.0', `${gates},ALBGatewayApi=true`, ...net), dns],
    ['error controller/gate-unknown'],
  ],
  [
    'a later LBC may have others',
    [lbc('3.6.0', `${gates},Another=true`, ...net), dns],
    ['notice controller/newer-than-known'],
  ],
  [
    '2.14 without the gate',
    [lbc('2.14.0', ...net), dns],
    ['notice controller/says-little', 'error controller/gate-off'],
  ],
  [
    'the gate off',
    [lbc('3.5.0', gates.replace('true', 'false'), ...net), dns],
    ['error controller/gate-off'],
  ],
  ['gates left to the controller', [lbc('3.5.0', ...net), dns], ['notice controller/gate-off']],
  [
    'no region, no VPC',
    [lbc('3.5.0', gates, '--cluster-name=$(CLUSTER)'), dns],
    ['warning controller/no-region'],
  ],
  ['no cluster', [lbc('3.5.0', gates, ...net.slice(0, 2)), dns], ['error controller/cluster-name']],
  [
    'another cluster',
    [lbc('3.5.0', gates, ...net.slice(0, 2), '--cluster-name=other'), dns],
    ['error controller/cluster-name'],
  ],
  [
    'the VPC by its tags',
    [lbc('3.5.0', gates, '--aws-region', 'us-east-1', '--aws-vpc-tags=Name=a', '--cluster-name=sample'), dns],
    [],
  ],
])('%s', (_name, coming, expected) => expect(said(judgeControllers(coming, 'sample'))).toEqual(expected));
test('Deployments that could not be read say nothing', () => expect(judgeControllers(undefined)).toEqual([]));
