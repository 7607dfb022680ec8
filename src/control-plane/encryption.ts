import { BulwarkError } from '../errors';
import { BUILT_IN_GROUPS } from '../manifest/custom-resources';

/** A plugin that holds the key outside of the cluster (KMS v2, stable since Kubernetes 1.29; KEP-3299). */
export interface KmsProvider {
  readonly type: 'kms';
  /** Name of the plugin, unique in the file, without a colon. It is part of what is stored: do not rename it. */
  readonly name: string;
  /** Absolute path of the plugin's socket on each control-plane node. */
  readonly socket: string;
  /** Seconds to wait for the plugin. @default 3 */
  readonly timeoutSeconds?: number;
}

/**
 * A key on the control-plane node (XSalsa20 and Poly1305). It protects backups and stolen disks of etcd, not against whoever
 * reads files on that node.
 */
export interface SecretboxProvider {
  readonly type: 'secretbox';
  /** Name of the key, which is part of what is stored. @default 'key1' */
  readonly keyName?: string;
}

/** Where the key is that encrypts what etcd stores. */
export type EncryptionProvider = KmsProvider | SecretboxProvider;

/** How objects are encrypted in etcd. */
export interface EncryptionOptions {
  readonly provider: EncryptionProvider;
  /**
   * Whether custom resources are encrypted, whatever their group: many hold credentials, and nobody knows which.
   * @default true
   */
  readonly customResources?: boolean;
  /**
   * Built-in resources that are encrypted besides Secrets and ConfigMaps, as `resource.group` or `*.group`; `*.*` for
   * everything but events, which makes a change of key a rewriting of the whole cluster.
   * @default none
   */
  readonly resources?: readonly string[];
  /**
   * Providers whose data still has to be read, newest first; `identity` is data that was never encrypted.
   * @default ['identity'], so that a cluster that ran without encryption can be read; leave it empty once all is rewritten
   */
  readonly readable?: readonly (EncryptionProvider | { readonly type: 'identity' })[];
}

/** A file for `--encryption-provider-config` (apiserver.config.k8s.io/v1). */
export interface EncryptionConfiguration {
  readonly apiVersion: 'apiserver.config.k8s.io/v1';
  readonly kind: 'EncryptionConfiguration';
  readonly resources: readonly {
    readonly resources: readonly string[];
    readonly providers: readonly object[];
  }[];
}

/** A step of a change of key: the file of that step, and why no read fails while nodes have this file or the one before. */
export interface RotationStage {
  /** Name of the step, usable as a file name. */
  readonly name: string;
  readonly why: string;
  readonly configuration: EncryptionConfiguration;
}

/** Stands in the file for a key, which is made on the node and never part of any output. */
export function keyPlaceholder(keyName: string): string {
  return `@${keyName}@`;
}

/** The bytes of a secretbox key. */
export const SECRETBOX_KEY_BYTES = 32;

const IDENTITY = { type: 'identity' } as const;
type Provider = EncryptionProvider | typeof IDENTITY;

/**
 * Encryption at rest of Secrets, ConfigMaps and custom resources. The first provider writes, the others only read. The first
 * entry is that of Secrets, since kube-bench reads no further (CIS 1.12 1.2.27 and 1.2.28).
 * @throws BulwarkError for what the API server would refuse, and for an order that would store plaintext.
 */
export function encryptionConfiguration(options: EncryptionOptions): EncryptionConfiguration {
  const { provider, readable = [IDENTITY] } = options;
  return configurationOf(options, [provider, ...readable]);
}

/**
 * The steps of replacing a key or a provider without a failing read: each step is in force on every control-plane node before
 * the next one begins.
 * @param current What is in force.
 * @param to The provider to come.
 * @throws BulwarkError as {@link encryptionConfiguration}.
 */
export function rotationStages(current: EncryptionOptions, to: EncryptionProvider): RotationStage[] {
  const { provider: from, readable = [IDENTITY] } = current;
  return [
    {
      name: '1-readable',
      why: 'Every node can read what the new key writes before any node writes with it.',
      configuration: configurationOf(current, [from, to, ...readable]),
    },
    {
      name: '2-writing',
      why: 'New data is written with the new key; what the old one wrote is still read. After all nodes have this file, rewrite every object.',
      configuration: configurationOf(current, [to, from, ...readable]),
    },
    {
      name: '3-retired',
      why: 'Nothing is stored under the old key any more, so that it opens nothing. Only after every object was rewritten and etcd was backed up.',
      configuration: configurationOf(current, [to]),
    },
  ];
}

/** Groups of which nothing is stored, and the one whose events are stored as those of the core group. */
const NOT_STORED = ['authentication.k8s.io', 'authorization.k8s.io', 'events.k8s.io'];

const STORED_GROUPS = [...BUILT_IN_GROUPS].filter((group) => !NOT_STORED.includes(group));

const ALWAYS = ['secrets', 'configmaps'];

function configurationOf(
  { resources = [], customResources = true }: EncryptionOptions,
  providers: readonly Provider[],
): EncryptionConfiguration {
  checkProviders(providers);
  checkResources(resources);
  const encrypted = merge(providers);
  const plain = [{ identity: {} }];
  const more = resources.filter((resource) => !ALWAYS.includes(resource) && resource !== '*.*');
  const first = { resources: [...ALWAYS, ...more], providers: encrypted };
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [first, ...rest()],
  };

  function rest(): EncryptionConfiguration['resources'] {
    const everythingElse = { resources: ['*.*'], providers: encrypted };
    // Written many times a second and deleted after an hour: to encrypt them costs much and hides little.
    if (resources.includes('*.*')) return [{ resources: ['events'], providers: plain }, everythingElse];
    if (!customResources) return [];
    // The first entry that matches decides, so what is left for the last one is what somebody added to the cluster.
    return [{ resources: STORED_GROUPS.map((group) => `*.${group}`), providers: plain }, everythingElse];
  }
}

/** Neighbours of one kind are one provider with several keys, the first of which writes. */
function merge(providers: readonly Provider[]): object[] {
  const keys = providers.filter((provider) => provider.type === 'secretbox');
  const firstKey = providers.findIndex(({ type }) => type === 'secretbox');
  return providers.flatMap((provider, at) => {
    if (provider.type !== 'secretbox') return [render(provider)];
    if (at !== firstKey) return [];
    return [
      {
        secretbox: {
          keys: keys.map(({ keyName = 'key1' }) => ({ name: keyName, secret: keyPlaceholder(keyName) })),
        },
      },
    ];
  });
}

function render(provider: KmsProvider | typeof IDENTITY): object {
  if (provider.type === 'identity') return { identity: {} };
  const { name, socket, timeoutSeconds = 3 } = provider;
  return { kms: { apiVersion: 'v2', name, endpoint: `unix://${socket}`, timeout: `${timeoutSeconds}s` } };
}

function checkProviders(providers: readonly Provider[]): void {
  if (providers[0]?.type === 'identity') {
    throw new BulwarkError(
      "encryption: the provider 'identity' comes first, so everything new would be stored as plaintext. Put the encrypting provider first and 'identity' last.",
    );
  }
  const split = providers
    .map(({ type }) => type)
    .join()
    .match(/secretbox,(kms|identity).*secretbox/);
  if (split) {
    throw new BulwarkError(
      'encryption: another provider stands between two secretbox keys, and the file could not keep that order. Put keys of secretbox side by side.',
    );
  }
  const names = providers.map(nameOf);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new BulwarkError(
      `encryption: '${twice}' is there twice, so it would be unknown which of the two opens what is stored. Give the new one another name.`,
    );
  }
  providers.forEach(checkProvider);
}

function nameOf(provider: Provider): string {
  switch (provider.type) {
    case 'kms':
      return `kms ${provider.name}`;
    case 'secretbox':
      return `secretbox ${provider.keyName ?? 'key1'}`;
    case 'identity':
      return 'identity';
  }
}

function checkProvider(provider: Provider): void {
  if (provider.type === 'secretbox' && !/^[A-Za-z0-9][-A-Za-z0-9_.]*$/.test(provider.keyName ?? 'key1')) {
    throw new BulwarkError(
      `encryption: '${provider.keyName}' cannot name a key. Use letters, digits, '-', '_' and '.', for example 'key2'.`,
    );
  }
  if (provider.type !== 'kms') return;
  if (provider.name === '' || provider.name.includes(':')) {
    throw new BulwarkError(
      `encryption: the kms plugin is named '${provider.name}', and the API server wants a name without a colon. Use for example 'vault'.`,
    );
  }
  if (!/^\/[^\s]+$/.test(provider.socket)) {
    throw new BulwarkError(
      `encryption: the socket of kms plugin '${provider.name}' is '${provider.socket}'. Name its absolute path on the node, for example '/run/kms/plugin.sock'; the API server speaks to nothing but a socket.`,
    );
  }
  if (!((provider.timeoutSeconds ?? 3) > 0)) {
    throw new BulwarkError(
      `encryption: timeoutSeconds of kms plugin '${provider.name}' is ${provider.timeoutSeconds}. Use more than 0; 3 is usual.`,
    );
  }
}

/** Kept by the API server itself in a place that no provider reaches. */
const NEVER_ENCRYPTED = ['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'];

function checkResources(resources: readonly string[]): void {
  for (const resource of resources) {
    const problem = resourceProblem(resource);
    if (problem) throw new BulwarkError(`encryption: resources names '${resource}', ${problem}.`);
  }
  const narrow = resources.find((resource) => resource !== '*.*' && resources.includes('*.*'));
  const core = resources.find((resource) => !resource.includes('.') && resources.includes('*.'));
  const covered = narrow ?? core;
  if (covered) {
    throw new BulwarkError(
      `encryption: resources names '${covered}' beside a wildcard that covers it, and the API server refuses the overlap. Leave '${covered}' out.`,
    );
  }
  const twice = resources.find((resource, at) => resources.indexOf(resource) !== at);
  if (twice)
    throw new BulwarkError(
      `encryption: resources names '${twice}' twice, and the API server refuses that. Leave one out.`,
    );
}

function resourceProblem(resource: string): string | undefined {
  if (resource === '*.*') return undefined;
  if (resource === '*')
    return "which the API server refuses: write '*.*' for all, or '*.' for the core group";
  if (/^[^*]+\.\*$/.test(resource))
    return "and a wildcard stands for resources, not for groups: write '*.GROUP'";
  if (resource !== resource.toLowerCase())
    return `and names of resources are lower case: write '${resource.toLowerCase()}'`;
  if (resource.endsWith('.events.k8s.io')) return "and events have one name only: write 'events'";
  if (/(^|\.)extensions$/.test(resource))
    return 'a group that is gone: name the group that has the resource now';
  if (NEVER_ENCRYPTED.includes(resource)) return 'which the API server never encrypts: leave it out';
  return /^(\*|[a-z0-9]+)(\.[-a-z0-9.]*)?$/.test(resource)
    ? undefined
    : "which is no resource: write it as 'resource.group', for example 'widgets.example.com'";
}
