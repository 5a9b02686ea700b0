// What the AWS Load Balancer Controller does differently from version to version, as far as verdicts depend on it.

export interface LbcRules {
  /** Conditions of a Gateway, and of its class, get the new generation after a change of the spec. Otherwise an event stands in for it. */
  readonly raisesObservedGeneration: boolean;
  /** Conditions of a route get the new generation where nothing else in them changes. Otherwise they keep the old one. */
  readonly raisesRouteGeneration: boolean;
  /** A model that cannot be built or deployed sets Accepted=False. Otherwise only events tell. */
  readonly failuresInConditions: boolean;
  /** While the load balancer comes up, Programmed is Unknown/Pending. Otherwise it stays "Waiting for controller". */
  readonly saysProvisioning: boolean;
  /** One entry in status.parents for each parentRef. Otherwise one a route, which another parent may overwrite. */
  readonly statusPerParent: boolean;
  /** A missing backend leaves Accepted=True. Otherwise ExternalDNS takes the record away. */
  readonly missingBackendKeepsAccepted: boolean;
  /** A sectionName or port that no listener has gives NoMatchingParent. Otherwise no status at all. */
  readonly saysNoMatchingParent: boolean;
  /** The load balancer's name in the Gateway's address is in lower case, as the CRD demands. */
  readonly lowerCaseAddress: boolean;
  /** The Gateway API gate is on when nobody sets it (and the CRDs were there when the process started). */
  readonly enabledByDefault: boolean;
}

interface Row {
  readonly rule: keyof LbcRules;
  /** The first version that does it. */
  readonly from: string;
  /** "ran here": recorded in lbc-transcripts with 2.14.0 and 3.5.0; the version between is from the source. */
  readonly evidence: 'ran here' | 'from source';
  readonly source: string;
}

/** Each difference, with the version since which it holds and how we know. */
export const lbcRows: readonly Row[] = [
  {
    rule: 'raisesObservedGeneration',
    from: '2.14.1',
    evidence: 'ran here',
    source:
      'gateway-spec-change: 2.14.0 keeps 1, 3.5.0 writes 2; controllers/gateway/utils.go compares it from v2.14.1 on, for classes too',
  },
  {
    rule: 'raisesRouteGeneration',
    from: '2.15.0',
    evidence: 'ran here',
    source:
      'a path changed on the real 2.14.0 in the lab: keeps the old; controllers/gateway/route_reconciler.go compares it from v2.15.0 on',
  },
  {
    rule: 'saysProvisioning',
    from: '2.15.0',
    evidence: 'ran here',
    source: 'all-at-once; controllers/gateway/gateway_controller.go at v2.14.1 writes nothing',
  },
  {
    rule: 'statusPerParent',
    from: '2.17.0',
    evidence: 'from source',
    source: 'pull request 4499',
  },
  {
    rule: 'missingBackendKeepsAccepted',
    from: '2.17.0',
    evidence: 'ran here',
    source: 'backend-service-missing; commit 41ef926e7',
  },
  {
    rule: 'saysNoMatchingParent',
    from: '2.17.0',
    evidence: 'ran here',
    source: 'section-name-unknown; routeutils/loader.go at v2.17.0',
  },
  {
    rule: 'failuresInConditions',
    from: '3.1.0',
    evidence: 'ran here',
    source: 'certificate-arn-unknown; commit 0609a5cf9',
  },
  { rule: 'lowerCaseAddress', from: '3.1.0', evidence: 'from source', source: 'pull request 4591' },
  {
    rule: 'enabledByDefault',
    from: '3.2.0',
    evidence: 'from source',
    source: 'pkg/config/feature_gates.go at v3.1.0 and v3.2.0',
  },
];

/** `v2.14.0-eks.1` → [2, 14, 0]; `undefined` for what is no version (a digest, `latest`). */
const partsOf = (version: string): readonly [number, number, number] | undefined => {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
};

/** Whether `version` is `from` or later; a version that cannot be read counts as the newest. */
export const isAtLeast = (version: string | undefined, from: string): boolean => {
  const have = version === undefined ? undefined : partsOf(version);
  const want = partsOf(from);
  if (have === undefined || want === undefined) return true;
  for (const [index, part] of want.entries()) {
    const other = have[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
};

/** The rules of a version of LBC, as in its image tag. Without a version (a stand-in, a digest) the newest. */
export const rulesFor = (version: string | undefined): LbcRules => {
  const on = (rule: keyof LbcRules): boolean =>
    lbcRows.filter((row) => row.rule === rule).every((row) => isAtLeast(version, row.from));
  return {
    raisesObservedGeneration: on('raisesObservedGeneration'),
    raisesRouteGeneration: on('raisesRouteGeneration'),
    failuresInConditions: on('failuresInConditions'),
    saysProvisioning: on('saysProvisioning'),
    statusPerParent: on('statusPerParent'),
    missingBackendKeepsAccepted: on('missingBackendKeepsAccepted'),
    saysNoMatchingParent: on('saysNoMatchingParent'),
    lowerCaseAddress: on('lowerCaseAddress'),
    enabledByDefault: on('enabledByDefault'),
  };
};

/** The controllerName of LBC's class for ALBs. */
export const albController = 'gateway.k8s.aws/alb';
