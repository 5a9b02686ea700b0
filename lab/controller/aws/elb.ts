// Elastic Load Balancing v2: the SDK's client, with every failure put into the real controller's words.
import {
  ElasticLoadBalancingV2Client,
  type ElasticLoadBalancingV2ClientConfig,
  type ElasticLoadBalancingV2ClientResolvedConfig,
  ElasticLoadBalancingV2ServiceException,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Command } from '@smithy/types';
import { inGoWords } from './errors.ts';

type ElbCommand<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = Command<
  ServiceInputTypes,
  Input,
  ServiceOutputTypes,
  Output,
  ElasticLoadBalancingV2ClientResolvedConfig
>;

const SERVICE = 'Elastic Load Balancing v2';

/** Everything that is asked for page by page: AWS gives a hundred rules or target groups at a time at most, often fewer. */
export async function allPages<Item>(
  read: (Marker: string | undefined) => Promise<{ items: Item[] | undefined; next: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let marker: string | undefined;
  do {
    const { items = [], next } = await read(marker);
    all.push(...items);
    marker = next || undefined;
  } while (marker !== undefined);
  return all;
}

/** An answer of AWS that means "there is no such thing". */
class Missing extends Error {}

const MISSING = new Set(['LoadBalancerNotFound', 'TargetGroupNotFound', 'ListenerNotFound', 'RuleNotFound']);

export class Elb {
  readonly client: ElasticLoadBalancingV2Client;

  constructor(config: ElasticLoadBalancingV2ClientConfig) {
    this.client = new ElasticLoadBalancingV2Client(config);
  }

  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: ElbCommand<Input, Output>,
  ): Promise<Output> {
    try {
      return await this.client.send(command);
    } catch (error) {
      const operation = command.constructor.name.replace(/Command$/, '');
      const modeled =
        error instanceof ElasticLoadBalancingV2ServiceException &&
        error.constructor !== ElasticLoadBalancingV2ServiceException;
      const told = inGoWords(SERVICE, operation, error, modeled);
      const code =
        (error as { Code?: string; name?: string }).Code ?? (error as { name?: string }).name ?? '';
      if (MISSING.has(code.replace(/Exception$/, ''))) throw new Missing(told.message, { cause: error });
      throw told;
    }
  }

  /** The answer, or undefined when what was asked for does not exist. */
  async find<Output>(ask: () => Promise<Output>): Promise<Output | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Missing) return undefined;
      throw error;
    }
  }
}
