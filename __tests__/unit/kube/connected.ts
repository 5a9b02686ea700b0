// A connection to an API server of the test's own, made anew before each test and closed after it.
import { afterEach, beforeEach } from '@jest/globals';
import { type ConnectOptions, connect, type Kube } from '../../../src/kube/connection.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type ApiServer, startApiServer } from './api-server.ts';

export interface Connected {
  readonly server: ApiServer;
  readonly kube: Kube;
}

/** To be called once, at the top of a file of tests: what it returns is the running test's own. */
export function connected(options: Partial<ConnectOptions> = {}): Connected {
  let server: ApiServer;
  let kube: Kube;
  beforeEach(async () => {
    server = await startApiServer();
    const { endpoint, caData } = server;
    kube = connect({ endpoint, caData, token: async () => 't', clock: systemClock, ...options });
  });
  afterEach(async () => {
    await kube.close();
    await server.close();
  });
  return {
    get server() {
      return server;
    },
    get kube() {
      return kube;
    },
  };
}
