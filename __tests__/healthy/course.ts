// The course of one healthy deploy: what becomes true when, drawn at random out of what was measured and documented.

/** Mulberry32: a small generator whose sequence depends on the seed alone. */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Milliseconds since the run's writes were done, unless said otherwise. */
export interface Course {
  readonly random: () => number;
  /** The definitions are Established. */
  readonly crds: number;
  /** The controllers are rolled out; nothing of theirs happens before. */
  readonly controllers: number;
  readonly classAccepted: number;
  /** From when to when the Gateway says Accepted=False although nothing is wrong: it was looked at before its class. */
  readonly falseAlarm?: readonly [number, number];
  readonly gatewayAccepted: number;
  /** Events "requeue needed" come from `gatewayAccepted` on; Programmed and the address come here. */
  readonly programmed: number;
  readonly routeSeen: number;
  /** From `routeSeen` to here the route says that its Service is missing, which the controller has not heard of yet. */
  readonly backendsKnown: number;
  readonly rule: number;
  readonly podsReady: number;
  readonly registered: number;
  readonly healthy: number;
  /** Record and ownership come together. */
  readonly record: number;
  /** By name server. */
  readonly served: readonly number[];
  /** A server that falls back to what it knew before, for a while. */
  readonly relapse?: { readonly server: number; readonly from: number; readonly to: number };
  /** By address: it takes connections, it shows the right certificate, it answers well. */
  readonly connects: readonly number[];
  readonly certified: readonly number[];
  readonly answers: readonly number[];
  /** What an address answers before: the load balancer's own statuses. */
  readonly before: readonly number[];
}

/** The moment from which everything is true and stays so. */
export const completeAt = (course: Course): number =>
  Math.max(
    course.crds,
    course.controllers,
    course.classAccepted,
    course.gatewayAccepted,
    course.programmed,
    course.backendsKnown,
    course.rule,
    course.podsReady,
    course.healthy,
    course.record,
    ...course.served,
    course.relapse?.to ?? 0,
    ...course.connects,
    ...course.certified,
    ...course.answers,
  );

const seconds = 1_000;

/** Everything in an order that can happen; each step with a delay of its own, often none. */
export const courseOf = (seed: number): Course => {
  const random = chance(seed);
  const upTo = (most: number): number => Math.round(random() * most);
  const often = (share: number, most: number): number => (random() < share ? upTo(most) : 0);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const crds = often(0.3, 3 * seconds);
  const controllers = crds + often(0.3, 40 * seconds);
  const classAccepted = controllers + upTo(2 * seconds);
  const early = random() < 0.3;
  const gatewayAccepted = classAccepted + upTo(3 * seconds);
  const programmed =
    gatewayAccepted + (random() < 0.5 ? upTo(5 * seconds) : 60 * seconds + upTo(180 * seconds));
  const routeSeen = gatewayAccepted + upTo(3 * seconds);
  const backendsKnown = routeSeen + often(0.3, 2 * seconds);
  const rule = Math.max(programmed, backendsKnown) + upTo(3 * seconds);
  const podsReady = often(0.8, 60 * seconds);
  const registered = Math.max(rule, podsReady) + upTo(2 * seconds);
  const healthy = registered + upTo(15 * seconds);
  const record = Math.max(programmed, routeSeen) + upTo(60 * seconds);
  const served = [0, 1, 2, 3].map(() => record + upTo(random() < 0.5 ? 2 * seconds : 60 * seconds));
  const serving = Math.max(...served);
  const relapse =
    random() < 0.1
      ? { server: upTo(3), from: serving + upTo(seconds), to: serving + 4 * seconds }
      : undefined;
  const each = <Item>(make: () => Item): Item[] => [0, 1].map(make);
  return {
    random,
    crds,
    controllers,
    classAccepted,
    ...(early && {
      falseAlarm: [classAccepted, Math.min(classAccepted + upTo(seconds), gatewayAccepted)] as const,
    }),
    gatewayAccepted,
    programmed,
    routeSeen,
    backendsKnown,
    rule,
    podsReady,
    registered,
    healthy,
    record,
    served,
    ...(relapse && { relapse }),
    connects: each(() => programmed + often(0.5, 10 * seconds)),
    certified: each(() => programmed + often(0.5, 25 * seconds)),
    answers: each(() => healthy + often(0.5, 5 * seconds)),
    before: each(() => pick([404, 500, 502, 503, 504])),
  };
};
