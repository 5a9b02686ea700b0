// Which proxy, if any, a request to AWS goes through. The SDK looks at no environment, so the values are passed in.

export interface ProxyValues {
  /** HTTPS_PROXY: for `https://` addresses. */
  readonly https?: string;
  /** HTTP_PROXY: for `http://` addresses. */
  readonly http?: string;
  /** NO_PROXY: hosts, domains (`example.com`, `.example.com`, `*.example.com`), `host:port`, `*`. */
  readonly none?: string;
}

/** The proxy's address, or the empty text for a direct connection. */
export function proxyFor(address: string, { https, http, none }: ProxyValues): string {
  const { protocol, hostname, port } = new URL(address);
  const proxy = protocol === 'https:' ? https : http;
  if (proxy === undefined) return '';
  const actualPort = port || (protocol === 'https:' ? '443' : '80');
  const exceptions = (none ?? '').split(/[,\s]+/).filter((entry) => entry !== '');
  if (exceptions.some((entry) => excepts(entry, hostname.toLowerCase(), actualPort))) return '';
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function excepts(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const match = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase());
  const [, host = '', onlyPort] = match ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const domain = host.replace(/^\*?\./, '');
  return hostname === domain || hostname.endsWith(`.${domain}`);
}
