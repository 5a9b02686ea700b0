// Asks a container's readiness probe.

import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { connect } from 'node:net';
import type { Container, Probe } from './pod.ts';

/** True when the probe of a container at that address succeeds now. */
export async function probe(container: Container, wanted: Probe, address: string): Promise<boolean> {
  const timeout = (wanted.timeoutSeconds ?? 1) * 1000;
  if (wanted.httpGet) return httpAnswers(container, wanted.httpGet, address, timeout);
  if (wanted.tcpSocket) return tcpAnswers(portOf(container, wanted.tcpSocket.port), address, timeout);
  // Commands cannot be run in a container that is none.
  return true;
}

function httpAnswers(
  container: Container,
  { path = '/', port, scheme }: NonNullable<Probe['httpGet']>,
  host: string,
  timeout: number,
): Promise<boolean> {
  return new Promise((done) => {
    const options = {
      host,
      port: portOf(container, port),
      path,
      timeout,
      headers: { 'user-agent': 'kube-probe/1.36', connection: 'close' },
    };
    const asked = scheme === 'HTTPS' ? getTls({ ...options, rejectUnauthorized: false }) : get(options);
    asked.once('response', (answer) => {
      answer.resume();
      done(answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 400);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => done(false));
    asked.once('close', () => done(false));
  });
}

function tcpAnswers(port: number, host: string, timeout: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout }, () => {
      socket.destroy();
      done(true);
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

function portOf(container: Container, port: number | string): number {
  if (typeof port === 'number') return port;
  return container.ports?.find((declared) => declared.name === port)?.containerPort ?? Number(port);
}
