// The addresses, ports and names of lab/layout.json, typed; and the few that only the cluster itself needs.

import { readFileSync } from 'node:fs';

interface Layout {
  readonly region: string;
  readonly accounts: { readonly eks: string; readonly dns: string };
  readonly cluster: { readonly name: string; readonly host: string; readonly kubernetes: string };
  readonly zone: string;
  readonly repository: {
    readonly owner: string;
    readonly name: string;
    readonly ownerId: string;
    readonly id: string;
  };
  readonly roles: {
    readonly deploy: string;
    readonly dnsReader: string;
    readonly externalDns: string;
    readonly externalDnsTarget: string;
    readonly loadBalancerController: string;
  };
  readonly addresses: {
    readonly apiServer: string;
    readonly aws: string;
    readonly github: string;
    readonly charts: string;
    readonly webhooks: string;
    readonly resolver: string;
    readonly nameServers: readonly string[];
    readonly loadBalancersFrom: string;
    readonly podIdentityAgent: string;
    readonly node: string;
    /** Whatever is sent there is lost without an answer. */
    readonly nowhere: string;
  };
  readonly ports: {
    readonly apiServer: number;
    readonly aws: number;
    readonly github: number;
    readonly charts: number;
    readonly webhooks: number;
    readonly kubelet: number;
  };
  readonly nameServerNames: readonly string[];
  /** Registries of charts that ask for a login: by token, by password, and a classic repository; by guard its user. */
  readonly registries: {
    readonly tokens: string;
    readonly basic: string;
    readonly classic: string;
    readonly login: { readonly tokens: string; readonly basic: string; readonly classic: string };
    readonly password: string;
  };
  readonly podCidr: string;
  readonly podRoute: string;
  readonly serviceCidr: string;
  readonly admin: Readonly<
    Record<'eks' | 'dns', { readonly accessKeyId: string; readonly secretAccessKey: string }>
  >;
}

export const layout = JSON.parse(readFileSync(new URL('../layout.json', import.meta.url), 'utf8')) as Layout;

export const apiServerUrl = `https://${layout.addresses.apiServer}:${layout.ports.apiServer}`;

/** EKS' form of the issuer; the cluster's id is the first label of its endpoint. */
export const serviceAccountIssuer = `https://oidc.eks.${layout.region}.amazonaws.com/id/${layout.cluster.host.split('.')[0]}`;

export const nodeName = 'lab-node';

/** kwok gives addresses out of podCidr; pods that really run here get theirs out of this one. */
export const hostRunPodPrefix = '10.244.2.';

/** All of the lab's loopback addresses, as a pod's own network namespace routes them. */
export const labNetwork = '127.42.0.0/24';
