import { findControl } from './catalogue';
import { CONTROL_PLANE_FLAG_CONTROLS } from './control-plane';
import { isPodControl, type Control, type PodControl } from './control';
import { NETWORK_LINT_CONTROLS } from './network-lint';
import { NODE_FILE_CONTROLS } from './node-files';

/** A set of controls that somebody asks for by name. */
export type ProfileName = 'baseline' | 'restricted' | 'hardened' | 'cis' | 'nsa' | 'network';

const HOST_NAMESPACES = ['no-host-network', 'no-host-pid', 'no-host-ipc'] as const;

/**
 * Which controls a profile asks, in the order in which they are repaired and reported. A control of no profile is one that
 * clusters rightly disagree about; it is asked by its id.
 */
export const PROFILES: Readonly<Record<ProfileName, readonly string[]>> = {
  /** Exactly what Pod Security admission checks under `baseline`. */
  baseline: [
    'no-privileged-container',
    ...HOST_NAMESPACES,
    'no-host-path-volume',
    'no-host-port',
    'capabilities-default-set',
    'seccomp-not-unconfined',
    'apparmor-not-loosened',
    'selinux-options',
    'pss-proc-mount',
    'safe-sysctls',
    'no-windows-host-process',
    'pss-probe-host',
  ],
  /** Exactly what Pod Security admission checks under `restricted`. */
  restricted: [
    'no-privileged-container',
    ...HOST_NAMESPACES,
    'pss-volume-types',
    'no-host-port',
    'capabilities-drop-all',
    'capabilities-add-limited',
    'no-privilege-escalation',
    'pss-run-as-non-root',
    'pss-run-as-user',
    'seccomp-profile',
    'apparmor-not-loosened',
    'selinux-options',
    'default-proc-mount',
    'safe-sysctls',
    'no-windows-host-process',
    'pss-probe-host',
  ],
  /** What the hardening kernel repairs and refuses, and what goes with it: at least as strict as `restricted`. */
  hardened: [
    'no-privileged-container',
    ...HOST_NAMESPACES,
    'restricted-volume-types',
    'no-host-port',
    'capabilities-drop-all',
    'capabilities-add-limited',
    'no-privilege-escalation',
    'run-as-non-root',
    'run-as-user-not-zero',
    'seccomp-profile',
    'selinux-options',
    'default-proc-mount',
    'safe-sysctls',
    'no-windows-host-process',
    'no-probe-host',
    'read-only-root-filesystem',
    'apparmor-profile',
    'apparmor-agrees',
    'no-automounted-token',
    'no-service-links',
    'resource-requests',
    'resource-limits',
    'user-namespace',
    // These two still hold where the type of a volume is waived.
    'no-runtime-socket',
    'host-path-read-only',
    'run-as-group-not-zero',
    'no-root-supplemental-group',
    'supplemental-groups-strict',
    'no-shared-process-namespace',
    'empty-dir-size-limit',
    'no-control-plane-toleration',
    'no-node-name',
    'no-interactive-terminal',
    'no-ssh-port',
    'no-sudo',
    'image-fixed-tag',
    'allowed-registries',
    'no-deprecated-registry',
    'no-tiller',
    'no-kubernetes-dashboard',
    'secret-as-file',
    'secret-mount-read-only',
    'no-credential-in-env',
    'no-credential-in-config-map',
    'no-credential-in-args',
    'no-credential-in-manifest',
    'no-plaintext-secret',
    'no-host-path-persistent-volume',
    // Who a pod is, and how long whoever steals that stays it
    'short-lived-token',
    'token-audience',
    'service-account-no-automount',
    'service-account-exists',
    'service-account-no-secrets',
    'no-token-secret',
    'no-default-service-account-binding',
    // Rights that lead to more rights. What developers do to workloads of their own namespace is left out.
    'no-rbac-wildcard',
    'no-full-control-role',
    'no-match-all-aggregation',
    'no-built-in-aggregation',
    'rbac-rule-takes-effect',
    'no-secret-read-right',
    'no-secret-write-right',
    'no-token-request-right',
    'no-escalate-right',
    'no-bind-right',
    'no-impersonate-right',
    'no-rbac-write-right',
    'no-csr-approval-right',
    'no-webhook-write-right',
    'no-node-proxy-right',
    'no-node-write-right',
    'no-namespace-change-right',
    'no-persistent-volume-create-right',
    'no-network-policy-write-right',
    'no-endpoint-write-right',
    'no-service-status-right',
    'no-pod-status-right',
    'no-event-delete-right',
    'no-quota-write-right',
    'no-flow-control-write-right',
    'no-class-write-right',
    'no-gateway-write-right',
    'no-replication-write-right',
    'no-pod-binding-right',
    'no-system-lease-right',
    'no-api-extension-right',
    'no-way-out-of-tenant',
    'no-powerful-pod-account',
    'hostile-tenant-confined',
    'no-cluster-admin-binding',
    'no-built-in-edit-binding',
    'no-anonymous-binding',
    'no-authenticated-binding',
    'no-masters-binding',
    'no-service-account-group-binding',
    'role-ref-exists',
    'binding-grants-something',
    'binding-subject-exists',
    // Who reaches whom
    'pod-network-isolated',
    'namespace-default-deny',
    'no-allow-all-network-policy',
    'network-policy-types',
    'network-policy-selects-pods',
    'network-policy-peer-not-split',
    'network-policy-ip-families',
    'no-metadata-egress',
    'no-external-ips',
    'no-node-port',
    'load-balancer-source-ranges',
    'no-external-name-to-host',
    'no-host-endpoint',
    'no-host-endpoints',
    'ingress-tls',
    'ingress-named-hosts',
    'ingress-unique-hosts',
    'no-ingress-snippet',
    // That a namespace admits no privileged pod, and that admission does what it is meant to
    'pod-security-enforced',
    'webhook-fails-closed',
    'webhook-spares-own-namespace',
    'admission-policy-fails-closed',
  ],
  /** CIS Kubernetes Benchmark: section 5 of 1.11, one control or the fewest for each row; sections 1 to 4 of 1.12 for files of nodes. */
  cis: [
    'no-cluster-admin-binding', // 5.1.1
    'no-full-control-role', // 5.1.1
    'no-secret-read-right', // 5.1.2
    'no-secret-write-right', // 5.1.2
    'no-rbac-wildcard', // 5.1.3
    'no-workload-write-right', // 5.1.4
    'service-account-no-automount', // 5.1.5
    'named-service-account', // 5.1.5
    'no-default-service-account-binding', // 5.1.5
    'no-service-account-group-binding', // 5.1.5
    'no-automounted-token', // 5.1.6
    'no-masters-binding', // 5.1.7
    'no-escalate-right', // 5.1.8
    'no-bind-right', // 5.1.8
    'no-impersonate-right', // 5.1.8
    'no-persistent-volume-create-right', // 5.1.9
    'no-node-proxy-right', // 5.1.10
    'no-csr-approval-right', // 5.1.11
    'no-webhook-write-right', // 5.1.12
    'no-token-request-right', // 5.1.13
    'pod-security-enforced', // 5.2.1
    'no-privileged-container', // 5.2.2
    'no-host-pid', // 5.2.3
    'no-host-ipc', // 5.2.4
    'no-host-network', // 5.2.5
    'no-privilege-escalation', // 5.2.6
    'run-as-non-root', // 5.2.7
    'run-as-user-not-zero', // 5.2.7
    'capabilities-drop-all', // 5.2.8 and 5.2.10
    'capabilities-add-limited', // 5.2.9
    'no-windows-host-process', // 5.2.11
    'no-host-path-volume', // 5.2.12
    'no-host-port', // 5.2.13
    'pod-network-isolated', // 5.3.2
    'secret-as-file', // 5.4.1
    'allowed-registries', // 5.5.1
    'seccomp-profile', // 5.6.2
    'no-default-namespace', // 5.6.4
    ...CONTROL_PLANE_FLAG_CONTROLS.map(({ id }) => id), // sections 1 and 2 of 1.12
    ...NODE_FILE_CONTROLS.map(({ id }) => id), // sections 1, 3 and 4 of 1.12
  ],
  /** NSA/CISA Kubernetes Hardening Guide 1.2: what it asks of manifests. */
  nsa: [
    // Non-root containers, immutable file systems, secure images
    'run-as-non-root',
    'run-as-user-not-zero',
    'run-as-group-not-zero',
    'no-root-supplemental-group',
    'read-only-root-filesystem',
    'image-fixed-tag',
    'allowed-registries',
    // Pod security enforcement
    'pod-security-enforced',
    'no-privileged-container',
    ...HOST_NAMESPACES,
    'no-host-path-volume',
    'no-host-port',
    'capabilities-drop-all',
    'capabilities-add-limited',
    'no-privilege-escalation',
    // Service account tokens
    'no-automounted-token',
    // Hardening container environments
    'seccomp-profile',
    'apparmor-profile',
    'selinux-options',
    // Resource policies
    'resource-requests',
    'resource-limits',
    'empty-dir-size-limit',
    'namespace-resource-quota',
    'namespace-limit-range',
    // Network separation
    'pod-network-isolated',
    'namespace-default-deny',
    'no-allow-all-network-policy',
    'no-metadata-egress',
    // Secrets
    'no-credential-in-env',
    'no-credential-in-config-map',
    'no-plaintext-secret',
  ],
  /** Everything that is asked of network policies: what they leave open, and what they hardly mean. */
  network: [
    'pod-network-isolated',
    'namespace-default-deny',
    'no-allow-all-network-policy',
    'no-metadata-egress',
    'network-policy-types',
    'network-policy-selects-pods',
    'network-policy-peer-exists',
    'network-policy-dns',
    ...NETWORK_LINT_CONTROLS.map(({ id }) => id),
  ],
};

/** The controls of a profile, in its order. */
export function controlsOf(profile: ProfileName): Control[] {
  return PROFILES[profile].map((id) => findControl(id)!);
}

/**
 * The controls that the hardening kernel repairs and judges, in that order: those of the profile `hardened` that are about pods
 * and ask nothing of the owner of the cluster.
 */
export function podControls(): readonly PodControl[] {
  return (ofPods ??= controlsOf('hardened')
    .filter(isPodControl)
    .filter(({ parameter }) => parameter === undefined));
}

let ofPods: readonly PodControl[] | undefined;
