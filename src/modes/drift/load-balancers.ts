// The layer AWS of a drift check: each load balancer of the repository's hosts against what its Gateway asks for.
import { certificateStore } from '../../aws/acm.ts';
import { balancerReader } from '../../aws/balancer-state.ts';
import { nameIn } from '../../aws/elbv2.ts';
import { number, text, textMap } from '../../bundle/field.ts';
import type { KubernetesObject } from '../../bundle/object.ts';
import { refOf } from '../../bundle/object.ts';
import { foundGateway } from '../../chain/gateway.ts';
import { observeRelease } from '../../chain/release.ts';
import type { Asked } from '../../drift/asked.ts';
import { judgeBalancer, judgeQuotas, judgeWebAcl, missingBalancer } from '../../drift/balancer.ts';
import { judgeUnbound, unboundGroups } from '../../drift/bindings.ts';
import { judgeCertificate } from '../../drift/certificates.ts';
import type { Sighting } from '../../drift/item.ts';
import { judgeListeners, wantsAttributes } from '../../drift/listeners.ts';
import type {
  BalancerReader,
  BalancerState,
  ListenerState,
  TargetGroupState,
} from '../../drift/load-balancer-state.ts';
import { judgeRules } from '../../drift/rules.ts';
import { judgeSecurityGroups } from '../../drift/security-groups.ts';
import { judgeTags, type Tagged } from '../../drift/tags.ts';
import { judgeTargetGroup, propsOf } from '../../drift/target-groups.ts';
import type { ListenerRule } from '../../gateway/alb-rules.ts';
import { attach } from '../../gateway/attachment.ts';
import { configurationFor } from '../../gateway/load-balancer-configuration.ts';
import { type AttachedRoute, candidatesOf, refusedBy } from '../../gateway/route-requests.ts';
import { gatewayGroup, namespaceOf, parentRefsOf } from '../../gateway/shapes.ts';
import type { AcmCertificate, CertificateStore } from '../../preflight/certificates.ts';
import type { Finding, Source } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';
import { lookAtCertificateRecords } from './certificate-records.ts';
import type { DriftContext } from './context.ts';
import { distinct, type LayerSeen, notChecked } from './layer.ts';
import { type Surroundings, surroundings } from './surroundings.ts';

/** By ARN. */
type TagsOfAll = ReadonlyMap<string, ReadonlyMap<string, string>>;

class AwsLooker {
  readonly #context: DriftContext;
  readonly #reader: BalancerReader;
  readonly #store: CertificateStore & { close(): void };
  readonly #unchecked: Finding[] = [];

  constructor(context: DriftContext) {
    const { signedIn } = context.applied;
    const { clock } = context.run;
    const shared = { aws: signedIn.aws, credentials: signedIn.cluster, clock };
    this.#context = context;
    this.#reader = balancerReader({ ...shared, loadBalancers: context.ports.loadBalancers });
    this.#store = certificateStore(shared);
  }

  async look(): Promise<LayerSeen> {
    const { ports, run } = this.#context;
    const hosts = await this.#context.hosts();
    const own = this.#ownGateways();
    const parents = new Map([
      // Those that no route uses yet, or that only other repositories' routes use.
      ...own,
      ...hosts.flatMap(({ first }) =>
        first.parents.map((parent) => [`${parent.namespace}/${parent.name}`, first.route.source] as const),
      ),
    ]);
    if (parents.size === 0) return { sightings: [], unchecked: [] };
    try {
      const around = await surroundings(this.#context, (what, seen) => this.#known(what, seen));
      const release = await observeRelease(ports.cluster, run.signal);
      const lbc = 'value' in release ? release.value.controllers.lbc : undefined;
      const sightings: Sighting[] = [];
      for (const [name, source] of parents) {
        const gateway = around?.gateways.find(
          (each) => `${namespaceOf(each)}/${each.metadata.name}` === name,
        );
        if (around === undefined || gateway === undefined) continue;
        if (own.has(name) && !isOfAlb(gateway, around.classes)) continue;
        const asked: Asked = {
          gateway,
          configuration: configurationFor(gateway, around.classes, around.configurations),
          source: own.get(name) ?? source,
          ...(lbc && { lbc }),
          ...(around.hasListenerSets(gateway) && { shared: true as const }),
          at: run.clock.now(),
        };
        sightings.push(...(await this.#ofGateway(asked, around)));
      }
      return { sightings, unchecked: distinct(this.#unchecked) };
    } finally {
      this.#store.close();
    }
  }

  /** Gateways of the repository and of its charts, by `namespace/name`. */
  #ownGateways(): ReadonlyMap<string, Source> {
    const { own, rendered, run } = this.#context;
    const all = [
      ...own.map((each) => ({ ...each, namespace: run.inputs.namespace })),
      ...rendered.flatMap(({ objects, release }) =>
        objects.map((each) => ({ ...each, namespace: release.namespace })),
      ),
    ];
    return new Map(
      all
        .filter(({ object }) => object.kind === 'Gateway' && object.apiVersion.startsWith(`${gatewayGroup}/`))
        .map(({ object, namespace, source }) => [
          `${namespaceOf(object, namespace)}/${object.metadata.name}`,
          source,
        ]),
    );
  }

  /** The value, or undefined and a remark that it could not be had. */
  #known<Value>(what: string, seen: Seen<Value>): Value | undefined {
    if ('value' in seen) return seen.value;
    this.#unchecked.push(notChecked(what, seen));
    return undefined;
  }

  async #ofGateway(asked: Asked, around: Surroundings): Promise<readonly Sighting[]> {
    const { signal } = this.#context.run;
    const { gateway } = asked;
    const address = foundGateway({ at: asked.at, value: { gateway, events: [] } }).loadBalancer;
    // Without an address there is nothing in AWS yet; the chain says why.
    if (address === undefined) return [];
    const seen = await this.#reader.balancer(address, signal);
    const state = this.#known(`The load balancer of ${refOf(gateway)}`, seen);
    if (state === undefined) return 'value' in seen ? [missingBalancer(asked, address, nameIn(address))] : [];
    const [attributes, listeners, rules] = [
      this.#known(`The attributes of ${state.name}`, await this.#reader.attributes(state.arn, signal)),
      this.#known(`The listeners of ${state.name}`, await this.#reader.listeners(state.arn, signal)),
      this.#known(`The rules of ${state.name}`, await this.#reader.rules(state.arn, signal)),
    ];
    const groups = rules === undefined ? [] : await this.#groups(state, rules);
    const tags = this.#known(
      `The tags of ${state.name}`,
      await this.#reader.tags([state.arn, ...groups.map(({ arn }) => arn)], signal),
    );
    const unbound = unboundGroups(asked, groups, servicesOf(around.bindings), tags ?? new Map());
    return [
      ...judgeBalancer(asked, state, attributes),
      ...(listeners === undefined ? [] : await this.#ofListeners(asked, state, listeners)),
      ...(rules === undefined ? [] : this.#ofRules(asked, state, { rules, unbound }, around)),
      ...judgeUnbound(asked, state, unbound),
      ...this.#ofGroups(asked, state, groups, around),
      ...(tags === undefined ? [] : this.#ofTags(asked, state, { groups, tags }, around)),
      ...(await this.#ofWebAcl(asked, state)),
      ...(await this.#ofQuotas(asked, state, { listeners, rules, groups })),
    ];
  }

  async #ofListeners(
    asked: Asked,
    state: BalancerState,
    listeners: readonly ListenerState[],
  ): Promise<readonly Sighting[]> {
    const { signal } = this.#context.run;
    const whole = await Promise.all(listeners.map((each) => this.#withAttributes(asked, each)));
    const sightings = [...judgeListeners(asked, state, whole)];
    const certificates: AcmCertificate[] = [];
    for (const { port, defaultCertificate, otherCertificates } of listeners) {
      // IAM's server certificates are none of ACM's.
      for (const arn of [defaultCertificate ?? '', ...otherCertificates].filter(isAcm)) {
        const seen = await this.#store.describe(arn, signal);
        const known = this.#known(`The certificate ${arn}`, seen);
        if (known !== undefined) certificates.push(known);
        if ('value' in seen)
          sightings.push(...judgeCertificate(asked, state, `listeners[${port}]`, known, arn));
      }
    }
    sightings.push(...(await this.#ofTheirRecords(certificates)));
    if (state.securityGroups.length === 0) return sightings;
    const groups = await this.#reader.securityGroups(state.securityGroups, signal);
    const known = this.#known(`The security groups of ${state.name}`, groups);
    return known === undefined
      ? sightings
      : [...sightings, ...judgeSecurityGroups(asked, state, listeners, known)];
  }

  /** A zone that may not be read is told by its own layer. */
  async #ofTheirRecords(certificates: readonly AcmCertificate[]): Promise<readonly Sighting[]> {
    const { ports, run } = this.#context;
    if (!run.inputs.drift.layers.includes('route53')) return [];
    return await lookAtCertificateRecords(certificates, ports.zones, run.signal);
  }

  async #withAttributes(asked: Asked, listener: ListenerState): Promise<ListenerState> {
    if (listener.arn === undefined || !wantsAttributes(asked, listener)) return listener;
    const seen = await this.#reader.listenerAttributes(listener.arn, this.#context.run.signal);
    const attributes = this.#known(`The attributes of the listener on ${listener.port}`, seen);
    return { ...listener, ...(attributes && { attributes }) };
  }

  #attached(gateway: KubernetesObject, { routes, labelsOf }: Surroundings): readonly AttachedRoute[] {
    return routes.flatMap((route) => {
      const namespace = namespaceOf(route);
      return parentRefsOf(route, namespace)
        .filter(
          ({ name, namespace: where }) => name === gateway.metadata.name && where === namespaceOf(gateway),
        )
        .flatMap((parent) => {
          const attached = attach(route, parent, gateway, labelsOf, namespace);
          if (!('attachments' in attached)) return [];
          return attached.attachments.map(({ listener, hosts }) => ({ route, namespace, listener, hosts }));
        });
    });
  }

  #ofRules(
    asked: Asked,
    state: BalancerState,
    seen: { readonly rules: readonly ListenerRule[]; readonly unbound: readonly TargetGroupState[] },
    around: Surroundings,
  ): readonly Sighting[] {
    const candidates = this.#attached(asked.gateway, around).flatMap((each) =>
      candidatesOf(each, refusedBy(each.route)),
    );
    return judgeRules(asked, state, {
      candidates,
      rules: seen.rules,
      services: portsOf(around.bindings),
      unbound: new Set(seen.unbound.map(({ arn }) => arn)),
    });
  }

  async #groups(state: BalancerState, rules: readonly ListenerRule[]): Promise<readonly TargetGroupState[]> {
    const arns = rules.flatMap(({ action }) =>
      action.kind === 'forward' ? action.targetGroups.map(({ arn }) => arn) : [],
    );
    if (arns.length === 0) return [];
    const seen = await this.#reader.targetGroups([...new Set(arns)], this.#context.run.signal);
    return this.#known(`The target groups of ${state.name}`, seen) ?? [];
  }

  #ofGroups(
    asked: Asked,
    state: BalancerState,
    groups: readonly TargetGroupState[],
    { bindings, targetConfigurations, slices }: Surroundings,
  ): readonly Sighting[] {
    const services = servicesOf(bindings);
    return groups.flatMap((group) => {
      const service = services.get(group.arn);
      const binding = bindings.find((each) => text(each, 'spec', 'targetGroupARN') === group.arn);
      if (service === undefined || binding === undefined) return [];
      const own = slices.filter(
        (each) =>
          `${namespaceOf(each)}/${textMap(each, 'metadata', 'labels')['kubernetes.io/service-name'] ?? ''}` ===
          service,
      );
      return judgeTargetGroup(asked, state, {
        group,
        service,
        binding: { namespace: namespaceOf(binding), name: binding.metadata.name },
        configurations: targetConfigurations,
        ...(own.length > 0 && { slices: own }),
      });
    });
  }

  #ofTags(
    asked: Asked,
    state: BalancerState,
    { groups, tags }: { readonly groups: readonly TargetGroupState[]; readonly tags: TagsOfAll },
    { bindings, targetConfigurations: configurations }: Surroundings,
  ): readonly Sighting[] {
    const { namespace, name } = asked.gateway.metadata;
    // A rule that somebody has changed may send to groups of another Gateway.
    const services = servicesOf(
      bindings.filter(({ metadata }) => {
        const labels = textMap(metadata, 'labels');
        return (
          labels['gateway.k8s.aws.alb/stack-namespace'] === namespace &&
          labels['gateway.k8s.aws.alb/stack-name'] === name
        );
      }),
    );
    const all: readonly Tagged[] = [
      { arn: state.arn, path: '', resource: 'LoadBalancer', asked: textMap(asked.configuration, 'tags') },
      ...groups.flatMap(({ arn }) => {
        const service = services.get(arn);
        if (service === undefined) return [];
        const wanted = textMap(propsOf(asked, { service, configurations }), 'tags');
        return [{ arn, path: `targetGroups[${service}].`, asked: wanted }];
      }),
    ];
    return judgeTags(asked, state, all, tags);
  }

  async #ofWebAcl(asked: Asked, state: BalancerState): Promise<readonly Sighting[]> {
    if (text(asked.configuration, 'wafV2', 'webACL') === undefined) return [];
    const seen = await this.#reader.webAcl(state.arn, this.#context.run.signal);
    const known = this.#known(`The web ACL of ${state.name}`, seen);
    return 'value' in seen ? judgeWebAcl(asked, state, known) : [];
  }

  async #ofQuotas(
    asked: Asked,
    state: BalancerState,
    {
      listeners = [],
      rules = [],
      groups,
    }: {
      readonly listeners: readonly ListenerState[] | undefined;
      readonly rules: readonly ListenerRule[] | undefined;
      readonly groups: readonly TargetGroupState[];
    },
  ): Promise<readonly Sighting[]> {
    const limits = this.#known(
      'The quotas of load balancers',
      await this.#reader.limits(this.#context.run.signal),
    );
    if (limits === undefined) return [];
    const used = {
      'rules-per-application-load-balancer': rules.filter(({ priority }) => Number.isFinite(priority)).length,
      'listeners-per-application-load-balancer': listeners.length,
      'certificates-per-application-load-balancer': new Set(
        listeners.flatMap(({ otherCertificates }) => otherCertificates),
      ).size,
      'target-groups-per-application-load-balancer': groups.length,
      'targets-per-application-load-balancer': groups.reduce((sum, { targets }) => sum + targets.length, 0),
    };
    return judgeQuotas(asked, state, used, limits);
  }
}

/** Gateways of other controllers, and those whose load balancers have no routes of HTTP. */
const isOfAlb = (gateway: KubernetesObject, classes: readonly KubernetesObject[]): boolean => {
  const found = classes.find((each) => each.metadata.name === text(gateway, 'spec', 'gatewayClassName'));
  return text(found, 'spec', 'controllerName') === 'gateway.k8s.aws/alb';
};

const isAcm = (arn: string): boolean => /^arn:[^:]+:acm:/.test(arn);

/** Target group → Service, by the controller's TargetGroupBindings. */
const servicesOf = (bindings: readonly KubernetesObject[]): ReadonlyMap<string, string> =>
  new Map(
    bindings.map((each) => [
      text(each, 'spec', 'targetGroupARN') ?? '',
      `${namespaceOf(each)}/${text(each, 'spec', 'serviceRef', 'name') ?? ''}`,
    ]),
  );

/** Target group → Service and its port, `namespace/name:port`. */
const portsOf = (bindings: readonly KubernetesObject[]): ReadonlyMap<string, string> => {
  const services = servicesOf(bindings);
  return new Map(
    bindings.map((each) => {
      const arn = text(each, 'spec', 'targetGroupARN') ?? '';
      return [arn, `${services.get(arn) ?? ''}:${number(each, 'spec', 'serviceRef', 'port') ?? ''}`];
    }),
  );
};

export const lookAtAws = (context: DriftContext): Promise<LayerSeen> => new AwsLooker(context).look();
