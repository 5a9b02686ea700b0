// The inputs of charts that are read together: inline values, and what happens after a failure. Part of the one table in src/inputs.ts.
import { isMap } from '../bundle/field.ts';
import { readYaml } from '../bundle/yaml.ts';

export const helmSpecs = {
  values: {
    group: 'Helm',
    description:
      'Values as YAML, for every chart; they win over `values-files`. For secrets: they are written to a private file, and never shown.',
  },
  'helm-rollback': {
    group: 'Helm',
    default: 'false',
    description:
      'After a failed upgrade, roll the release back to its last good revision; after a failed first install, remove it. What the failure looked like is read before.',
  },
} as const;

type HelmInput = keyof typeof helmSpecs;

export interface HelmInputs {
  /** YAML, a map. */
  readonly values?: string;
  readonly rollback: boolean;
}

/** What `Inputs` reads by. */
export interface InputReader {
  readonly problems: string[];
  text(name: HelmInput): string | undefined;
  flag(name: HelmInput): boolean;
}

/** What is wrong with inline values; never the values themselves. */
const wrongIn = (values: string): string | undefined => {
  const documents = readYaml(values);
  const [document] = documents;
  if (document === undefined) return undefined;
  if (documents.length > 1) return 'one YAML document; these are several';
  const [problem] = document.problems;
  if (problem) return `YAML; line ${problem.line}: ${problem.message}`;
  return isMap(document.value) ? undefined : 'a YAML map, `key: value`';
};

export const readHelmInputs = (reader: InputReader): HelmInputs => {
  const values = reader.text('values');
  const wrong = values === undefined ? undefined : wrongIn(values);
  if (wrong !== undefined) reader.problems.push(`\`values\` cannot be read; accepted: ${wrong}`);
  return { ...(values !== undefined && { values }), rollback: reader.flag('helm-rollback') };
};
