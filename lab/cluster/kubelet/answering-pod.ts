// The web server behind a pod that kwok pretends to run: it answers on the pod's address at every container port.

import { createServer, type Server } from 'node:http';
import type { Pod } from './pod.ts';
import { podName } from './pod.ts';

/** Annotation with statuses to answer in turn, as `200,503`. */
const ANSWERS = 'lab/answers';
const KEPT_LINES = 1000;

export class AnsweringPod {
  #pod: Pod;
  readonly #servers: readonly Server[];
  readonly #lines = new Map<string, string[]>();
  #asked = 0;

  constructor(pod: Pod, address: string) {
    this.#pod = pod;
    this.#servers = pod.spec.containers.flatMap((container) =>
      (container.ports ?? [])
        .filter((port) => (port.protocol ?? 'TCP') === 'TCP')
        .map((port) => this.#serve(container.name, container.image, port.containerPort, address)),
    );
  }

  /** The pod was changed: its annotations count anew. */
  update(pod: Pod): void {
    this.#pod = pod;
  }

  /** The access log of one container. */
  lines(container: string): readonly string[] {
    return this.#lines.get(container) ?? [];
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #serve(container: string, image: string, port: number, address: string): Server {
    const lines: string[] = [];
    this.#lines.set(container, lines);
    const server = createServer((asked, answer) => {
      // A health check asks whether the app is well, not for the answers that a test has ordered.
      const checked = asked.headers['user-agent']?.startsWith('ELB-HealthChecker') ?? false;
      const status = checked ? 200 : this.#status();
      const { name, namespace } = this.#pod.metadata;
      asked.resume();
      answer.writeHead(status, { server: 'nginx', 'content-type': 'application/json' });
      answer.end(`${JSON.stringify({ pod: name, namespace, image, path: asked.url })}\n`);
      lines.push(
        `${new Date().toISOString()} ${asked.socket.remoteAddress} "${asked.method} ${asked.url}" ${status} host=${asked.headers.host ?? '-'}`,
      );
      if (lines.length > KEPT_LINES) lines.shift();
    });
    server.on('error', (cause) => console.log(`${podName(this.#pod)}: port ${port}: ${cause.message}`));
    // An ALB keeps idle connections to its targets; so does nginx, for 75 s.
    server.keepAliveTimeout = 75_000;
    server.listen(port, address);
    return server;
  }

  #status(): number {
    const wanted = (this.#pod.metadata.annotations?.[ANSWERS] ?? '200')
      .split(',')
      .map(Number)
      .filter((status) => status >= 200 && status <= 599);
    return wanted[this.#asked++ % Math.max(1, wanted.length)] ?? 200;
  }
}
