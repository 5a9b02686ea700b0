// Leader election by a Lease, so that of several replicas one works: the rest wait until it lets go or stops renewing.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { isConflict, isNotFound, type KubeApi, type KubeObject } from './api.ts';

const LEASE_SECONDS = 15;
const RENEW_MS = 5_000;
const RETRY_MS = 1_000;

interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export class Leadership {
  readonly #api: KubeApi;
  readonly #log: Log;
  readonly #collection: string;
  readonly #name: string;
  readonly #identity = `${hostname()}_${randomUUID()}`;
  #timer: NodeJS.Timeout | undefined;

  constructor(api: KubeApi, log: Log, namespace: string, name: string) {
    this.#api = api;
    this.#log = log;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    this.#name = name;
  }

  /** Resolves when this process leads; `lost` is called if it ever ceases to. */
  async acquire(lost: (error: unknown) => void): Promise<void> {
    this.#log.info(`attempting to acquire leader lease ${this.#collection.split('/')[5]}/${this.#name}...`);
    while (!(await this.#take())) await sleep(RETRY_MS);
    this.#log.info('successfully acquired lease');
    this.#timer = setInterval(() => {
      this.#take().then(
        (held) => held || lost(new Error('leader election lost')),
        (error: unknown) => this.#log.error('error renewing lease', error),
      );
    }, RENEW_MS);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const path = `${this.#collection}/${this.#name}`;
    const lease = await this.#api.get<Lease>(path);
    if (lease.spec?.holderIdentity === this.#identity)
      await this.#api.merge(path, { spec: { holderIdentity: '', leaseDurationSeconds: 1 } });
  }

  async #take(): Promise<boolean> {
    const now = new Date().toISOString().replace('Z', '000Z');
    const path = `${this.#collection}/${this.#name}`;
    const spec = { holderIdentity: this.#identity, leaseDurationSeconds: LEASE_SECONDS, renewTime: now };
    try {
      const lease = await this.#api.get<Lease>(path);
      const mine = lease.spec?.holderIdentity === this.#identity;
      const renewed = Date.parse(lease.spec?.renewTime ?? '') || 0;
      const held =
        lease.spec?.holderIdentity &&
        Date.now() - renewed < (lease.spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000;
      if (!mine && held) return false;
      await this.#api.replace(path, {
        ...lease,
        spec: {
          ...lease.spec,
          ...spec,
          ...(!mine && { acquireTime: now, leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1 }),
        },
      });
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      if (!isNotFound(error)) {
        this.#log.error('error retrieving resource lock', error);
        return false;
      }
    }
    try {
      await this.#api.create(this.#collection, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: this.#name },
        spec: { ...spec, acquireTime: now, leaseTransitions: 0 },
      });
      return true;
    } catch (error) {
      if (!isConflict(error)) this.#log.error('error creating resource lock', error);
      return false;
    }
  }
}
