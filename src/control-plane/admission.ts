import { isExpired } from '../controls/waiver';
import { BulwarkError } from '../errors';
import type { ClusterTarget } from '../target/target';

/** Somebody or something that Pod Security does not judge, and why. */
export interface PodSecurityExemption {
  /** Exactly one of the three. */
  readonly namespace?: string;
  readonly username?: string;
  readonly runtimeClass?: string;
  /** At least 10 characters, for the person who reviews it. */
  readonly reason: string;
  /** Last day, as `YYYY-MM-DD` in UTC. @default it never expires */
  readonly expires?: string;
}

/** A limit of events, so that one noisy client cannot fill etcd (CIS 1.12 1.2.9). */
export interface EventRateLimit {
  readonly type: 'Server' | 'Namespace' | 'User' | 'SourceAndObject';
  /** Events a second in the long run. */
  readonly qps: number;
  /** Events at one moment. */
  readonly burst: number;
  /** How many namespaces, users or objects are remembered. @default 4096; of no meaning for Server */
  readonly cacheSize?: number;
}

/** A service that says which images may run (CIS 1.12 5.5.1). What it does not answer may not. */
export interface ImagePolicyWebhook {
  /** Absolute path, on the node, of the kubeconfig with its address and credentials. */
  readonly kubeConfigFile: string;
  /** Seconds that a yes is remembered. @default 50 */
  readonly allowTtlSeconds?: number;
  /** Seconds that a no is remembered. @default 50 */
  readonly denyTtlSeconds?: number;
}

/** What the API server refuses before it stores it. */
export interface AdmissionOptions {
  /** Namespaces, users and runtime classes that Pod Security does not judge. @default the namespace kube-system */
  readonly exemptions?: readonly PodSecurityExemption[];
  /** Level for namespaces that carry no label. @default 'restricted' */
  readonly podSecurity?: 'baseline' | 'restricted';
  /** @default 5000 a second for the server, 50 for a namespace and for a user */
  readonly eventRateLimits?: readonly EventRateLimit[];
  /** @default none */
  readonly imagePolicy?: ImagePolicyWebhook;
  /** More plugins of the API server. @default none */
  readonly plugins?: readonly string[];
  /**
   * Absolute path, on the node, of a folder of admission policies that nobody can change through the API (KEP-5793, from
   * Kubernetes 1.37).
   * @default none
   */
  readonly staticManifests?: string;
}

/** What goes with the API server's admission. */
export interface Admission {
  /** For `--admission-control-config-file`. */
  readonly configuration: object;
  /** For `--enable-admission-plugins`. */
  readonly plugins: readonly string[];
}

/** What is exempt where nobody says otherwise. */
export const DEFAULT_EXEMPTIONS: readonly PodSecurityExemption[] = [
  { namespace: 'kube-system', reason: 'components of the cluster that work on the node itself' },
];

const DEFAULT_LIMITS: readonly EventRateLimit[] = [
  { type: 'Server', qps: 5000, burst: 20000 },
  { type: 'Namespace', qps: 50, burst: 100, cacheSize: 2000 },
  { type: 'User', qps: 50, burst: 100, cacheSize: 4096 },
];

/** Plugins that are on although no default of Kubernetes turns them on (CIS 1.12 1.2.3, 1.2.9, 1.2.14). */
const HARDENING_PLUGINS = ['DenyServiceExternalIPs', 'EventRateLimit', 'NodeRestriction'];

/**
 * Until the kubelet itself checks that a pod may use an image which another one pulled (KEP-2535, beta in 1.35), only pulling
 * at every start does (CIS 1.12 1.2.11).
 */
export const PULL_CHECKED_BY_KUBELET_MINOR = 35;

/** Plugins of kube-apiserver in every version from 1.27 to 1.37, as its `--help` lists them. */
const KNOWN_PLUGINS: ReadonlySet<string> = new Set(
  [
    'AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction',
    'ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs',
    'EventRateLimit ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger',
    'MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle NodeRestriction',
    'OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize PodNodeSelector PodSecurity PodTolerationRestriction',
    'Priority ResourceQuota RuntimeClass ServiceAccount StorageObjectInUseProtection TaintNodesByCondition',
    'ValidatingAdmissionPolicy ValidatingAdmissionWebhook',
  ].flatMap((line) => line.split(' ')),
);

/** Plugins that undo others. */
const REFUSED_PLUGINS: Readonly<Record<string, string>> = {
  AlwaysAdmit: 'it admits everything (CIS 1.12 1.2.10)',
  AlwaysDeny: 'it refuses everything, the system pods included',
};

/** First version of static admission manifests that is on by default (KEP-5793, beta). */
export const STATIC_MANIFESTS_MINOR = 37;

/**
 * Admission: Pod Security for every namespace, whether labelled or not, at the version of the target; limits of events; and
 * the plugins that no default turns on.
 * @param now The day on which exemptions are judged. It is written nowhere.
 * @throws BulwarkError for an unknown plugin, an exemption without a reason or past its day, or what the target cannot do.
 */
export function admission(
  options: AdmissionOptions,
  target: ClusterTarget,
  now: Date = new Date(),
): Admission {
  const {
    exemptions = DEFAULT_EXEMPTIONS,
    eventRateLimits = DEFAULT_LIMITS,
    imagePolicy,
    plugins = [],
  } = options;
  exemptions.forEach((exemption) => checkExemption(exemption, now));
  plugins.forEach(checkPlugin);
  eventRateLimits.forEach(checkLimit);
  checkStaticManifests(options.staticManifests, target);
  return {
    plugins: [
      ...new Set([...pluginsFor(target), ...(imagePolicy ? ['ImagePolicyWebhook'] : []), ...plugins]),
    ].sort(),
    configuration: {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AdmissionConfiguration',
      plugins: [
        {
          name: 'PodSecurity',
          configuration: podSecurity(options.podSecurity ?? 'restricted', exemptions, target),
        },
        { name: 'EventRateLimit', configuration: rateLimits(eventRateLimits) },
        ...(imagePolicy ? [{ name: 'ImagePolicyWebhook', configuration: imagePolicyOf(imagePolicy) }] : []),
        ...staticPlugins(options.staticManifests),
      ],
    },
  };
}

function pluginsFor(target: ClusterTarget): string[] {
  return target.minor < PULL_CHECKED_BY_KUBELET_MINOR
    ? ['AlwaysPullImages', ...HARDENING_PLUGINS]
    : HARDENING_PLUGINS;
}

function podSecurity(
  level: string,
  exemptions: readonly PodSecurityExemption[],
  target: ClusterTarget,
): object {
  const version = `v${target.version}`;
  const names = (key: 'namespace' | 'username' | 'runtimeClass') =>
    exemptions.flatMap((exemption) => exemption[key] ?? []);
  return {
    apiVersion: 'pod-security.admission.config.k8s.io/v1',
    kind: 'PodSecurityConfiguration',
    defaults: {
      enforce: level,
      'enforce-version': version,
      audit: 'restricted',
      'audit-version': version,
      warn: 'restricted',
      'warn-version': version,
    },
    exemptions: {
      usernames: names('username'),
      runtimeClasses: names('runtimeClass'),
      namespaces: names('namespace'),
    },
  };
}

function rateLimits(limits: readonly EventRateLimit[]): object {
  return {
    apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    limits: limits.map(({ type, qps, burst, cacheSize = 4096 }) => ({
      type,
      qps,
      burst,
      ...(type !== 'Server' && { cacheSize }),
    })),
  };
}

function imagePolicyOf({
  kubeConfigFile,
  allowTtlSeconds = 50,
  denyTtlSeconds = 50,
}: ImagePolicyWebhook): object {
  if (!kubeConfigFile.startsWith('/')) {
    throw new BulwarkError(
      `admission: kubeConfigFile of imagePolicy is '${kubeConfigFile}'. Name its absolute path on the node.`,
    );
  }
  return {
    imagePolicy: {
      kubeConfigFile,
      allowTTL: allowTtlSeconds,
      denyTTL: denyTtlSeconds,
      retryBackoff: 500,
      // Whoever can stop the service could otherwise run any image.
      defaultAllow: false,
    },
  };
}

function staticPlugins(folder: string | undefined): object[] {
  if (folder === undefined) return [];
  return [
    {
      name: 'ValidatingAdmissionPolicy',
      configuration: {
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyConfiguration',
        staticManifestsDir: folder,
      },
    },
  ];
}

function checkExemption(
  { namespace, username, runtimeClass, reason, expires }: PodSecurityExemption,
  now: Date,
): void {
  const named = [namespace, username, runtimeClass].filter((name) => name !== undefined);
  if (named.length !== 1 || named[0] === '') {
    throw new BulwarkError(
      'admission: an exemption names none or several of namespace, username and runtimeClass. Name exactly one in each.',
    );
  }
  if (reason.trim().length < 10) {
    throw new BulwarkError(
      `admission: the exemption of '${named[0]}' says '${reason}' as its reason. Whoever reviews it has to understand it: write 10 characters or more.`,
    );
  }
  if (isExpired({ control: '', reason, ...(expires !== undefined && { expires }) }, now)) {
    throw new BulwarkError(
      `admission: the exemption of '${named[0]}' expired on ${expires} (${reason}). Remove it, or agree on a new date with whoever granted it.`,
    );
  }
}

function checkPlugin(name: string): void {
  const refused = REFUSED_PLUGINS[name];
  if (refused)
    throw new BulwarkError(`admission: the plugin '${name}' is refused, since ${refused}. Leave it out.`);
  if (!KNOWN_PLUGINS.has(name)) {
    throw new BulwarkError(
      `admission: there is no plugin '${name}', and the API server would not start. \`kube-apiserver --help\` lists them under --enable-admission-plugins.`,
    );
  }
}

function checkLimit({ type, qps, burst, cacheSize = 1 }: EventRateLimit): void {
  if (qps > 0 && burst > 0 && cacheSize > 0 && [qps, burst, cacheSize].every(Number.isInteger)) return;
  throw new BulwarkError(
    `admission: the event limit of '${type}' needs whole numbers above 0 for qps, burst and cacheSize.`,
  );
}

function checkStaticManifests(folder: string | undefined, target: ClusterTarget): void {
  if (folder === undefined) return;
  if (target.minor < STATIC_MANIFESTS_MINOR) {
    throw new BulwarkError(
      `admission: static admission manifests need Kubernetes 1.${STATIC_MANIFESTS_MINOR} (KEP-5793), and the target is ${target.version}. Apply the guard rails as objects, or name a newer target.`,
    );
  }
  if (!folder.startsWith('/')) {
    throw new BulwarkError(
      `admission: staticManifests is '${folder}'. Name the absolute path of the folder on the node.`,
    );
  }
}
