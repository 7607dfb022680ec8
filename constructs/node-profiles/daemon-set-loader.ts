import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { JsonObject } from '../../src/manifest/manifest';
import { nameByContent } from '../../src/profile-name';
import { LockedServiceAccount } from '../identity/locked-service-account';
import { Tenant } from '../tenancy/tenant';
import type { TenantNamespace } from '../tenancy/tenant-namespace';
import { waiveWhereNeeded } from '../workload/waivers';
import type { ProfileSet } from './profile-set';

/** Options of the DaemonSet that loads profiles. */
export interface DaemonSetLoaderOptions {
  /**
   * Image with a POSIX shell, `cp`, `mv`, `sleep` and, for AppArmor, `apparmor_parser` 3.0 or newer and its `abi` files, pinned
   * by digest since it runs as root on every node. Made of Debian by `RUN apt-get update && apt-get install -y apparmor`.
   */
  readonly image: string;
  /** The most nodes that the cluster will have; the quota of the namespace follows from it. @default 100 */
  readonly maxNodes?: number;
  /** Taints of nodes that run pods with these profiles, too. @default none */
  readonly tolerations?: readonly JsonObject[];
}

const NAMESPACE_REASON =
  'loads AppArmor and seccomp profiles into nodes, which needs host paths, root and for AppArmor the capability MAC_ADMIN';

/** What the init containers have to do, by control. */
const REASONS: Readonly<Record<string, string>> = {
  'run-as-non-root': 'only root may write policy into the kernel and into the folder of the kubelet',
  'run-as-user-not-zero': 'only root may write policy into the kernel and into the folder of the kubelet',
  'run-as-group-not-zero':
    'the folder of the kubelet belongs to root, and no capability is left that would override that',
  'restricted-volume-types':
    'the kernel takes policy at /sys/kernel/security and the kubelet profiles in its own folder',
  'host-path-read-only': 'loading a profile is writing it to one of these two paths',
  'no-way-out-of-tenant':
    'whoever may change this DaemonSet owns the nodes, so nobody but the cluster has rights in its namespace',
  'user-namespace': 'the kernel takes policy from the initial user namespace only',
};

const APP_ARMOR_REASONS: Readonly<Record<string, string>> = {
  'capabilities-add-limited':
    'MAC_ADMIN is the capability to load policy, and the init container has no other',
  'apparmor-profile': 'a confined process may not load policy; the container that stays is confined',
};

/** A ConfigMap holds one MiB; the rest is for its names. */
const LARGEST_CONFIG_MAP = 1_000_000;
// The volume of a ConfigMap holds links whose names begin with two dots, which * passes over.
const LOAD_APP_ARMOR = 'for file in /profiles/*; do apparmor_parser --replace --skip-cache "$file"; done';
const INSTALL_SECCOMP =
  'for file in /profiles/*; do name="${file##*/}"; cp "$file" "/kubelet/.$name.new"; chmod 0644 "/kubelet/.$name.new"; mv "/kubelet/.$name.new" "/kubelet/$name"; done';

/** Emits a namespace, ConfigMaps with the profiles, and a DaemonSet that loads them. */
export function loadByDaemonSet(
  scope: Construct,
  profiles: ProfileSet,
  options: DaemonSetLoaderOptions,
): void {
  if (!/@sha256:[0-9a-f]{64}$/.test(options.image)) {
    throw new BulwarkError(
      `${scope.node.path}: the image '${options.image}' of the profile loader is not pinned by digest, and it runs as root on every node. Use NAME@sha256:DIGEST.`,
    );
  }
  const { maxNodes = 100 } = options;
  const quota = { pods: 2 * maxNodes, cpu: `${maxNodes * 100}m`, memory: `${maxNodes * 64}Mi` };
  const namespace = new Tenant(scope, 'node-profiles', { quota }).namespace('loader', {
    podSecurity: { level: 'privileged', reason: NAMESPACE_REASON },
  });
  waiveWhereNeeded(namespace.node.findChild('Namespace'), 'pod-security-enforced', NAMESPACE_REASON);
  const steps = [
    ...appArmorStep(namespace, profiles, options.image),
    ...seccompStep(namespace, profiles, options.image),
  ];
  if (steps.length === 0) return;
  new LockedServiceAccount(namespace, 'loader', { metadata: { name: 'loader' } });
  const daemonSet = new ApiObject(namespace, 'Loader', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'loader' },
    spec: daemonSetSpec(steps, options),
  });
  const reasons = { ...REASONS, ...(profiles.appArmor.length > 0 && APP_ARMOR_REASONS) };
  for (const [control, reason] of Object.entries(reasons)) waiveWhereNeeded(daemonSet, control, reason);
}

/** An init container and the volumes it needs. */
interface Step {
  readonly container: JsonObject;
  readonly volumes: readonly JsonObject[];
}

function appArmorStep(namespace: TenantNamespace, { appArmor }: ProfileSet, image: string): Step[] {
  if (appArmor.length === 0) return [];
  const files = Object.fromEntries(appArmor.map(({ rendered }) => [rendered.name, rendered.text]));
  const host = {
    name: 'kernel',
    path: '/sys/kernel/security',
    type: 'Directory',
    mountPath: '/sys/kernel/security',
  };
  return [
    step(host, {
      name: 'apparmor',
      image,
      script: LOAD_APP_ARMOR,
      configMap: configMap(namespace, 'apparmor', files),
      security: {
        appArmorProfile: { type: 'Unconfined' },
        capabilities: { drop: ['ALL'], add: ['MAC_ADMIN'] },
      },
    }),
  ];
}

function seccompStep(namespace: TenantNamespace, { seccomp }: ProfileSet, image: string): Step[] {
  if (seccomp.length === 0) return [];
  const files = Object.fromEntries(seccomp.map(({ rendered }) => [`${rendered.name}.json`, rendered.text]));
  const path = '/var/lib/kubelet/seccomp/bulwark';
  return [
    step(
      { name: 'kubelet', path, type: 'DirectoryOrCreate', mountPath: '/kubelet' },
      {
        name: 'seccomp',
        image,
        script: INSTALL_SECCOMP,
        configMap: configMap(namespace, 'seccomp', files),
        security: CONFINED,
      },
    ),
  ];
}

/** Adds a ConfigMap that is named by its content, so that another set of profiles restarts the DaemonSet. */
function configMap(namespace: TenantNamespace, kind: string, data: Record<string, string>): string {
  const text = JSON.stringify(data);
  if (text.length > LARGEST_CONFIG_MAP) {
    throw new BulwarkError(
      `${namespace.node.path}: the ${kind} profiles take ${text.length} bytes, more than a ConfigMap holds. Use ProfileLoader.nodeFiles().`,
    );
  }
  const name = nameByContent(kind, text);
  new ApiObject(namespace, name, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    immutable: true,
    data,
  });
  return name;
}

const CONFINED = { appArmorProfile: { type: 'RuntimeDefault' }, capabilities: { drop: ['ALL'] } };
const LOCKED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const RESOURCES = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } };

function step(
  host: { name: string; path: string; type: string; mountPath: string },
  loader: { name: string; image: string; script: string; configMap: string; security: JsonObject },
): Step {
  const profiles = `${loader.name}-profiles`;
  return {
    container: {
      name: loader.name,
      image: loader.image,
      command: ['/bin/sh', '-euc', loader.script],
      resources: RESOURCES,
      securityContext: { ...LOCKED, ...loader.security, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false },
      volumeMounts: [
        { name: profiles, mountPath: '/profiles', readOnly: true },
        { name: host.name, mountPath: host.mountPath },
      ],
    },
    volumes: [
      { name: profiles, configMap: { name: loader.configMap, defaultMode: 0o444 } },
      { name: host.name, hostPath: { path: host.path, type: host.type } },
    ],
  };
}

function daemonSetSpec(
  steps: readonly Step[],
  { image, tolerations = [] }: DaemonSetLoaderOptions,
): JsonObject {
  const labels = { 'app.kubernetes.io/name': 'loader' };
  return {
    selector: { matchLabels: labels },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'loader',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        ...(tolerations.length > 0 && { tolerations }),
        terminationGracePeriodSeconds: 1,
        initContainers: steps.map(({ container }) => container),
        containers: [
          {
            name: 'loaded',
            image,
            command: ['sleep', 'infinity'],
            resources: RESOURCES,
            securityContext: {
              ...LOCKED,
              ...CONFINED,
              runAsUser: 65532,
              runAsGroup: 65532,
              runAsNonRoot: true,
            },
          },
        ],
        volumes: steps.flatMap(({ volumes }) => volumes),
      },
    },
  };
}
