// What the documents tell people to grant, beside what roles have asked AWS for.
import { documented } from '../../lab/documented.ts';
import { lab, layout } from './harness.ts';

interface Call {
  readonly principal: string | null;
  readonly service: string;
  readonly action: string;
  readonly allowed: boolean;
}

/** A request's service is not always the prefix of its IAM actions: lab/cloud/aws/demands.py. */
const prefixes: Readonly<Record<string, string>> = { tagging: 'tag' };

/** Every role may say who it is; the cluster's check of a token is no call of its own. */
const free = /^sts:|:TokenReview$/;

/** `eks:DescribeCluster` of every call that a role has made since the calls were cleared, and of those that were denied. */
export async function callsOf(
  account: 'eks' | 'dns',
  role: string,
): Promise<{ readonly used: readonly string[]; readonly denied: readonly string[] }> {
  const calls = (await lab('GET', '/calls')) as readonly Call[];
  const session = `arn:aws:sts::${layout.accounts[account]}:assumed-role/${role}/`;
  const own = calls.filter(({ principal }) => principal?.startsWith(session));
  const names = (of: readonly Call[]): readonly string[] =>
    [...new Set(of.map(({ service, action }) => `${prefixes[service] ?? service}:${action}`))]
      .filter((name) => !free.test(name))
      .sort();
  return { used: names(own), denied: names(own.filter(({ allowed }) => !allowed)) };
}

/** The actions of policies of the documents: `run-eks` of docs/permissions.md, `drift-eks` of docs/drift.md. */
export const granted = (...marks: readonly string[]): readonly string[] =>
  marks
    .flatMap((mark) => {
      const text = documented(mark.startsWith('drift-') ? 'drift.md' : 'permissions.md', mark);
      return (JSON.parse(text) as { Statement: { Action: string | string[] }[] }).Statement;
    })
    .flatMap(({ Action }) => Action)
    .sort();
