// Objects that SOPS has encrypted: what a cluster would be given is not what they hold.
import { type Finding, finding } from '../verdict/finding.ts';
import { field, isMap } from './field.ts';
import { type KubernetesObject, refOf, type Sourced } from './object.ts';

/** SOPS keeps its metadata at the top of the document, with a code over all values (getsops/sops, stores/stores.go). */
export const isEncrypted = (object: KubernetesObject): boolean =>
  isMap(object['sops']) && field(object, 'sops', 'mac') !== undefined;

/** `named`: a glob of the user's meant it to be applied. `pruned`: what is left out would be removed. */
export type Fate = 'left-out' | 'named' | 'pruned';

const fates: Readonly<Record<Fate, string>> = {
  'left-out': 'It is left out.',
  named: 'An input names its file.',
  pruned: 'With `prune: true` leaving it out would remove it from the cluster.',
};

export const encrypted = ({ object, source }: Sourced, fate: Fate): Finding =>
  finding(
    fate === 'left-out' ? 'warning' : 'error',
    'bundle/encrypted',
    `${refOf(object)} is encrypted with SOPS, and nothing here decrypts it. ${fates[fate]}`,
    {
      source,
      ref: refOf(object),
      hint: 'Decrypt it in a step before this one (`sops decrypt --in-place`), or leave it to whoever holds the key, such as Flux or an operator for secrets.',
    },
  );
