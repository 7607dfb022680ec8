import { STRONG_CIPHERS } from '../control-plane/strong-ciphers';
import type { Manifest } from '../manifest/manifest';
import { componentFlags, type Component, type ComponentFlags } from './component-flags';
import type { Aliases, InventoryControl, Severity } from './control';

/** What a flag of a component has to be. */
interface FlagRule {
  readonly id: string;
  readonly component: Component;
  readonly flag: string;
  readonly title: string;
  readonly why: string;
  readonly severity: Severity;
  /** Number in the CIS Kubernetes Benchmark 1.12. */
  readonly cis: string;
  readonly aliases?: Aliases;
  /** A value that passes, for the fix and the example. */
  readonly good: string;
  /** A value that fails. @default the flag is not there */
  readonly bad?: string;
  /** @default to set the flag to `good` */
  readonly fix?: string;
  /** Whether kubeadm sets the flag well by itself, so that its absence there is fine. @default false */
  readonly kubeadmSets?: boolean;
  readonly holds: (value: string | undefined, flags: ReadonlyMap<string, string>) => boolean;
}

const listed = (value: string | undefined) => (value ?? '').split(',').filter((word) => word !== '');
const isSet = (value: string | undefined) => value !== undefined && value !== '';
const isOff = (value: string | undefined) => value === 'false';
const isOn = (value: string | undefined) => value === 'true';
const atLeast = (least: number) => (value: string | undefined) => Number(value) >= least;
const enables = (plugin: string) => (value: string | undefined) => listed(value).includes(plugin);
const spares = (plugin: string) => (value: string | undefined) => !listed(value).includes(plugin);
const isLocal = (value: string | undefined) =>
  value === '127.0.0.1' || value === '::1' || value === 'localhost';

const API_SERVER_FLAGS: readonly FlagRule[] = [
  {
    id: 'api-server-no-anonymous',
    component: 'kube-apiserver',
    flag: 'anonymous-auth',
    title: 'The API server answers nobody without credentials, but about its health',
    why: 'Whatever is ever granted to system:unauthenticated by mistake is granted to everybody who reaches the API server.',
    severity: 'high',
    cis: '1.2.1',
    aliases: { kubescape: ['C-0113'], trivy: ['KCV-0001'], checkov: ['CKV_K8S_68'] },
    good: 'false',
    holds: (value, flags) => isOff(value) || (value === undefined && flags.has('authentication-config')),
  },
  {
    id: 'api-server-no-token-file',
    component: 'kube-apiserver',
    flag: 'token-auth-file',
    title: 'The API server reads no file of tokens',
    why: 'Tokens in a file are plain text, never expire, and are revoked only by a restart.',
    severity: 'high',
    cis: '1.2.2',
    aliases: { kubescape: ['C-0114'], trivy: ['KCV-0002'], checkov: ['CKV_K8S_70'] },
    good: '',
    bad: '/etc/kubernetes/tokens.csv',
    fix: 'Remove --token-auth-file, and let people sign in at an OpenID Connect issuer.',
    holds: (value) => !isSet(value),
  },
  {
    id: 'api-server-denies-external-ips',
    component: 'kube-apiserver',
    flag: 'enable-admission-plugins',
    title: 'No Service takes over an address by externalIPs',
    why: 'Who may make a Service can name any address as its external one and receive the traffic that is meant for it (CVE-2020-8554).',
    severity: 'medium',
    cis: '1.2.3',
    aliases: { kubescape: ['C-0283'], trivy: ['KCV-0003'] },
    good: 'DenyServiceExternalIPs,EventRateLimit,NodeRestriction',
    bad: 'NodeRestriction',
    holds: enables('DenyServiceExternalIPs'),
  },
  {
    id: 'api-server-kubelet-client-certificate',
    component: 'kube-apiserver',
    flag: 'kubelet-client-certificate',
    title: 'The API server shows kubelets a certificate',
    why: 'A kubelet that has to answer the API server without a certificate answers everybody.',
    severity: 'high',
    cis: '1.2.4',
    aliases: { kubescape: ['C-0116'], trivy: ['KCV-0005'], checkov: ['CKV_K8S_72'] },
    good: '/etc/kubernetes/pki/apiserver-kubelet-client.crt',
    kubeadmSets: true,
    holds: isSet,
  },
  {
    id: 'api-server-no-always-allow',
    component: 'kube-apiserver',
    flag: 'authorization-mode',
    title: 'The API server does not allow everything',
    why: 'AlwaysAllow makes everybody who logs in an administrator.',
    severity: 'critical',
    cis: '1.2.6',
    aliases: { kubescape: ['C-0118'], trivy: ['KCV-0007'], checkov: ['CKV_K8S_74'] },
    good: 'Node,RBAC',
    bad: 'AlwaysAllow',
    kubeadmSets: true,
    // Without the flag and without a file it is the default.
    holds: (value, flags) =>
      flags.has('authorization-config') || (isSet(value) && spares('AlwaysAllow')(value)),
  },
  {
    id: 'api-server-node-authorizer',
    component: 'kube-apiserver',
    flag: 'authorization-mode',
    title: 'A kubelet reads only what its own pods need',
    why: 'Without the Node authorizer the credentials of one node read the Secrets of the whole cluster.',
    severity: 'high',
    cis: '1.2.7',
    aliases: { kubescape: ['C-0119'], trivy: ['KCV-0008'], checkov: ['CKV_K8S_75'] },
    good: 'Node,RBAC',
    bad: 'RBAC',
    kubeadmSets: true,
    holds: (value, flags) => flags.has('authorization-config') || enables('Node')(value),
  },
  {
    id: 'api-server-rbac',
    component: 'kube-apiserver',
    flag: 'authorization-mode',
    title: 'RBAC decides what somebody may do',
    why: 'Without RBAC the roles and bindings of the cluster say nothing.',
    severity: 'high',
    cis: '1.2.8',
    aliases: { kubescape: ['C-0120'], trivy: ['KCV-0009'], checkov: ['CKV_K8S_77'] },
    good: 'Node,RBAC',
    bad: 'Node',
    kubeadmSets: true,
    holds: (value, flags) => flags.has('authorization-config') || enables('RBAC')(value),
  },
  {
    id: 'api-server-event-rate-limit',
    component: 'kube-apiserver',
    flag: 'enable-admission-plugins',
    title: 'The events of one client are limited',
    why: 'A client that loops floods etcd with events until the API server stops answering anybody.',
    severity: 'low',
    cis: '1.2.9',
    aliases: { kubescape: ['C-0121'], trivy: ['KCV-0010'], checkov: ['CKV_K8S_78'] },
    good: 'EventRateLimit,NodeRestriction',
    bad: 'NodeRestriction',
    holds: enables('EventRateLimit'),
  },
  {
    id: 'api-server-no-always-admit',
    component: 'kube-apiserver',
    flag: 'enable-admission-plugins',
    title: 'The API server does not admit everything',
    why: 'AlwaysAdmit lets every object through, whatever the other plugins would say.',
    severity: 'critical',
    cis: '1.2.10',
    aliases: { kubescape: ['C-0122'], trivy: ['KCV-0011'], checkov: ['CKV_K8S_79'] },
    good: 'NodeRestriction',
    bad: 'AlwaysAdmit,NodeRestriction',
    fix: 'Remove AlwaysAdmit from --enable-admission-plugins.',
    holds: spares('AlwaysAdmit'),
  },
  {
    id: 'api-server-service-account-admission',
    component: 'kube-apiserver',
    flag: 'disable-admission-plugins',
    title: 'Every pod runs as a ServiceAccount that exists',
    why: 'Without the plugin a pod can name the account of another, made later with more rights.',
    severity: 'medium',
    cis: '1.2.12',
    aliases: { kubescape: ['C-0125'], trivy: ['KCV-0014'], checkov: ['CKV_K8S_82'] },
    good: '',
    bad: 'ServiceAccount',
    fix: 'Remove ServiceAccount from --disable-admission-plugins.',
    holds: spares('ServiceAccount'),
  },
  {
    id: 'api-server-namespace-lifecycle',
    component: 'kube-apiserver',
    flag: 'disable-admission-plugins',
    title: 'Nothing is made in a namespace that is going or gone',
    why: 'Without the plugin objects outlive the namespace whose quota and policies applied to them.',
    severity: 'low',
    cis: '1.2.13',
    aliases: { kubescape: ['C-0126'], trivy: ['KCV-0015'], checkov: ['CKV_K8S_83'] },
    good: '',
    bad: 'NamespaceLifecycle',
    fix: 'Remove NamespaceLifecycle from --disable-admission-plugins.',
    holds: spares('NamespaceLifecycle'),
  },
  {
    id: 'api-server-node-restriction',
    component: 'kube-apiserver',
    flag: 'enable-admission-plugins',
    title: 'A kubelet changes only its own node and the pods on it',
    why: 'Without the plugin one stolen node relabels the others and draws their pods to itself.',
    severity: 'high',
    cis: '1.2.14',
    aliases: { kubescape: ['C-0127'], trivy: ['KCV-0016'], checkov: ['CKV_K8S_85'] },
    good: 'NodeRestriction',
    bad: 'EventRateLimit',
    kubeadmSets: true,
    holds: enables('NodeRestriction'),
  },
  {
    id: 'api-server-no-profiling',
    component: 'kube-apiserver',
    flag: 'profiling',
    title: 'The API server serves no profiles',
    why: 'A profile tells of the program’s memory and costs time to make: an aid to whoever attacks it.',
    severity: 'low',
    cis: '1.2.15',
    aliases: { kubescape: ['C-0129'], trivy: ['KCV-0018'], checkov: ['CKV_K8S_90'] },
    good: 'false',
    holds: isOff,
  },
  {
    id: 'api-server-audit-log',
    component: 'kube-apiserver',
    flag: 'audit-log-path',
    title: 'The API server writes an audit log',
    why: 'Without it nobody can tell afterwards who did what.',
    severity: 'high',
    cis: '1.2.16',
    aliases: { kubescape: ['C-0130'], trivy: ['KCV-0019'], checkov: ['CKV_K8S_91'] },
    good: '/var/log/kubernetes/audit/audit.log',
    holds: isSet,
  },
  {
    id: 'api-server-audit-log-age',
    component: 'kube-apiserver',
    flag: 'audit-log-maxage',
    title: 'The audit log is kept for 30 days or more',
    why: 'An intrusion is usually noticed weeks after it began.',
    severity: 'low',
    cis: '1.2.17',
    aliases: { kubescape: ['C-0131'], trivy: ['KCV-0020'], checkov: ['CKV_K8S_92'] },
    good: '30',
    holds: atLeast(30),
  },
  {
    id: 'api-server-audit-log-backups',
    component: 'kube-apiserver',
    flag: 'audit-log-maxbackup',
    title: 'Ten or more files of the audit log are kept',
    why: 'Who can make the log grow could otherwise push what they did out of it.',
    severity: 'low',
    cis: '1.2.18',
    aliases: { kubescape: ['C-0132'], trivy: ['KCV-0021'], checkov: ['CKV_K8S_93'] },
    good: '10',
    holds: atLeast(10),
  },
  {
    id: 'api-server-audit-log-size',
    component: 'kube-apiserver',
    flag: 'audit-log-maxsize',
    title: 'A file of the audit log holds 100 MB or more',
    why: 'Who can make the log grow could otherwise push what they did out of it.',
    severity: 'low',
    cis: '1.2.19',
    aliases: { kubescape: ['C-0133'], trivy: ['KCV-0022'], checkov: ['CKV_K8S_94'] },
    good: '100',
    holds: atLeast(100),
  },
  {
    id: 'api-server-service-account-lookup',
    component: 'kube-apiserver',
    flag: 'service-account-lookup',
    title: 'A token of a ServiceAccount that was deleted is worth nothing',
    why: 'Without the look-up a token works until it expires, whatever became of its account.',
    severity: 'medium',
    cis: '1.2.21',
    aliases: { kubescape: ['C-0135'], trivy: ['KCV-0024'], checkov: ['CKV_K8S_96'] },
    good: 'true',
    bad: 'false',
    holds: (value) => !isOff(value),
  },
  {
    id: 'api-server-encryption',
    component: 'kube-apiserver',
    flag: 'encryption-provider-config',
    title: 'Secrets are encrypted in etcd',
    why: 'Whoever gets hold of a backup or a disk of etcd otherwise reads every Secret of the cluster.',
    severity: 'high',
    cis: '1.2.27',
    aliases: { kubescape: ['C-0141'], trivy: ['KCV-0030'], checkov: ['CKV_K8S_104'] },
    good: '/etc/kubernetes/bulwark/encryption.yaml',
    holds: isSet,
  },
  {
    id: 'api-server-strong-ciphers',
    component: 'kube-apiserver',
    flag: 'tls-cipher-suites',
    title: 'The API server speaks strong ciphers only',
    why: 'Suites without forward secrecy open recorded traffic to whoever gets the key later.',
    severity: 'medium',
    cis: '1.2.29',
    aliases: { kubescape: ['C-0277'], checkov: ['CKV_K8S_105'] },
    good: STRONG_CIPHERS.join(','),
    holds: (value, flags) =>
      flags.get('tls-min-version') === 'VersionTLS13' ||
      (isSet(value) && listed(value).every((suite) => STRONG_CIPHERS.includes(suite))),
  },
  {
    id: 'api-server-short-tokens',
    component: 'kube-apiserver',
    flag: 'service-account-extend-token-expiration',
    title: 'No token of a pod lives for a year',
    why: 'The API server makes automatic tokens last a year for clients that never read them again; a stolen one lasts as long.',
    severity: 'medium',
    cis: '1.2.30',
    aliases: { kubescape: ['C-0290'] },
    good: 'false',
    holds: isOff,
  },
  {
    id: 'api-server-audit-policy',
    component: 'kube-apiserver',
    flag: 'audit-policy-file',
    title: 'A policy says what the audit log holds',
    why: 'Without a policy the API server logs nothing at all.',
    severity: 'high',
    cis: '3.2.1',
    aliases: { kubescape: ['C-0160'] },
    good: '/etc/kubernetes/bulwark/audit-policy.yaml',
    holds: isSet,
  },
];

const OTHER_FLAGS: readonly FlagRule[] = [
  {
    id: 'controller-manager-collects-garbage',
    component: 'kube-controller-manager',
    flag: 'terminated-pod-gc-threshold',
    title: 'Pods that ended are removed before they fill etcd',
    why: 'Whoever may make pods that end at once could fill the database of the API server.',
    severity: 'low',
    cis: '1.3.1',
    aliases: { kubescape: ['C-0144'], trivy: ['KCV-0033'], checkov: ['CKV_K8S_106'] },
    good: '1000',
    holds: (value) => Number(value) > 0,
  },
  {
    id: 'controller-manager-no-profiling',
    component: 'kube-controller-manager',
    flag: 'profiling',
    title: 'The controller manager serves no profiles',
    why: 'A profile tells of the program’s memory and costs time to make: an aid to whoever attacks it.',
    severity: 'low',
    cis: '1.3.2',
    aliases: { kubescape: ['C-0145'], trivy: ['KCV-0034'], checkov: ['CKV_K8S_107'] },
    good: 'false',
    holds: isOff,
  },
  {
    id: 'controller-manager-own-accounts',
    component: 'kube-controller-manager',
    flag: 'use-service-account-credentials',
    title: 'Each controller has rights of its own',
    why: 'Otherwise each controller has the rights of all of them, and so has whoever finds a hole in one.',
    severity: 'medium',
    cis: '1.3.3',
    aliases: { kubescape: ['C-0146'], trivy: ['KCV-0035'], checkov: ['CKV_K8S_108'] },
    good: 'true',
    kubeadmSets: true,
    holds: isOn,
  },
  {
    id: 'controller-manager-local',
    component: 'kube-controller-manager',
    flag: 'bind-address',
    title: 'The controller manager is reached from its own node only',
    why: 'Its metrics and health tell of the whole cluster, and nobody else needs them.',
    severity: 'medium',
    cis: '1.3.7',
    aliases: { kubescape: ['C-0150'], trivy: ['KCV-0039'], checkov: ['CKV_K8S_113'] },
    good: '127.0.0.1',
    bad: '0.0.0.0',
    kubeadmSets: true,
    holds: isLocal,
  },
  {
    id: 'scheduler-no-profiling',
    component: 'kube-scheduler',
    flag: 'profiling',
    title: 'The scheduler serves no profiles',
    why: 'A profile tells of the program’s memory and costs time to make: an aid to whoever attacks it.',
    severity: 'low',
    cis: '1.4.1',
    aliases: { kubescape: ['C-0151'], trivy: ['KCV-0040'], checkov: ['CKV_K8S_114'] },
    good: 'false',
    holds: isOff,
  },
  {
    id: 'scheduler-local',
    component: 'kube-scheduler',
    flag: 'bind-address',
    title: 'The scheduler is reached from its own node only',
    why: 'Its metrics and health tell of the whole cluster, and nobody else needs them.',
    severity: 'medium',
    cis: '1.4.2',
    aliases: { kubescape: ['C-0152'], trivy: ['KCV-0041'], checkov: ['CKV_K8S_115'] },
    good: '127.0.0.1',
    bad: '0.0.0.0',
    kubeadmSets: true,
    holds: isLocal,
  },
  {
    id: 'etcd-client-certificates',
    component: 'etcd',
    flag: 'client-cert-auth',
    title: 'etcd answers clients with a certificate only',
    why: 'Who can speak to etcd owns the cluster: no rule of the API server applies there.',
    severity: 'critical',
    cis: '2.2',
    aliases: { kubescape: ['C-0154'], trivy: ['KCV-0043'], checkov: ['CKV_K8S_117'] },
    good: 'true',
    bad: 'false',
    kubeadmSets: true,
    holds: isOn,
  },
  {
    id: 'etcd-no-self-signed-clients',
    component: 'etcd',
    flag: 'auto-tls',
    title: 'etcd makes itself no certificate for clients',
    why: 'A certificate that etcd signs itself proves nothing, so anybody between the two can pass for etcd.',
    severity: 'high',
    cis: '2.3',
    aliases: { kubescape: ['C-0155'], trivy: ['KCV-0044'], checkov: ['CKV_K8S_118'] },
    good: 'false',
    bad: 'true',
    holds: (value) => !isOn(value),
  },
  {
    id: 'etcd-peer-certificates',
    component: 'etcd',
    flag: 'peer-client-cert-auth',
    title: 'Members of etcd prove to each other who they are',
    why: 'A stranger that joins as a member receives every Secret and can change every object.',
    severity: 'critical',
    cis: '2.5',
    aliases: { kubescape: ['C-0157'], trivy: ['KCV-0046'], checkov: ['CKV_K8S_121'] },
    good: 'true',
    bad: 'false',
    kubeadmSets: true,
    holds: isOn,
  },
  {
    id: 'etcd-no-self-signed-peers',
    component: 'etcd',
    flag: 'peer-auto-tls',
    title: 'etcd makes itself no certificate for its peers',
    why: 'A certificate that a member signs itself proves nothing, so a stranger can pass for a member.',
    severity: 'high',
    cis: '2.6',
    aliases: { kubescape: ['C-0158'], trivy: ['KCV-0047'] },
    good: 'false',
    bad: 'true',
    holds: (value) => !isOn(value),
  },
];

/** Flags of the control plane, where kubeadm or a static pod sets them. */
export const CONTROL_PLANE_FLAG_CONTROLS: readonly InventoryControl[] = [
  ...API_SERVER_FLAGS,
  ...OTHER_FLAGS,
].map(controlOf);

function controlOf(rule: FlagRule): InventoryControl {
  const { id, component, flag, title, why, severity, cis, aliases, good, bad } = rule;
  return {
    id,
    title,
    why,
    severity,
    references: [{ standard: 'CIS 1.12', id: cis }],
    ...(aliases && { aliases }),
    fix: rule.fix ?? `Set --${flag} of ${component} to ${good}.`,
    scope: 'inventory',
    breaches: (inventory) =>
      [...inventory.ofKind('ClusterConfiguration'), ...inventory.ofKind('Pod')].flatMap((manifest) => {
        const found = componentFlags(manifest, component);
        return found && !holds(rule, found) ? [{ manifest, field: `${found.field}.${flag}` }] : [];
      }),
    examples: { fails: [staticPod(component, flag, bad)], passes: [staticPod(component, flag, good)] },
  };
}

function holds(rule: FlagRule, { flags, byKubeadm }: ComponentFlags): boolean {
  const value = flags.get(rule.flag);
  if (byKubeadm && rule.kubeadmSets && value === undefined) return true;
  return rule.holds(value, flags);
}

function staticPod(component: Component, flag: string, value: string | undefined): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: component, namespace: 'kube-system' },
    spec: {
      containers: [
        {
          name: component,
          image: `registry.k8s.io/${component}:v1.33.4`,
          command: [component, ...(value === undefined || value === '' ? [] : [`--${flag}=${value}`])],
        },
      ],
    },
  };
}
