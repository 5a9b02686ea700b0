// The stand-in controller beside a listener with more rules than AWS tells at once: it keeps those of every page.
import { afterEach, expect, test } from '@jest/globals';
import { Elb } from '../../../lab/controller/aws/elb.ts';
import { syncRules } from '../../../lab/controller/gateway/sync-rules.ts';
import { type AwsRequest, type AwsServer, asXml, awsServer, xmlError } from '../aws/aws-server.ts';

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const rule = (priority: number): string =>
  `<member><RuleArn>arn:${priority}</RuleArn><Priority>${priority}</Priority><Conditions><member><Field>host-header</Field><HostHeaderConfig><Values><member>h${priority}</member></Values></HostHeaderConfig></member></Conditions><Actions><member><Type>fixed-response</Type><FixedResponseConfig><StatusCode>500</StatusCode></FixedResponseConfig></member></Actions></member>`;

const answer = ({ form }: AwsRequest) => {
  const [action, page] = [form.get('Action'), form.get('Marker') ?? '1'];
  if (action === 'CreateRule') return asXml('<CreateRuleResponse><CreateRuleResult/></CreateRuleResponse>');
  if (action !== 'DescribeRules') return xmlError('Unexpected', action ?? '');
  const next = page === '1' ? '<NextMarker>2</NextMarker>' : '';
  return asXml(
    `<DescribeRulesResponse><DescribeRulesResult><Rules>${rule(Number(page))}</Rules>${next}</DescribeRulesResult></DescribeRulesResponse>`,
  );
};

test('only the rule that no page has is made', async () => {
  server = await awsServer(answer);
  const elb = new Elb({
    region: 'eu-west-1',
    endpoint: server.aws.endpoint ?? '',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const planned = [1, 2, 3].map((number) => ({
    conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [`h${number}`] } }],
    action: { Type: 'fixed-response' as const, FixedResponseConfig: { StatusCode: '500' } },
    transforms: [],
  }));
  await syncRules(elb, 'arn:listener', planned, new Map(), []);
  elb.client.destroy();
  const made = server.requests.filter(({ form }) => form.get('Action') !== 'DescribeRules');
  expect(made.map(({ form }) => [form.get('Action'), form.get('Priority')])).toEqual([['CreateRule', '3']]);
});
