import { ApiObject, ApiObjectMetadataDefinition, Chart, type ApiObjectMetadata, type JsonPatch } from 'cdk8s';
import {
  LabelSelector,
  Volume,
  type Workload,
  type ISecret,
  type IServiceAccount,
  type PodSelectorConfig,
} from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { API_TOKEN_PATH, apiToken, type ApiToken } from '../../src/hardening/api-token';
import { fileGroup } from '../../src/hardening/file-group';
import { writablePaths, type WritablePath } from '../../src/hardening/writable-paths';
import { LockedServiceAccount } from '../identity/locked-service-account';
import { NetworkIntents, type AllowOptions, type NetworkMember } from '../network/intents';
import type { Peer } from '../network/peer';
import { workloadSubject } from '../network/workload-subject';
import { SecretProviderClass } from '../secret/secret-provider-class';
import type { NodeProfile } from '../node-profiles/node-profiles';
import { addToPods, Hardening, patchRendered } from './hardening';

/** Properties that every hardened workload has beside those of cdk8s-plus. */
export interface HardenedWorkloadProps {
  /**
   * Paths that the process writes to. The root filesystem is read-only; each of these becomes an `emptyDir` with a limit.
   * @default none
   */
  readonly writablePaths?: readonly (string | WritablePath)[];
  /**
   * Labels by which the pods are selected, where a cluster runs the workload already: its selector cannot be changed. No other
   * pods of the namespace may have all of them.
   * @default app.kubernetes.io/name with the name of the workload
   */
  readonly selectorLabels?: Readonly<Record<string, string>>;
}

/**
 * Properties of cdk8s-plus that a hardened workload decides itself: pods are selected by name, and the network is closed by
 * {@link DefaultDeny} and opened by intents.
 */
export type DecidedProps = 'select' | 'isolate';

/** How {@link HardenedWorkload.useSecret} mounts a secret. */
export interface UseSecretOptions {
  /** Folder with one file per key. @default '/etc/secrets/NAME' */
  readonly path?: string;
  /** Names of the containers that get it. @default all, init containers included */
  readonly containers?: readonly string[];
}

/** What a hardened workload can do beyond cdk8s-plus. */
export interface HardenedWorkload extends NetworkMember {
  /**
   * Lets a peer reach this workload. Where the peer is a hardened workload, a namespace or a tenant of the same program, its
   * egress is opened as well, so one call says it for both sides; across the border of a tenant both sides have to say it.
   * That no container declares a port that is named is found at synthesis.
   * @throws BulwarkError when the target cannot express the peer or a port.
   */
  allowFrom(peer: Peer | NetworkMember, options?: AllowOptions): void;
  /**
   * Lets this workload reach a peer. Where the peer is of the same program, its ingress is opened as well; across the border
   * of a tenant both sides have to say it, the destination by `allowFrom` or `offerTo`.
   * @throws BulwarkError when no port is named and the peer implies none, or when the target cannot express it.
   */
  allowTo(peer: Peer | NetworkMember, options?: AllowOptions): void;
  /**
   * Agrees that a workload, namespace or tenant beyond the border of this workload's tenant reaches it, without opening
   * anything: they open it by `allowTo`.
   * @param options.ports @default every port that the containers declare
   */
  offerTo(partner: NetworkMember | 'every-tenant', options?: AllowOptions): void;
  /** Mounts a short-lived, audience-bound token of the workload's ServiceAccount. */
  useApiToken(token?: ApiToken): void;
  /** Mounts a secret as read-only files that only the pod's group can read. */
  useSecret(secret: ISecret, options?: UseSecretOptions): void;
  /**
   * Confines containers by a profile of {@link NodeProfiles}.
   * @param options.containers Their names. @default all but init containers
   */
  useProfile(profile: NodeProfile, options?: { readonly containers?: readonly string[] }): void;
  /**
   * Says what no property says, in the words of Kubernetes: a field that is newer than cdk8s-plus, a toleration, the claims of a
   * StatefulSet. What comes of it is hardened and judged like the rest. A patch of `ApiObject` comes too early for that: cdk8s-plus
   * drops the fields that it does not know.
   *
   * @example
   * db.addJsonPatch(JsonPatch.add('/spec/template/spec/priorityClassName', 'databases'));
   */
  addJsonPatch(...operations: readonly JsonPatch[]): void;
}

/** The label by which a workload's pods are selected: by its Service, its policies and its controller. */
const NAME_LABEL = 'app.kubernetes.io/name';

const SECRET_MODE = 0o400;

// A mixin has to take the arguments of whatever it extends, and TypeScript asks for exactly this type there.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type WorkloadClass = new (...args: any[]) => Workload;

/** Constructor of the members a mixin adds. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Adds<T> = new (...args: any[]) => T;

/** Makes a hardened workload of a cdk8s-plus one. */
export function hardened<Base extends WorkloadClass>(base: Base): Base & Adds<HardenedWorkload> {
  abstract class Hardened extends base implements HardenedWorkload {
    private ownPodMetadata?: ApiObjectMetadataDefinition;
    private readonly secretVolumes = new Map<string, Volume>();
    private readonly tokenPaths = new Set<string>();
    readonly intents: NetworkIntents;

    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    constructor(...args: any[]) {
      const [scope, id, props] = args as [
        Construct,
        string,
        (HardenedWorkloadProps & { serviceAccount?: IServiceAccount }) | undefined,
      ];
      super(scope, id, { ...props, select: false });
      claimName(this);
      this.select(LabelSelector.of({ labels: this.selectorLabels() }));
      this.intents = new NetworkIntents({
        ...workloadSubject(this),
        podLabels: () => this.selectorLabels(),
      });
      if (!props?.serviceAccount) assignServiceAccount(this);
      addCloudLabels(this);
      this.addWritablePaths(props?.writablePaths ?? []);
      Hardening.apply(this);
    }

    /** The pods' metadata. cdk8s-plus would add a label with a hash of the construct path, which changes when code moves. */
    override get podMetadata(): ApiObjectMetadataDefinition {
      this.ownPodMetadata ??= new ApiObjectMetadataDefinition({
        ...podMetadataOf(this),
        labels: {
          ...(propsOf(this).selectorLabels ?? { [NAME_LABEL]: this.name }),
          ...podMetadataOf(this)?.labels,
        },
        apiObject: this.apiObject,
      });
      return this.ownPodMetadata;
    }

    override toPodSelectorConfig(): PodSelectorConfig {
      const { namespace } = this.metadata;
      return {
        labelSelector: LabelSelector.of({ labels: this.selectorLabels() }),
        namespaces: namespace ? { names: [namespace] } : undefined,
      };
    }

    allowFrom(peer: Peer | NetworkMember, options?: AllowOptions): void {
      this.intents.allowFrom(peer, options);
    }

    allowTo(peer: Peer | NetworkMember, options?: AllowOptions): void {
      this.intents.allowTo(peer, options);
    }

    offerTo(partner: NetworkMember | 'every-tenant', options?: AllowOptions): void {
      this.intents.offerTo(partner, options);
    }

    useApiToken(token: ApiToken = {}): void {
      refuseUnknown(this, 'useApiToken', token.containers);
      const path = token.path ?? API_TOKEN_PATH;
      if (this.tokenPaths.has(path)) {
        throw new BulwarkError(
          `${this.node.path}: useApiToken mounts a token at ${path} already. Call it once, or give the other one a path of its own.`,
        );
      }
      this.tokenPaths.add(path);
      addToPods(this, apiToken(token));
      addToPods(this, fileGroup);
    }

    useProfile(profile: NodeProfile, { containers }: { readonly containers?: readonly string[] } = {}): void {
      refuseUnknown(this, 'useProfile', containers);
      profile.confine(this, containers);
    }

    useSecret(secret: ISecret, options: UseSecretOptions = {}): void {
      const { path = `/etc/secrets/${mountNameOf(secret)}`, containers } = options;
      const volume = this.secretVolume(secret);
      const all = [...this.containers, ...this.initContainers];
      refuseUnknown(this, 'useSecret', containers);
      if (all.length === 0) {
        throw new BulwarkError(
          `${this.node.path}: useSecret has no container to mount into. Add the containers first.`,
        );
      }
      const wanted = all.filter(({ name }) => containers?.includes(name) ?? true);
      wanted.forEach((container) => container.mount(path, volume, { readOnly: true }));
      addToPods(this, fileGroup);
    }

    addJsonPatch(...operations: readonly JsonPatch[]): void {
      patchRendered(ApiObject.of(this), operations);
    }

    private addWritablePaths(paths: readonly (string | WritablePath)[]): void {
      for (const path of paths) {
        if (typeof path === 'object') refuseUnknown(this, 'writablePaths', path.containers);
      }
      if (paths.length > 0) addToPods(this, writablePaths(paths));
    }

    private selectorLabels(): Record<string, string> {
      const { selectorLabels } = propsOf(this);
      if (selectorLabels) return { ...selectorLabels };
      return { [NAME_LABEL]: this.podMetadata.getLabel(NAME_LABEL) ?? this.name };
    }

    private secretVolume(secret: ISecret): Volume {
      const isMountedByDriver = secret instanceof SecretProviderClass;
      const id = `${isMountedByDriver ? 'Csi' : 'Secret'}-${mountNameOf(secret)}`;
      const known = this.secretVolumes.get(id);
      if (known) return known;
      const volume = isMountedByDriver
        ? secret.toVolume(this, id)
        : Volume.fromSecret(this, id, secret, { defaultMode: SECRET_MODE });
      this.secretVolumes.set(id, volume);
      return volume;
    }
  }
  return Hardened as unknown as Base & Adds<HardenedWorkload>;
}

function mountNameOf(secret: ISecret): string {
  return secret instanceof SecretProviderClass ? secret.mountName : secret.name;
}

/** A name that no container has would be passed over in silence. */
function refuseUnknown(workload: Workload, call: string, containers: readonly string[] | undefined): void {
  const names = [...workload.containers, ...workload.initContainers].map(({ name }) => name);
  const unknown = containers?.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new BulwarkError(
    `${workload.node.path}: ${call} names the container '${unknown}', and there are only ${names.join(', ')}.`,
  );
}

function podMetadataOf(workload: Workload): ApiObjectMetadata | undefined {
  return propsOf(workload).podMetadata;
}

/** cdk8s-plus keeps the properties to itself, and its own getter of the metadata adds a label that is not wanted. */
function propsOf(workload: Workload) {
  type Props = Pick<HardenedWorkloadProps, 'selectorLabels'> & { podMetadata?: ApiObjectMetadata };
  return (workload as unknown as { _props?: Props })._props ?? {};
}

/** The account has to be below the workload, which exists only after cdk8s-plus looked for one in the properties. */
function assignServiceAccount(workload: Workload): void {
  const { name, metadata } = workload;
  const account = new LockedServiceAccount(workload, 'ServiceAccount', {
    metadata: { name, ...(metadata.namespace && { namespace: metadata.namespace }) },
  });
  (workload as { serviceAccount?: IServiceAccount }).serviceAccount = account;
}

function addCloudLabels(workload: Workload): void {
  const { serviceAccount, podMetadata } = workload;
  if (!(serviceAccount instanceof LockedServiceAccount)) return;
  for (const [key, value] of Object.entries(serviceAccount.cloudIdentity?.podLabels ?? {})) {
    podMetadata.addLabel(key, value);
  }
}

const CLAIMED_NAMES = new WeakMap<Construct, Map<string, string>>();

/** Pods are selected by the workload's name, so a Deployment and a StatefulSet of one name would get each other's traffic. */
function claimName(workload: Workload): void {
  const root = Chart.of(workload).node.root as Construct;
  const claimed = CLAIMED_NAMES.get(root) ?? new Map<string, string>();
  CLAIMED_NAMES.set(root, claimed);
  const key = `${workload.metadata.namespace ?? Chart.of(workload).node.path}/${workload.name}`;
  const other = claimed.get(key);
  if (other) {
    throw new BulwarkError(
      `${workload.node.path}: there is a workload named '${workload.name}' at ${other} already, and pods are selected by that name, ` +
        'so each would get the traffic of the other. Give one of them another name (metadata.name).',
    );
  }
  claimed.set(key, workload.node.path);
}
