import { auditProblems } from '../control-plane/audit-lint';
import type { AuditPolicy } from '../control-plane/audit-policy';
import { gradedAuditPolicy } from '../control-plane/graded-audit-policy';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import type { Aliases, InventoryControl, ObjectControl, Severity } from './control';

const KUBELET = 'kubelet.config.k8s.io/KubeletConfiguration';
const KUBE_PROXY = 'kubeproxy.config.k8s.io/KubeProxyConfiguration';
const API_SERVER = 'apiserver.config.k8s.io';

/** A rule about a configuration file of a node. */
interface FileRule {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly why: string;
  readonly severity: Severity;
  /** Number in the CIS Kubernetes Benchmark 1.12. */
  readonly cis: string;
  readonly aliases?: Aliases;
  readonly rule: string;
  readonly field: string;
  readonly fix: string;
  /** What the file says, beside its kind. */
  readonly fails: JsonObject;
  readonly passes: JsonObject;
}

/** Entries of an EncryptionConfiguration that decide about Secrets: the first of them does. */
const SECRETS_ENTRY =
  "object.?resources.orValue([]).filter(entry, entry.?resources.orValue([]).exists(name, name in ['secrets', '*.', '*.*']))";

const provider = (name: string, settings: JsonObject) => ({
  resources: [{ resources: ['secrets'], providers: [{ [name]: settings }, { identity: {} }] }],
});

const FILE_RULES: readonly FileRule[] = [
  {
    id: 'kubelet-no-anonymous',
    kind: KUBELET,
    title: 'The kubelet answers nobody without credentials',
    why: 'Whoever reaches the port of the kubelet could otherwise list the pods of the node and run commands in them.',
    severity: 'critical',
    cis: '4.2.1',
    aliases: { kubescape: ['C-0172'], trivy: ['KCV-0079'], checkov: ['CKV_K8S_138'] },
    rule: '!object.?authentication.?anonymous.?enabled.orValue(false)',
    field: 'authentication.anonymous.enabled',
    fix: 'Set authentication.anonymous.enabled to false.',
    fails: { authentication: { anonymous: { enabled: true } } },
    passes: { authentication: { anonymous: { enabled: false } } },
  },
  {
    id: 'kubelet-webhook-authorization',
    kind: KUBELET,
    title: 'The kubelet asks the API server what its clients may do',
    why: 'AlwaysAllow lets everybody with any valid credentials run commands in every pod of the node.',
    severity: 'critical',
    cis: '4.2.2',
    aliases: { kubescape: ['C-0173'], trivy: ['KCV-0080'], checkov: ['CKV_K8S_139'] },
    rule: "object.?authorization.?mode.orValue('Webhook') == 'Webhook'",
    field: 'authorization.mode',
    fix: 'Set authorization.mode to Webhook.',
    fails: { authorization: { mode: 'AlwaysAllow' } },
    passes: { authorization: { mode: 'Webhook' } },
  },
  {
    id: 'kubelet-no-read-only-port',
    kind: KUBELET,
    title: 'The kubelet has no port without authentication',
    why: 'On the read-only port everybody reads the pods of the node, with their environment.',
    severity: 'high',
    cis: '4.2.4',
    aliases: { kubescape: ['C-0175'], trivy: ['KCV-0082'], checkov: ['CKV_K8S_141'] },
    rule: 'object.?readOnlyPort.orValue(0) == 0',
    field: 'readOnlyPort',
    fix: 'Set readOnlyPort to 0.',
    fails: { readOnlyPort: 10255 },
    passes: { readOnlyPort: 0 },
  },
  {
    id: 'kubelet-streaming-timeout',
    kind: KUBELET,
    title: 'A connection into a pod ends when nothing is said on it',
    why: 'A forgotten exec session is a way into the pod for whoever gets at that terminal, for as long as it stays open.',
    severity: 'low',
    cis: '4.2.5',
    aliases: { kubescape: ['C-0176'], trivy: ['KCV-0085'], checkov: ['CKV_K8S_143'] },
    rule: "!(object.?streamingConnectionIdleTimeout.orValue('4h') in ['0', '0s', '0h', '0m'])",
    field: 'streamingConnectionIdleTimeout',
    fix: 'Set streamingConnectionIdleTimeout to 5m.',
    fails: { streamingConnectionIdleTimeout: '0s' },
    passes: { streamingConnectionIdleTimeout: '5m' },
  },
  {
    id: 'kubelet-iptables-chains',
    kind: KUBELET,
    title: 'The kubelet keeps the rules of the node’s firewall that pods rely on',
    why: 'Without them rules of the node and of the network plugin undo each other, and traffic goes where no policy lets it.',
    severity: 'low',
    cis: '4.2.6',
    aliases: { kubescape: ['C-0178'], checkov: ['CKV_K8S_145'] },
    rule: 'object.?makeIPTablesUtilChains.orValue(true)',
    field: 'makeIPTablesUtilChains',
    fix: 'Set makeIPTablesUtilChains to true.',
    fails: { makeIPTablesUtilChains: false },
    passes: { makeIPTablesUtilChains: true },
  },
  {
    id: 'kubelet-event-limit',
    kind: KUBELET,
    title: 'The kubelet limits the events that it sends',
    why: 'A pod that fails in a loop could otherwise flood the API server from every node.',
    severity: 'low',
    cis: '4.2.8',
    aliases: { kubescape: ['C-0180'], checkov: ['CKV_K8S_147'] },
    rule: 'object.?eventRecordQPS.orValue(50) > 0',
    field: 'eventRecordQPS',
    fix: 'Set eventRecordQPS to 50.',
    fails: { eventRecordQPS: 0 },
    passes: { eventRecordQPS: 50 },
  },
  {
    id: 'kubelet-rotates-certificates',
    kind: KUBELET,
    title: 'The kubelet renews its client certificate',
    why: 'A certificate that is not renewed is made to last, and a stolen one lasts as long.',
    severity: 'medium',
    cis: '4.2.10',
    aliases: { kubescape: ['C-0182'], trivy: ['KCV-0090'], checkov: ['CKV_K8S_149'] },
    rule: 'object.?rotateCertificates.orValue(false)',
    field: 'rotateCertificates',
    fix: 'Set rotateCertificates to true.',
    fails: {},
    passes: { rotateCertificates: true },
  },
  {
    id: 'kubelet-signed-certificate',
    kind: KUBELET,
    title: 'The kubelet has a serving certificate that the cluster signed',
    why: 'The API server cannot check one that the kubelet signed itself, so anybody between the two reads logs and commands.',
    severity: 'medium',
    cis: '4.2.11',
    aliases: { kubescape: ['C-0183'], trivy: ['KCV-0091'] },
    rule: "object.?serverTLSBootstrap.orValue(false) || object.?tlsCertFile.orValue('') != ''",
    field: 'serverTLSBootstrap',
    fix: 'Set serverTLSBootstrap to true, and approve the requests for certificates.',
    fails: {},
    passes: { serverTLSBootstrap: true },
  },
  {
    id: 'kubelet-strong-ciphers',
    kind: KUBELET,
    title: 'The kubelet speaks strong ciphers only',
    why: 'Suites without forward secrecy open recorded traffic, commands and logs, to whoever gets the key later.',
    severity: 'medium',
    cis: '4.2.12',
    aliases: { kubescape: ['C-0184'], trivy: ['KCV-0092'], checkov: ['CKV_K8S_151'] },
    rule:
      "object.?tlsMinVersion.orValue('') == 'VersionTLS13' || (object.?tlsCipherSuites.orValue([]).size() > 0 && " +
      "object.tlsCipherSuites.all(suite, suite.matches('^TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)$')))",
    field: 'tlsCipherSuites',
    fix: 'Set tlsMinVersion to VersionTLS13, or tlsCipherSuites to suites with ECDHE and GCM or CHACHA20_POLY1305.',
    fails: { tlsCipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] },
    passes: { tlsMinVersion: 'VersionTLS13' },
  },
  {
    id: 'kubelet-pids-limit',
    kind: KUBELET,
    title: 'A pod has a limit of processes',
    why: 'One pod that forks without end otherwise takes the node, and with it the pods of others.',
    severity: 'medium',
    cis: '4.2.13',
    aliases: { kubescape: ['C-0284'] },
    rule: 'object.?podPidsLimit.orValue(-1) > 0',
    field: 'podPidsLimit',
    fix: 'Set podPidsLimit, for example to 4096.',
    fails: {},
    passes: { podPidsLimit: 4096 },
  },
  {
    id: 'kubelet-seccomp-default',
    kind: KUBELET,
    title: 'A pod that names no seccomp profile gets that of the runtime',
    why: 'Without it the containers of such a pod may make every system call, those included that holes in the kernel are reached by.',
    severity: 'medium',
    cis: '4.2.14',
    rule: 'object.?seccompDefault.orValue(false)',
    field: 'seccompDefault',
    fix: 'Set seccompDefault to true.',
    fails: {},
    passes: { seccompDefault: true },
  },
  {
    id: 'kube-proxy-local-metrics',
    kind: KUBE_PROXY,
    title: 'The metrics of kube-proxy are read on the node only',
    why: 'They tell which Services there are and how they are used, without any authentication.',
    severity: 'low',
    cis: '4.3.1',
    aliases: { kubescape: ['C-0291'] },
    rule: "object.?metricsBindAddress.orValue('127.0.0.1:10249').matches('^(127[.]0[.]0[.]1|localhost|\\\\[::1\\\\])(:|$)') || object.?metricsBindAddress.orValue('') == ''",
    field: 'metricsBindAddress',
    fix: 'Set metricsBindAddress to 127.0.0.1:10249.',
    fails: { metricsBindAddress: '0.0.0.0:10249' },
    passes: { metricsBindAddress: '127.0.0.1:10249' },
  },
  {
    id: 'encryption-of-secrets',
    kind: `${API_SERVER}/EncryptionConfiguration`,
    title: 'Secrets are written to etcd encrypted',
    why: 'The first provider writes: where it is identity, a backup or a disk of etcd gives every Secret away.',
    severity: 'high',
    cis: '1.2.28',
    aliases: { kubescape: ['C-0142'] },
    rule: `${SECRETS_ENTRY}.size() > 0 && !${SECRETS_ENTRY}.map(entry, entry.providers[0].?identity.hasValue())[0]`,
    field: 'resources',
    fix: 'Put secretbox or kms first in the providers of the first entry that names secrets, and identity last.',
    fails: {
      resources: [{ resources: ['secrets'], providers: [{ identity: {} }, { secretbox: { keys: [] } }] }],
    },
    passes: provider('secretbox', { keys: [{ name: 'key1', secret: '@key1@' }] }),
  },
  {
    id: 'encryption-strong-provider',
    kind: `${API_SERVER}/EncryptionConfiguration`,
    title: 'Encryption at rest uses secretbox or KMS v2',
    why: 'aescbc has no integrity, aesgcm fails after some 200,000 writes with one key, and KMS v1 is off since Kubernetes 1.29.',
    severity: 'medium',
    cis: '1.2.28',
    rule: "object.?resources.orValue([]).all(entry, entry.?providers.orValue([]).all(provider, has(provider.secretbox) || has(provider.identity) || (has(provider.kms) && provider.kms.?apiVersion.orValue('v1') == 'v2')))",
    field: 'resources',
    fix: 'Change the key to one of secretbox, or to a kms provider with apiVersion v2, in the three steps of a change of key.',
    fails: provider('aescbc', { keys: [] }),
    passes: provider('kms', { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms/plugin.sock' }),
  },
  {
    id: 'authentication-anonymous-health',
    kind: `${API_SERVER}/AuthenticationConfiguration`,
    title: 'Without credentials nothing is answered but health',
    why: 'Whatever is ever granted to system:unauthenticated by mistake is granted to everybody who reaches the API server.',
    severity: 'high',
    cis: '1.2.1',
    rule: "!object.?anonymous.?enabled.orValue(false) || (object.anonymous.?conditions.orValue([]).size() > 0 && object.anonymous.conditions.all(condition, condition.path in ['/livez', '/readyz', '/healthz']))",
    field: 'anonymous',
    fix: 'Set anonymous.enabled to false, or name /livez, /readyz and /healthz as its conditions.',
    fails: { jwt: [], anonymous: { enabled: true } },
    passes: { jwt: [], anonymous: { enabled: true, conditions: [{ path: '/livez' }, { path: '/readyz' }] } },
  },
  {
    id: 'authorization-fails-closed',
    kind: `${API_SERVER}/AuthorizationConfiguration`,
    title: 'Authorization allows nothing that nobody decided',
    why: 'AlwaysAllow, and a webhook that lets requests pass when it fails, make everybody who stops the service an administrator.',
    severity: 'critical',
    cis: '1.2.6',
    rule: "object.?authorizers.orValue([]).size() > 0 && object.authorizers.all(authorizer, authorizer.type != 'AlwaysAllow' && (authorizer.type != 'Webhook' || authorizer.?webhook.?failurePolicy.orValue('') == 'Deny'))",
    field: 'authorizers',
    fix: 'Remove AlwaysAllow, and set webhook.failurePolicy to Deny.',
    fails: { authorizers: [{ type: 'AlwaysAllow', name: 'all' }] },
    passes: {
      authorizers: [
        { type: 'Node', name: 'node' },
        { type: 'RBAC', name: 'rbac' },
      ],
    },
  },
  {
    id: 'admission-pod-security-default',
    kind: `${API_SERVER}/AdmissionConfiguration`,
    title: 'Namespaces without labels are held to a Pod Security Standard',
    why: 'A namespace that somebody forgot to label otherwise admits privileged pods.',
    severity: 'high',
    cis: '5.2.1',
    rule: "object.?plugins.orValue([]).exists(plugin, plugin.name == 'PodSecurity' && plugin.?configuration.?defaults.?enforce.orValue('') in ['baseline', 'restricted'])",
    field: 'plugins',
    fix: 'Add the plugin PodSecurity with configuration.defaults.enforce restricted, or baseline.',
    fails: { plugins: [] },
    passes: { plugins: [{ name: 'PodSecurity', configuration: { defaults: { enforce: 'restricted' } } }] },
  },
  {
    id: 'admission-images-fail-closed',
    kind: `${API_SERVER}/AdmissionConfiguration`,
    title: 'No image is admitted because the service that judges it does not answer',
    why: 'Whoever can stop the service could otherwise run any image.',
    severity: 'high',
    cis: '5.5.1',
    rule: "object.?plugins.orValue([]).all(plugin, plugin.name != 'ImagePolicyWebhook' || !plugin.?configuration.?imagePolicy.?defaultAllow.orValue(false))",
    field: 'plugins',
    fix: 'Set imagePolicy.defaultAllow to false.',
    fails: {
      plugins: [{ name: 'ImagePolicyWebhook', configuration: { imagePolicy: { defaultAllow: true } } }],
    },
    passes: {
      plugins: [{ name: 'ImagePolicyWebhook', configuration: { imagePolicy: { defaultAllow: false } } }],
    },
  },
];

/** Versions of the kinds, for examples. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  [KUBELET]: 'kubelet.config.k8s.io/v1beta1',
  [KUBE_PROXY]: 'kubeproxy.config.k8s.io/v1alpha1',
};

function fileOf(kind: string, content: JsonObject): Manifest {
  const name = kind.slice(kind.indexOf('/') + 1);
  return { apiVersion: API_VERSIONS[kind] ?? `${API_SERVER}/v1`, kind: name, ...content };
}

function controlOf({ cis, kind, fails, passes, ...rule }: FileRule): ObjectControl {
  return {
    ...rule,
    references: [{ standard: 'CIS 1.12', id: cis }],
    scope: 'object',
    kinds: [kind],
    examples: { fails: fileOf(kind, fails), passes: fileOf(kind, passes) },
  };
}

/** What an audit policy must not say. */
const AUDIT_CONTROLS: readonly InventoryControl[] = [
  {
    id: 'audit-policy-in-order',
    title: 'An audit policy logs no credentials, and every rule of it can decide',
    why: 'A log of Secrets is a second place to steal them from, and a rule behind a wider one logs nothing of what it was written for.',
    severity: 'high',
    references: [
      { standard: 'CIS 1.12', id: '3.2.2' },
      { standard: 'NSA/CISA 1.2', id: 'Audit logging' },
    ],
    aliases: { kubescape: ['C-0161'] },
    fix: 'Put a rule of level Metadata for secrets, serviceaccounts/token and tokenreviews first, and narrower rules before wider ones.',
    scope: 'inventory',
    breaches: (inventory) =>
      inventory
        .ofKind('Policy')
        .filter(isAuditPolicy)
        .flatMap((policy) =>
          auditProblems(policy).map(({ rule, message }) => ({
            manifest: policy,
            field: `rules[${rule}]`,
            detail: `The rule ${message}`,
          })),
        ),
    examples: {
      fails: [{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'RequestResponse' }] }],
      passes: [{ ...gradedAuditPolicy() }],
    },
  },
];

/** Whether a manifest is a policy of the audit log. */
export function isAuditPolicy(manifest: Manifest): manifest is Manifest & AuditPolicy {
  const { apiVersion, rules } = manifest as { apiVersion: string; rules?: unknown };
  return apiVersion.startsWith('audit.k8s.io/') && Array.isArray(rules) && rules.every(isObject);
}

/** Configuration files of nodes and of the API server. */
export const NODE_FILE_CONTROLS: readonly (ObjectControl | InventoryControl)[] = [
  ...FILE_RULES.map(controlOf),
  ...AUDIT_CONTROLS,
];
