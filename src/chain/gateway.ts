// The link `gateway`: LBC has accepted and programmed the Gateway as it is now, and its load balancer has an address.
import { list, moment, number, text, texts } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import {
  type Condition,
  conditionEvidence,
  conditionOf,
  conditionsOf,
  isNews,
  notBefore,
  sayCondition,
} from '../gateway/conditions.ts';
import { type Failure, type FailureCode, failureOf } from '../gateway/failure.ts';
import type { LbcRules } from '../gateway/versions.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, type Verdict, waiting } from '../verdict/verdict.ts';
import { type Blocker, isSilent } from './blockers.ts';
import { type ControllerEvent, isAfter } from './events.ts';
import type { Found } from './link.ts';
import { judgeNotSeen } from './look.ts';
import type { GatewayValue, GatewayWant } from './observe-gateway.ts';

export { type GatewayValue, type GatewayWant, observeGateway } from './observe-gateway.ts';

/** `FailedUpdateStatus … requeue needed after 2m0s: Monitoring provisioning state` is no failure (lab-measured.md). */
const isProvisioning = (event: ControllerEvent): boolean =>
  event.reason === 'FailedUpdateStatus' && /requeue needed|provisioning state/.test(event.message);

const stages: Readonly<Record<string, FailureCode>> = {
  FailedBuildModel: 'gateway/build-failed',
  FailedDeployModel: 'gateway/deploy-failed',
  FailedAddFinalizer: 'gateway/deploy-failed',
  FailedRemoveFinalizer: 'gateway/deploy-failed',
  FailedDeleteRoutesAttached: 'gateway/deploy-failed',
};

/** A Gateway, read against the version's rules; its members are facts, not verdicts. */
class GatewayReading {
  readonly ref: string;
  readonly generation: number;
  readonly accepted: Condition | undefined;
  readonly programmed: Condition | undefined;
  readonly address: string | undefined;
  readonly #want: GatewayWant;
  readonly #rules: LbcRules;
  readonly #events: readonly ControllerEvent[];
  readonly gateway: KubernetesObject;
  readonly eventsUnread: string | undefined;
  readonly blockers: readonly Blocker[];
  readonly #at: Date;

  constructor(want: GatewayWant, gateway: KubernetesObject, value: GatewayValue, rules: LbcRules, at: Date) {
    this.#want = want;
    this.#at = at;
    this.#rules = rules;
    this.#events = value.events;
    this.gateway = gateway;
    this.eventsUnread = value.eventsUnread;
    this.blockers = value.blockers ?? [];
    this.ref = refOf(gateway);
    this.generation = number(gateway, 'metadata', 'generation') ?? 0;
    const conditions = conditionsOf(gateway, 'status', 'conditions');
    this.accepted = conditionOf(conditions, 'Accepted');
    this.programmed = conditionOf(conditions, 'Programmed');
    this.address = addressOf(gateway);
  }

  get evidence(): readonly Evidence[] {
    return conditionEvidence(this.ref, [this.accepted, this.programmed]);
  }

  /** The last success of the controller, by its event. */
  get #succeeded(): ControllerEvent | undefined {
    return this.#events.findLast((event) => event.reason === 'SuccessfullyReconciled');
  }

  /**
   * Does the condition speak of the Gateway as it is? By its generation; LBC 2.14.0 leaves that at 1, so there an event
   * of success since this run's write stands in for it, and where nobody wrote since then there is nothing to wait for.
   */
  isCurrent(condition: Condition | undefined): condition is Condition {
    if (condition?.observedGeneration === undefined) return false;
    if (condition.observedGeneration >= this.generation) return true;
    if (this.#rules.raisesObservedGeneration) return false;
    if (!this.#isWritten) return true;
    return this.#succeeded !== undefined && notBefore(this.#succeeded.at, this.#want.since);
  }

  /** Whether this run changed the Gateway: by its own count, or (Helm wrote it) by the time in managedFields. */
  get #isWritten(): boolean {
    return (
      this.#want.appliedGeneration !== undefined ||
      list(this.gateway, 'metadata', 'managedFields').some((entry) => {
        const time = moment(entry, 'time');
        return text(entry, 'subresource') === undefined && time !== undefined && this.isNews(time);
      })
    );
  }

  /** The controller's last failure, unless a success came after it. */
  get failed(): ControllerEvent | undefined {
    const failed = this.#events.findLast((event) => stages[event.reason] !== undefined);
    if (failed === undefined || this.#succeeded === undefined) return failed;
    return isAfter(failed, this.#succeeded) ? failed : undefined;
  }

  isNews(moment: Date): boolean {
    return notBefore(moment, this.#want.since);
  }

  /**
   * Whether a fresh failure may rest on what the controller read before this run: then it counts only after a nudge that
   * came late enough. `due` is that nudge's time.
   */
  rests({ remembered }: Failure): false | { readonly due: boolean } {
    const { since, nudged, began } = this.#want;
    if (remembered === undefined || began === undefined) return false;
    const enough = remembered * 1000;
    if (nudged === true && since.getTime() - began.getTime() >= enough) return false;
    return { due: this.#at.getTime() - began.getTime() >= enough };
  }

  get comingUp(): boolean {
    return (
      this.address !== undefined ||
      this.programmed?.message.startsWith('Waiting for load balancer') === true ||
      this.#events.some(isProvisioning)
    );
  }
}

/** The load balancer's DNS name, lower case, without a trailing dot. */
export const addressOf = (gateway: KubernetesObject | undefined): string | undefined => {
  const [first] = list(gateway, 'status', 'addresses');
  return text(first, 'value')?.toLowerCase().replace(/\.$/, '');
};

const asleep = (ref: string): string =>
  `This complaint is older than this run. The controller sleeps in its back-off (up to 16 min 40 s) until ${ref} is touched.`;

const eventEvidence = (ref: string, event: ControllerEvent): Evidence => ({
  from: `${ref} event ${event.reason} (${event.count}×, last ${event.at.toISOString()})`,
  saw: event.message,
});

const untilThen = 'Until then no change of any route of this Gateway takes effect.';

const remembers =
  'The controller keeps what it read from AWS for a minute, so a mend of the last minute does not show yet: this run makes it look again.';

/** The routes that an event speaks of: it says what is wrong, and not where. */
const culpritsOf = ({ blockers }: GatewayReading, said: string): readonly Blocker[] =>
  blockers.filter(({ says }) => says !== undefined && said.includes(says));

/** What a failure comes to: broken where it is fresh and will not pass; an old one has to be said anew. */
const judgeBelief = (
  reading: GatewayReading,
  failure: Failure,
  news: boolean,
  said: { readonly message: string; readonly evidence: readonly Evidence[]; readonly note?: string },
): Verdict => {
  const rests = news && !failure.passing ? reading.rests(failure) : false;
  const believed = news && !failure.passing && rests === false;
  const notes = [said.note ?? '', news ? '' : asleep(reading.ref), rests === false ? '' : remembers];
  return (believed ? broken : waiting)(failure.code, {
    message: said.message.replace(/\.\.$/, '.'),
    evidence: said.evidence,
    old: !news || (rests !== false && rests.due),
    hint: [failure.hint, ...notes].filter((each) => each !== '').join(' '),
  });
};

/** A failure that an event tells of; where a route is at its bottom, that route is named. */
const judgeTold = (
  reading: GatewayReading,
  failure: Failure,
  event: ControllerEvent,
  news: boolean,
): Verdict => {
  const { ref } = reading;
  const culprits = culpritsOf(reading, event.message);
  const [culprit] = culprits;
  return judgeBelief(reading, culprit === undefined ? failure : { ...failure, hint: culprit.hint }, news, {
    message:
      culprit === undefined
        ? `The controller fails on ${ref}: ${event.message}.`
        : `${culprit.ref} stops the controller for all of ${ref}: ${culprit.why}.`,
    evidence: [
      eventEvidence(ref, event),
      ...culprits.map((each) => ({ from: `${each.ref} spec.rules`, saw: each.why })),
      ...reading.evidence,
    ],
    note: culprit === undefined ? '' : untilThen,
  });
};

/** An event of failure, as far as it counts: a passing one is waited for, an old one as well. */
const judgeFailure = (reading: GatewayReading, event: ControllerEvent): Verdict => {
  const failure = failureOf(stages[event.reason] ?? 'gateway/build-failed', event.message);
  return judgeTold(reading, failure, event, reading.isNews(event.at));
};

const pointsToEvents = /Check Gateway Events/i;

const stageOf = (accepted: Condition, failed: ControllerEvent | undefined, told: boolean): FailureCode => {
  if (failed !== undefined) return stages[failed.reason] ?? 'gateway/build-failed';
  // Before 3.2 one wrong listener stops the whole Gateway, in these words (lbc-transcripts: listener-kind-invalid).
  if (accepted.reason === 'ListenersNotValid' || /invalid listener/.test(accepted.message))
    return 'gateway/listener-invalid';
  return told ? 'gateway/build-failed' : 'gateway/not-accepted';
};

const sayUnread = (reading: GatewayReading): string => {
  const why =
    reading.eventsUnread === undefined
      ? "which have expired, or were too many to be kept (25, then one every five minutes): the controller's log has it"
      : `which could not be read (${reading.eventsUnread})`;
  return `The reason is only in the Gateway's events, ${why}.`;
};

/**
 * What is wrong with a listener: Accepted and ResolvedRefs when False; Conflicted by its reason, for from 2.15.0 to 3.1.0 a good
 * listener is Conflicted=True NoConflicts (controllers/gateway/listener_status_utils.go; the real 2.17.1).
 */
const listenerComplaint = (listener: readonly Condition[]): Condition | undefined =>
  listener.find(({ type, status, reason }) =>
    type === 'Conflicted'
      ? reason !== 'NoConflicts' && (status === 'True' || /Conflict$/.test(reason))
      : status === 'False' && /^(Accepted|ResolvedRefs)$/.test(type),
  );

const complaintsOf = (
  { gateway, ref }: GatewayReading,
  sections?: readonly string[],
): readonly { readonly name: string; readonly complaint: Condition; readonly evidence: Evidence }[] =>
  list(gateway, 'status', 'listeners').flatMap((listener) => {
    const name = text(listener, 'name') ?? '';
    const complaint = listenerComplaint(conditionsOf(listener, 'conditions'));
    if (complaint === undefined || sections?.includes(name) === false) return [];
    const from = `${ref} status.listeners[${name}] ${complaint.type}`;
    return [{ name, complaint, evidence: { from, saw: sayCondition(complaint) } }];
  });

/** The event is written just before the condition, both in whole seconds. */
const slackMs = 5_000;

/**
 * Whether the event is about this failure, and not about an earlier one: client-go's recorder drops what comes after 25 events
 * about an object, but for one every five minutes (tools/record/events_cache.go), and a success is an event too.
 */
const tellsOf = (failed: ControllerEvent | undefined, { changedAt }: Condition): boolean =>
  failed !== undefined && (changedAt === undefined || failed.at.getTime() >= changedAt.getTime() - slackMs);

/** Accepted=False at the current generation; of a failure to build or deploy it only says that the events say more. */
const judgeRefused = (reading: GatewayReading, accepted: Condition, want: GatewayWant, at: Date): Verdict => {
  const { ref, evidence } = reading;
  const told = pointsToEvents.test(accepted.message);
  const failed = told && tellsOf(reading.failed, accepted) ? reading.failed : undefined;
  const failure = failureOf(stageOf(accepted, failed, told), failed?.message ?? accepted.message);
  // After a nudge the condition stays as it is while the same failure comes again as an event.
  const news = isNews(accepted, want, at) || (failed !== undefined && reading.isNews(failed.at));
  if (failed !== undefined) return judgeTold(reading, failure, failed, news);
  const listeners = failure.code === 'gateway/listener-invalid' ? complaintsOf(reading) : [];
  const which = listeners.map(({ name }) => `"${name}"`).join(', ');
  return judgeBelief(reading, failure, news, {
    message: `The controller refuses ${ref}: ${sayCondition(accepted).replace(/\.$/, '')}${which === '' ? '' : ` (${which})`}.`,
    evidence: [...listeners.map((each) => each.evidence), ...evidence],
    note: told ? sayUnread(reading) : which === '' ? '' : untilThen,
  });
};

const judgeListeners = (reading: GatewayReading, want: GatewayWant): Verdict | undefined => {
  const [first] = complaintsOf(reading, want.sections);
  if (first === undefined) return undefined;
  return broken('gateway/listener-invalid', {
    message: `Listener "${first.name}" of ${reading.ref} is not valid: ${sayCondition(first.complaint)}.`,
    evidence: [first.evidence],
  });
};

/** A route that the controller cannot load: it writes nothing about the Gateway, whatever becomes of it. */
const judgeBlocked = ({ ref, blockers: all }: GatewayReading): Verdict | undefined => {
  const blockers = all.filter(isSilent);
  const [blocker] = blockers;
  if (blocker === undefined) return undefined;
  return broken('gateway/blocked-by-route', {
    message: `${blocker.ref} stops the controller for all of ${ref}: ${blocker.why}.`,
    evidence: blockers.map((each) => ({ from: `${each.ref} spec.rules`, saw: each.why })),
    hint: `${blocker.hint} ${untilThen}`,
  });
};

const judgeProgramming = (reading: GatewayReading): Verdict => {
  const { ref, programmed, address, evidence } = reading;
  if (!reading.isCurrent(programmed) || programmed.status !== 'True') {
    if (reading.failed !== undefined && reading.isNews(reading.failed.at))
      return judgeFailure(reading, reading.failed);
    const blocked = judgeBlocked(reading);
    if (blocked !== undefined) return blocked;
    if (reading.comingUp)
      return waiting('gateway/provisioning', {
        message: `${ref} is accepted; its load balancer${address === undefined ? '' : ` ${address}`} is coming up.`,
        evidence,
        hint: "Two to four minutes are usual: the controller looks again every two. Where it takes much longer, the controller's log has the reason.",
      });
    return waiting('gateway/pending', {
      message: `The controller has accepted ${ref} and has not programmed it yet.`,
      evidence,
    });
  }
  if (address === undefined)
    return waiting('gateway/no-address', {
      message: `${ref} is programmed, but has no address.`,
      evidence,
      hint: "The Gateway's address must be in lower case: before 3.1 LBC cannot write that of a load balancer whose name has capitals.",
    });
  return ok(`${ref} is programmed: ${address}.`, evidence);
};

const judgeDeletion = (reading: GatewayReading): Verdict => {
  const { ref, evidence, failed } = reading;
  if (failed === undefined)
    return waiting('gateway/pending', { message: `${ref} is being deleted.`, evidence });
  return waiting('gateway/pending', {
    message: `${ref} is being deleted, and the controller does not let it go: ${failed.message}.`.replace(
      /\.\.$/,
      '.',
    ),
    evidence: [eventEvidence(ref, failed), ...evidence],
    hint: failureOf('gateway/deploy-failed', failed.message).hint,
  });
};

/** LBC from 3.3 on only plans such a Gateway, as long as it has not made its load balancer (docs: dry run). */
const isDryRun = (gateway: KubernetesObject): boolean =>
  text(gateway, 'metadata', 'annotations', 'gateway.k8s.aws/dry-run') === 'true' &&
  !texts(gateway, 'metadata', 'finalizers').includes('gateway.k8s.aws/alb');

const judgeDryRun = (ref: string, evidence: readonly Evidence[]): Verdict =>
  broken('gateway/not-accepted', {
    message: `${ref} carries the annotation gateway.k8s.aws/dry-run: "true", so the controller plans it and makes nothing.`,
    evidence,
    hint: 'Remove the annotation.',
  });

/**
 * Accepted and Programmed True at the current generation (Programmed alone may be of an earlier one), the listeners
 * valid, an address. Before LBC 3.1 only events tell of failures; from then on Accepted does, and the events say why.
 * @param rules those of the installed version: `rulesFor(version)`
 */
export const judgeGateway = (
  want: GatewayWant,
  seen: Seen<GatewayValue>,
  at: Date,
  rules: LbcRules,
): Verdict => {
  const named = `Gateway ${want.namespace}/${want.name}`;
  if (!('value' in seen)) return judgeNotSeen(seen, named);
  const { gateway } = seen.value;
  if (gateway === undefined)
    return broken('gateway/missing', {
      message: `${named} does not exist.`,
      hint: "Create it, or correct the route's parentRefs.",
    });
  const reading = new GatewayReading(want, gateway, seen.value, rules, at);
  const { ref, accepted, evidence } = reading;
  if (text(gateway, 'metadata', 'deletionTimestamp') !== undefined) return judgeDeletion(reading);
  if (!reading.isCurrent(accepted) || accepted.status === 'Unknown') {
    if (isDryRun(gateway)) return judgeDryRun(ref, evidence);
    // Before LBC 3.1 a Gateway that never came up keeps the CRD's conditions, and an old failure is all there is.
    const untouched = accepted?.observedGeneration === undefined;
    if (reading.failed !== undefined && (untouched || reading.isNews(reading.failed.at)))
      return judgeFailure(reading, reading.failed);
    const blocked = judgeBlocked(reading);
    if (blocked !== undefined) return blocked;
    return waiting('gateway/pending', {
      message: `The controller has not looked at generation ${reading.generation} of ${ref} yet.`,
      evidence,
      hint: 'If it stays so: is the controller running, and does its log say "Disabling ALBGatewayAPI"? It looks for the CRDs only when it starts.',
    });
  }
  if (accepted.status === 'False') return judgeRefused(reading, accepted, want, at);
  if (!rules.failuresInConditions && reading.failed !== undefined)
    return judgeFailure(reading, reading.failed);
  return judgeListeners(reading, want) ?? judgeProgramming(reading);
};

/** The load balancer's DNS name, and its ARN: LBC's message of Programmed=True is the ARN. */
export const foundGateway = (seen: Seen<GatewayValue>): Found =>
  'value' in seen ? foundIn(seen.value.gateway) : {};

export const foundIn = (gateway: KubernetesObject | undefined): Found => {
  const loadBalancer = addressOf(gateway);
  const programmed = conditionOf(conditionsOf(gateway, 'status', 'conditions'), 'Programmed');
  const arn = /^arn:aws[\w-]*:elasticloadbalancing:\S+$/.exec(programmed?.message ?? '')?.[0];
  return {
    ...(loadBalancer !== undefined && { loadBalancer }),
    ...(arn !== undefined && { loadBalancerArn: arn }),
  };
};
