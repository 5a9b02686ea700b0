// Texts against patterns in which `*` stands for any characters and `?` for one. No expression is made of them: with many
// `*` one may take for ever (`*a*a*a*b`), and patterns come from other people's rules and policies.

/** Compares exactly; the time grows with the product of both lengths at most. */
export const fitsWildcard = (pattern: string, text: string): boolean => {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const [wanted, given] = [[...pattern], [...text]];
  let at = 0;
  let next = 0;
  // Where the last `*` stood, and how much of the text it has taken.
  let star = -1;
  let taken = 0;
  while (next < given.length) {
    const sign = wanted[at];
    if (sign === '*') {
      star = at;
      taken = next;
      at += 1;
    } else if (sign === '?' || (sign !== undefined && sign === given[next])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      taken += 1;
      next = taken;
      at = star + 1;
    } else return false;
  }
  return wanted.slice(at).every((sign) => sign === '*');
};
