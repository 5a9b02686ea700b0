// What pods of a preview may not ask for, in whatever kind they are wrapped: the Pod Security level baseline, and beyond
// it what reaches other namespaces: tokens, shares of the network, the priority of the system.
import { field, isMap, list, text } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { isSet, type Path, type Wrong, when, withKey } from './wrong.ts';

export const podWrongs = (object: KubernetesObject): readonly Wrong[] =>
  ['containers', 'initContainers', 'ephemeralContainers'].flatMap((key) =>
    [...withKey(object, key)].flatMap(([pod, path]) => [
      ...(key === 'containers' ? ofPod(pod, path) : []),
      ...list(pod, key).flatMap((container, at) => ofContainer(container, [...path, key, at])),
    ]),
  );

const restricted = (path: Path, what: string): Wrong => ({
  path,
  code: 'preview/unsafe-pod',
  message: `${what}, which a preview's pods may not`,
  hint: 'Pods of a preview run without rights on the node (Pod Security level baseline).',
});

/** Sysctls that a pod has for itself (Pod Security Standards, baseline). */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]);

const ofPod = (pod: Json, path: Path): readonly Wrong[] => [
  ...['hostNetwork', 'hostPID', 'hostIPC'].flatMap((key) =>
    when(isSet(field(pod, key)), restricted([...path, key], `its pods use ${key}`)),
  ),
  ...list(pod, 'volumes').flatMap((volume, at) => ofVolume(volume, [...path, 'volumes', at])),
  ...list(pod, 'securityContext', 'sysctls').flatMap((sysctl, at) =>
    when(
      !safeSysctls.has(text(sysctl, 'name') ?? ''),
      restricted(
        [...path, 'securityContext', 'sysctls', at],
        `its pods set the sysctl ${text(sysctl, 'name') ?? ''}`,
      ),
    ),
  ),
  ...when(/^system-/.test(text(pod, 'priorityClassName') ?? ''), {
    path: [...path, 'priorityClassName'],
    code: 'preview/unsafe-pod',
    message: `its pods have the priority ${text(pod, 'priorityClassName')}, for which others are evicted`,
    hint: 'Remove priorityClassName, or use a class that is meant for previews.',
  }),
  ...ofContext(field(pod, 'securityContext'), [...path, 'securityContext'], 'its pods'),
];

/** Pod Security level restricted, "Volume types"; `image` holds files of an image, as a container does. */
const volumeTypes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const ofVolume = (volume: Json, path: Path): readonly Wrong[] => [
  ...when(
    isSet(field(volume, 'hostPath')),
    restricted(
      [...path, 'hostPath'],
      `its pods mount a hostPath (${text(volume, 'hostPath', 'path') ?? ''})`,
    ),
  ),
  ...(isMap(volume) ? Object.keys(volume) : [])
    .filter((key) => key !== 'name' && key !== 'hostPath' && !volumeTypes.has(key))
    .map((key) => ({
      path: [...path, key],
      code: 'preview/foreign-volume' as const,
      message: `its pods mount a volume of type ${key}, which the node fetches from wherever they say`,
      hint: 'Use a PersistentVolumeClaim: what it gets is made for the preview.',
    })),
  ...list(volume, 'projected', 'sources').flatMap((source, index) =>
    ofToken(field(source, 'serviceAccountToken'), [...path, 'projected', 'sources', index]),
  ),
];

const ofToken = (token: Json | undefined, path: Path): readonly Wrong[] => {
  if (token === undefined) return [];
  if (/amazonaws|^pods\.eks/.test(text(token, 'audience') ?? '')) {
    return [
      {
        path,
        code: 'preview/aws-access',
        message: 'its pods ask for a token that AWS takes',
        hint: 'Previews have no AWS permissions.',
      },
    ];
  }
  return [
    {
      path,
      code: 'preview/token',
      message: 'its pods ask for a token of their service account',
      hint: 'Remove the volume: pods of a preview get no token, since who holds one may be given rights.',
    },
  ];
};

/** What pods and containers have in common. */
const ofContext = (context: Json | undefined, path: Path, whose: string): readonly Wrong[] => [
  ...when(
    isSet(field(context, 'windowsOptions', 'hostProcess')),
    restricted([...path, 'windowsOptions'], `${whose} are host processes`),
  ),
  ...['seccompProfile', 'appArmorProfile'].flatMap((key) =>
    when(
      text(context, key, 'type') === 'Unconfined',
      restricted([...path, key], `${whose} run with ${key} Unconfined`),
    ),
  ),
];

const ofContainer = (container: Json, path: Path): readonly Wrong[] => {
  const context = field(container, 'securityContext');
  const name = text(container, 'name') ?? '';
  // Ports below 1024: the one capability that even the level `restricted` lets a container add.
  const added = list(context, 'capabilities', 'add').filter((each) => each !== 'NET_BIND_SERVICE');
  const procMount = text(context, 'procMount') ?? 'Default';
  return [
    ...when(
      isSet(field(context, 'privileged')),
      restricted([...path, 'securityContext', 'privileged'], `its container ${name} is privileged`),
    ),
    ...when(
      added.length > 0,
      restricted(
        [...path, 'securityContext', 'capabilities', 'add'],
        `its container ${name} adds the capabilities ${added.join(', ')}`,
      ),
    ),
    ...when(
      procMount !== 'Default',
      restricted([...path, 'securityContext', 'procMount'], `its container ${name} sees /proc ${procMount}`),
    ),
    ...ofContext(context, [...path, 'securityContext'], `the processes of its container ${name}`),
    ...list(container, 'ports').flatMap((port, at) =>
      when(
        isSet(field(port, 'hostPort')) && field(port, 'hostPort') !== 0,
        restricted([...path, 'ports', at, 'hostPort'], `its container ${name} takes a port of the node`),
      ),
    ),
    ...hosts(container, path, name),
  ];
};

/** The kubelet makes these requests from the node's network, where no network policy holds. */
const hosts = (container: Json, path: Path, name: string): readonly Wrong[] =>
  ['httpGet', 'tcpSocket'].flatMap((key) =>
    [...withKey(container, key, path)].flatMap(([probe, at]) =>
      when(
        isSet(field(probe, key, 'host')),
        restricted(
          [...at, key, 'host'],
          `its container ${name} has the node ask ${text(probe, key, 'host')}`,
        ),
      ),
    ),
  );
