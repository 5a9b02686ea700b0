// Label selectors as text: `app=web,tier!=test,env in (a,b),!old`.

interface Requirement {
  readonly key: string;
  readonly fits: (value: string | undefined) => boolean;
}

const requirement = (part: string): Requirement | undefined => {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    const isIn = set[2] === 'in';
    return {
      key: set[1] ?? '',
      fits: (value) =>
        isIn ? value !== undefined && values.includes(value) : value === undefined || !values.includes(value),
    };
  }
  const equal = /^([^\s!=]+)\s*(==?|!=)\s*(\S*)$/.exec(part);
  if (equal !== null) {
    const wanted = equal[3] ?? '';
    const isEqual = equal[2] !== '!=';
    return { key: equal[1] ?? '', fits: (value) => (value === wanted) === isEqual };
  }
  const exists = /^(!?)\s*([^\s!=()]+)$/.exec(part);
  if (exists === null) return undefined;
  const isWanted = exists[1] === '';
  return { key: exists[2] ?? '', fits: (value) => (value !== undefined) === isWanted };
};

/** Whether the labels fit; `undefined` when the selector cannot be read. labels.Parse of k8s.io/apimachinery. */
export const fitsSelector = (
  selector: string,
  labels: Readonly<Record<string, string>>,
): boolean | undefined => {
  const requirements = selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(requirement);
  const known = requirements.filter((each) => each !== undefined);
  if (known.length !== requirements.length) return undefined;
  return known.every(({ key, fits }) => fits(labels[key]));
};
