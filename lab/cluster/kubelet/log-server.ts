// The part of the kubelet's API that `kubectl logs` needs, over TLS, for the API server alone.

import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { LabFolder } from '../folder.ts';
import { layout } from '../layout.ts';
import type { LogRequest } from './container-logs.ts';

export interface LogSource {
  /** Writes the log of a container; false when there is no such container here. */
  readLog(
    namespace: string,
    pod: string,
    container: string,
    wanted: LogRequest,
    send: (text: string) => void,
    signal: AbortSignal,
  ): Promise<boolean>;
}

export function serveLogs(lab: LabFolder, source: LogSource): Promise<void> {
  const server = createServer(
    {
      key: readFileSync(lab.pki('kubelet-server.key')),
      cert: readFileSync(lab.pki('kubelet-server.crt')),
      ca: readFileSync(lab.pki('ca.crt')),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (asked, answer) => {
      const url = new URL(asked.url ?? '/', 'https://node');
      const [, kind, namespace, pod, container] = url.pathname.split('/').map(decodeURIComponent);
      if (kind === 'healthz') {
        answer.end('ok');
      } else if (kind === 'containerLogs' && namespace && pod && container) {
        void answerLog(source, [namespace, pod, container], url.searchParams, answer);
      } else {
        answer
          .writeHead(501)
          .end('The lab runs pods as processes: it serves their logs, and nothing else.\n');
      }
    },
  );
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(layout.ports.kubelet, layout.addresses.node, () => done());
  });
}

async function answerLog(
  source: LogSource,
  [namespace, pod, container]: readonly [string, string, string],
  query: URLSearchParams,
  answer: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  answer.once('close', () => gone.abort());
  answer.setHeader('content-type', 'text/plain');
  try {
    const follow = query.get('follow') === 'true';
    if (follow) answer.flushHeaders();
    const found = await source.readLog(
      namespace,
      pod,
      container,
      requestOf(query, follow),
      (text) => answer.write(text),
      gone.signal,
    );
    if (!found && !answer.headersSent) answer.writeHead(404);
    answer.end(found ? undefined : `container "${container}" of pod "${namespace}/${pod}" is not here\n`);
  } catch (cause) {
    console.log(`log of ${namespace}/${pod}/${container}: ${cause instanceof Error ? cause.message : cause}`);
    answer.destroy();
  }
}

function requestOf(query: URLSearchParams, follow: boolean): LogRequest {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null || text === '' ? undefined : Number(text);
  };
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  return {
    follow,
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: number('tailLines'),
    since:
      sinceSeconds === undefined
        ? sinceTime
          ? new Date(sinceTime)
          : undefined
        : new Date(Date.now() - sinceSeconds * 1000),
    limitBytes: number('limitBytes'),
  };
}
