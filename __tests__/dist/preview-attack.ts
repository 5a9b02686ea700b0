// One thing that a pull request might try with a preview, and who has to say no to it.

export interface Attack {
  readonly yaml: string;
  /** Of the finding, without its area. */
  readonly code: string;
  /** What the API server says to the role of previews. */
  readonly denied: RegExp;
}

/** By the rights of the role. */
export const notAllowed = /is forbidden: User "stranger" cannot/;

/** Containers with nothing to be said against. */
export const plain = 'containers: [{ name: c, image: i }]';
