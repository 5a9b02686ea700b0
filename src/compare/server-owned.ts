// What of an object's metadata only the API server or kubectl writes: never part of what somebody wants.

export const serverOwned: readonly string[] = [
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'resourceVersion',
  'uid',
  'generation',
  'selfLink',
];

/** In which `kubectl apply` keeps the manifest it was given; a copy of it anywhere else means nothing. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
