// A network namespace for a pod that really runs: two replicas may then listen on the same port, as in a cluster.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostRunPodPrefix, labNetwork, layout } from '../layout.ts';

const used = new Set<number>();
const [lowest, count] = [2, 253];
let next = 0;

/**
 * An address for a pod; give it back with `releaseAddress`. Not the one that was given back last: the kernel takes its
 * time to remove a network, and until then its device has the name.
 */
export function takeAddress(): string {
  for (let tries = 0; tries < count; tries++) {
    const last = lowest + (next++ % count);
    if (!used.has(last)) {
      used.add(last);
      return `${hostRunPodPrefix}${last}`;
    }
  }
  throw new Error('no pod address is left');
}

export function releaseAddress(address: string): void {
  used.delete(Number(address.slice(hostRunPodPrefix.length)));
}

export interface PodNetwork {
  /** Put before a command, brings it into the pod's network. */
  readonly enter: readonly string[];
  close(): void;
}

/** For pods with hostNetwork: the lab's own network. */
export const nodeNetwork: PodNetwork = { enter: [], close: () => undefined };

/** A network with that address, joined to the lab's by a pair of virtual Ethernet devices. */
export async function makePodNetwork(address: string): Promise<PodNetwork> {
  // Holds the namespace while containers come and go, like the pause container.
  const pause = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  const pid = await namespaceOf(pause);
  const device = `pod${address.slice(hostRunPodPrefix.length)}`;
  ip([
    `link add ${device} type veth peer name eth0 netns ${pid}`,
    `link set ${device} up`,
    // The route for all pod addresses is in the local table, and so must be what goes before it.
    `route add unicast ${address}/32 dev ${device} src ${layout.addresses.node} table local`,
  ]);
  allowLoopbackAddresses(device, []);
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
  ip(
    [
      'link set lo up',
      `addr add ${address}/32 dev eth0`,
      'link set eth0 up',
      `route add default dev eth0 src ${address}`,
      `route add unicast ${labNetwork} dev eth0 src ${address} table local`,
    ],
    inside,
  );
  allowLoopbackAddresses('eth0', inside);
  return {
    enter: inside,
    // The device goes with the namespace, and that with its last process.
    close: () => pause.kill('SIGKILL'),
  };
}

async function namespaceOf(child: ChildProcess): Promise<number> {
  await new Promise<void>((done, failed) => {
    child.once('spawn', done);
    child.once('error', failed);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('unshare has no process number');
  const own = readlinkSync('/proc/self/ns/net');
  for (let tries = 0; tries < 1000; tries++) {
    if (child.exitCode !== null) break;
    if (readlinkSync(`/proc/${pid}/ns/net`) !== own) return pid;
    await sleep(2);
  }
  throw new Error('a network namespace for a pod could not be made');
}

function ip(commands: readonly string[], prefix: readonly string[] = []): void {
  const [program = 'ip', ...rest] = [...prefix, 'ip', '-batch', '-'];
  execFileSync(program, rest, { input: `${commands.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

// The API server, AWS and the resolver have loopback addresses, which Linux drops on any other device by default.
function allowLoopbackAddresses(device: string, inside: readonly string[]): void {
  const setting = `/proc/sys/net/ipv4/conf/${device}/route_localnet`;
  const [program, ...rest] = inside;
  if (program === undefined) writeFileSync(setting, '1');
  else
    execFileSync(program, [...rest, 'sh', '-c', `echo 1 > ${setting}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
}
