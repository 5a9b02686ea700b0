// The claims of a GitHub OIDC token, decoded for people to read. Nothing is verified: AWS does that.

/** Claims by name, as the token carries them; arrays and nested values as JSON text. */
export type Claims = Readonly<Record<string, string>>;

/**
 * The payload of a JWT. `undefined` when it is none: the caller then has nothing to show, and AWS will say why.
 * (GitHub docs, "OpenID Connect reference"; RFC 7519 section 7.2.)
 */
export function decodeClaims(token: string): Claims | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const decoded: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof decoded !== 'object' || decoded === null || Array.isArray(decoded)) return undefined;
    return Object.fromEntries(
      Object.entries(decoded).map(([name, value]: [string, unknown]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    );
  } catch {
    return undefined;
  }
}
