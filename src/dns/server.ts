// The text that names a DNS server: an address or a host name, with a port or without.
import { isIP } from 'node:net';

export interface NamedServer {
  /** As it was given. */
  readonly text: string;
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number;
}

/** What looks like an address is no name: `1.1.1.256`. */
const hostName = /^(?=.{1,253}$)(?![\d.]+$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9][a-z0-9-]{0,62})*\.?$/i;

/** `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`, `2001:db8::1`, `ns.example.com:53`; `undefined` for anything else. */
export const parseServer = (text: string): NamedServer | undefined => {
  if (isIP(text) !== 0) return { text, host: text, port: 53 };
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? 53 : Number(digits);
  const fine = bracketed === undefined ? isIP(host) === 4 || hostName.test(host) : isIP(bracketed) === 6;
  return fine && port >= 1 && port <= 65_535 ? { text, host, port } : undefined;
};
