// A connection to the API server that counts its requests, from the arguments that the bench gives its engines.
import { readFileSync } from 'node:fs';
import { connect, type Kube } from '../src/kube/connection.ts';
import { systemClock } from '../src/system-clock.ts';

export interface Counted extends Kube {
  requests(): number;
  /** Of them, those for one object by its name. */
  objectRequests(): number;
}

/** `caFile` and `tokenFile` hold PEM and a bearer token. */
export function counted(endpoint: string, caFile: string, tokenFile: string): Counted {
  const token = readFileSync(tokenFile, 'utf8').trim();
  const kube = connect({
    endpoint,
    caData: readFileSync(caFile).toString('base64'),
    token: async () => token,
    clock: systemClock,
  });
  const paths: string[] = [];
  return {
    ...kube,
    requests: () => paths.length,
    objectRequests: () => paths.filter((path) => /\/namespaces\/[^/]+\/[^/]+\/[^/]+$/.test(path)).length,
    send: (request, signal) => {
      paths.push(request.path);
      return kube.send(request, signal);
    },
  };
}
