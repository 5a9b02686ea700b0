// A TCP proxy with a round trip time: what goes in comes out half of it later, in each direction. A process of its own, so
// that its work does not slow down what is measured.
import { connect, createServer, type Socket } from 'node:net';

const [listenHost = '', listenPort = '', targetHost = '', targetPort = '', roundTrip = ''] =
  process.argv.slice(2);
const half = Number(roundTrip) / 2;

/** Keeps the order and the spacing of what it carries. */
const carry = (from: Socket, to: Socket, readyAt: number): void => {
  const later = (work: () => void): void => {
    // A connection takes a round trip to be made before anything can go through it.
    const wait = Math.max(half, readyAt - performance.now());
    if (half === 0) work();
    else setTimeout(work, wait);
  };
  from.on('data', (chunk) => later(() => to.writable && to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('close', () => later(() => to.destroy()));
  from.on('error', () => to.destroy());
};

createServer({ noDelay: true }, (client) => {
  const server = connect({ host: targetHost, port: Number(targetPort), noDelay: true });
  carry(client, server, performance.now() + 3 * half);
  carry(server, client, 0);
}).listen(Number(listenPort), listenHost, () => process.stdout.write('ready\n'));
