import { PULL_CHECKED_BY_KUBELET_MINOR } from './admission';
import type { ClusterTarget } from '../target/target';
import { STRONG_CIPHERS } from './strong-ciphers';

/** A program's flags by name, without the hyphens before it. */
export type Flags = Readonly<Record<string, string>>;

/** The flags but those of some names. */
export function without(flags: Flags, names: readonly string[]): Flags {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !names.includes(name)));
}

/** Oldest TLS that a server speaks. */
export const MINIMUM_TLS = 'VersionTLS13';

/** Where the files are on the node that the flags name. */
export interface FlagPaths {
  readonly admission: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly authentication?: string;
  readonly authorization?: string;
  readonly encryption: string;
}

/**
 * Flags of kube-apiserver beyond those that every installer sets (certificates, etcd).
 *
 * Sources: CIS 1.12 1.2.2, 1.2.15 to 1.2.22, 1.2.27, 1.2.29, 1.2.30.
 */
export function apiServerFlags(paths: FlagPaths, plugins: readonly string[], more: Flags): Flags {
  return {
    'admission-control-config-file': paths.admission,
    'audit-log-maxage': '30',
    'audit-log-maxbackup': '10',
    'audit-log-maxsize': '100',
    'audit-log-path': paths.auditLog,
    'audit-policy-file': paths.auditPolicy,
    ...(paths.authentication && { 'authentication-config': paths.authentication }),
    ...(paths.authorization && { 'authorization-config': paths.authorization }),
    'enable-admission-plugins': plugins.join(','),
    'encryption-provider-config': paths.encryption,
    'encryption-provider-config-automatic-reload': 'true',
    profiling: 'false',
    'request-timeout': '60s',
    // A token that was stolen before an upgrade would otherwise live a year.
    'service-account-extend-token-expiration': 'false',
    'service-account-lookup': 'true',
    'tls-cipher-suites': STRONG_CIPHERS.join(','),
    'tls-min-version': MINIMUM_TLS,
    ...more,
  };
}

/** Flags of kube-controller-manager. Sources: CIS 1.12 1.3.1 to 1.3.3 and 1.3.7. */
export const CONTROLLER_MANAGER_FLAGS: Flags = {
  'bind-address': '127.0.0.1',
  profiling: 'false',
  'terminated-pod-gc-threshold': '1000',
  'tls-min-version': MINIMUM_TLS,
  'use-service-account-credentials': 'true',
};

/** Flags of kube-scheduler. Sources: CIS 1.12 1.4.1 and 1.4.2. */
export const SCHEDULER_FLAGS: Flags = {
  'bind-address': '127.0.0.1',
  profiling: 'false',
  'tls-min-version': MINIMUM_TLS,
};

/** Flags of etcd beyond the certificates that every installer makes. Sources: CIS 1.12 2.2 to 2.6. */
export const ETCD_FLAGS: Flags = {
  'auto-tls': 'false',
  'cipher-suites': STRONG_CIPHERS.join(','),
  'client-cert-auth': 'true',
  'peer-auto-tls': 'false',
  'peer-client-cert-auth': 'true',
};

/** How pods on a node are kept in their place. */
export interface KubeletOptions {
  /** Most processes of one pod, so that a fork bomb ends there (CIS 1.12 4.2.13). @default 4096 */
  readonly podPidsLimit?: number;
  /**
   * Whether the kubelet asks the cluster for its serving certificate (CIS 1.12 4.2.11), which somebody has to approve: `kubectl
   * logs` and `exec` work only after that. @default true
   */
  readonly serverTlsBootstrap?: boolean;
}

/**
 * The kubelet's configuration (kubelet.config.k8s.io/v1beta1).
 * @param clientCa Path of the certificate authority of its clients, on the node; undefined where the installer sets it.
 *
 * Sources: CIS 1.12 4.2.1 to 4.2.14; KEP-2413 (seccompDefault).
 */
export function kubeletConfiguration(
  { podPidsLimit = 4096, serverTlsBootstrap = true }: KubeletOptions,
  target: ClusterTarget,
  clientCa: string | undefined,
): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      ...(clientCa && { x509: { clientCAFile: clientCa } }),
    },
    authorization: { mode: 'Webhook' },
    eventRecordQPS: 50,
    ...(target.minor >= PULL_CHECKED_BY_KUBELET_MINOR && {
      imagePullCredentialsVerificationPolicy: 'AlwaysVerify',
    }),
    makeIPTablesUtilChains: true,
    podPidsLimit,
    protectKernelDefaults: true,
    readOnlyPort: 0,
    rotateCertificates: true,
    seccompDefault: true,
    serverTLSBootstrap: serverTlsBootstrap,
    streamingConnectionIdleTimeout: '5m',
    tlsCipherSuites: STRONG_CIPHERS,
    tlsMinVersion: MINIMUM_TLS,
  };
}

/** The configuration of kube-proxy (kubeproxy.config.k8s.io/v1alpha1). Source: CIS 1.12 4.3.1. */
export const KUBE_PROXY_CONFIGURATION = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  metricsBindAddress: '127.0.0.1:10249',
} as const;
