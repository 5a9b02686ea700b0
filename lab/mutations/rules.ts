// Edits of a load balancer's rules.
import {
  CreateRuleCommand,
  DeleteRuleCommand,
  ModifyRuleCommand,
  type RuleCondition,
  type RuleTransform,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { edit, elb, groupOf, listener, ruleOf } from './load-balancer.ts';
import type { Mutation } from './mutation.ts';

/** One condition more. */
async function narrow(host: string, condition: RuleCondition): Promise<void> {
  const { RuleArn } = await ruleOf(host);
  const own = [
    { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
    { Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } },
  ];
  await elb.send(new ModifyRuleCommand({ RuleArn, Conditions: [...own, condition] }));
}

const toPath = (Regex: string, Replace: string): RuleTransform => ({
  Type: 'url-rewrite',
  UrlRewriteConfig: { Rewrites: [{ Regex, Replace }] },
});

export const rules: readonly Mutation[] = [
  edit('a rule is deleted', 'listeners[443].rules[host=one.example.com,path=/]', async () => {
    await elb.send(new DeleteRuleCommand({ RuleArn: (await ruleOf('one.example.com')).RuleArn }));
  }),
  edit('a rule answers by itself', 'listeners[443].rules[host=two.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('two.example.com');
    await elb.send(
      new ModifyRuleCommand({
        RuleArn,
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }],
      }),
    );
  }),
  edit(
    'a rule sends to another target group',
    'listeners[443].rules[host=three.example.com,path=/]',
    async () => {
      const { RuleArn } = await ruleOf('three.example.com');
      await elb.send(
        new ModifyRuleCommand({
          RuleArn,
          Actions: [{ Type: 'forward', TargetGroupArn: (await groupOf('admin')).TargetGroupArn }],
        }),
      );
    },
  ),
  edit(
    'a rule is narrowed to another path',
    'listeners[443].rules[host=four.example.com,path=/]',
    async () => {
      const { RuleArn } = await ruleOf('four.example.com');
      await elb.send(
        new ModifyRuleCommand({
          RuleArn,
          Conditions: [
            { Field: 'host-header', HostHeaderConfig: { Values: ['four.example.com'] } },
            { Field: 'path-pattern', PathPatternConfig: { Values: ['/only'] } },
          ],
        }),
      );
    },
  ),
  edit('a rule is added', /^listeners\[443\]\.rules\[host=intruder\.example\.com/, async () => {
    const { ListenerArn } = await listener();
    await elb.send(
      new CreateRuleCommand({
        ListenerArn,
        Priority: 900,
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['intruder.example.com'] } }],
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }],
      }),
    );
  }),
  edit('a rule redirects', 'listeners[443].rules[host=five.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('five.example.com');
    await elb.send(
      new ModifyRuleCommand({
        RuleArn,
        Actions: [
          { Type: 'redirect', RedirectConfig: { Host: 'elsewhere.example.com', StatusCode: 'HTTP_302' } },
        ],
      }),
    );
  }),
  edit('a rule takes one method alone', 'listeners[443].rules[host=six.example.com,path=/]', () =>
    narrow('six.example.com', {
      Field: 'http-request-method',
      HttpRequestMethodConfig: { Values: ['GET'] },
    }),
  ),
  edit(
    'a rule takes clients of one network alone',
    'listeners[443].rules[host=seven.example.com,path=/]',
    () => narrow('seven.example.com', { Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8'] } }),
  ),
  edit('a redirect leads elsewhere', 'listeners[443].rules[host=moved.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('moved.example.com');
    await elb.send(
      new ModifyRuleCommand({
        RuleArn,
        Actions: [{ Type: 'redirect', RedirectConfig: { Host: 'evil.example.com', StatusCode: 'HTTP_301' } }],
      }),
    );
  }),
  edit(
    'a rule sends to another port of its Service',
    'listeners[443].rules[host=shop.example.com,path=/other]',
    async () => {
      const { RuleArn } = await ruleOf('shop.example.com', '/other');
      const { TargetGroupArn } = await groupOf('shop', 8080);
      await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [{ Type: 'forward', TargetGroupArn }] }));
    },
  ),
  edit(
    'a rule is added for a part of what a route serves',
    'listeners[443].rules[host=eight.example.com,path=/sub*]',
    async () => {
      const { RuleArn, Priority } = await ruleOf('eight.example.com');
      const { ListenerArn } = await listener();
      await elb.send(new SetRulePrioritiesCommand({ RulePriorities: [{ RuleArn, Priority: 950 }] }));
      await elb.send(
        new CreateRuleCommand({
          ListenerArn,
          Priority: Number(Priority),
          Conditions: [
            { Field: 'host-header', HostHeaderConfig: { Values: ['eight.example.com'] } },
            { Field: 'path-pattern', PathPatternConfig: { Values: ['/sub*'] } },
          ],
          Actions: [{ Type: 'forward', TargetGroupArn: (await groupOf('admin')).TargetGroupArn }],
        }),
      );
    },
  ),
  edit(
    'a rewrite leads elsewhere',
    'listeners[443].rules[host=rewritten.example.com,path=/old]',
    async () => {
      const { RuleArn } = await ruleOf('rewritten.example.com', '/old');
      await elb.send(new ModifyRuleCommand({ RuleArn, Transforms: [toPath('(^/old(/)?)', '/elsewhere$2')] }));
    },
  ),
  edit('rewrites are taken off', 'listeners[443].rules[host=rewritten.example.com,path=/full]', async () => {
    const { RuleArn } = await ruleOf('rewritten.example.com', '/full');
    await elb.send(new ModifyRuleCommand({ RuleArn, ResetTransforms: true }));
  }),
  edit('a rule rewrites', 'listeners[443].rules[host=nine.example.com,path=/]', async () => {
    const { RuleArn } = await ruleOf('nine.example.com');
    await elb.send(new ModifyRuleCommand({ RuleArn, Transforms: [toPath('^([^?]*)', '/closed')] }));
  }),
];
