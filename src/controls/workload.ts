import type { ClusterTarget } from '../target/target';
import type { PodControl } from './control';
import {
  APP_ARMOR_ANNOTATION,
  setAppArmor,
  setContainerSecurity,
  setPodField,
  setLimits,
  setRequests,
} from './repairs';

/** What a hardened pod has beyond the Pod Security Standards. */
export const WORKLOAD_CONTROLS: readonly PodControl[] = [
  {
    id: 'read-only-root-filesystem',
    title: 'The root filesystem is read-only',
    why: 'An intruder who cannot write cannot leave a tool, change the program or hide; what has to be written gets a volume with a limit.',
    severity: 'high',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Immutable container file systems' },
      { standard: 'OWASP K8s 2025', id: 'K01' },
    ],
    aliases: {
      kubescape: ['C-0017'],
      trivy: ['KSV-0014'],
      checkov: ['CKV_K8S_22'],
      'kube-linter': ['no-read-only-root-fs'],
      polaris: ['notReadOnlyRootFilesystem'],
      'kube-score': ['container-security-context-readonlyrootfilesystem'],
      kyverno: ['require-ro-rootfs'],
    },
    scope: 'container',
    rule: 'container.?securityContext.?readOnlyRootFilesystem.orValue(false) == true',
    field: 'securityContext.readOnlyRootFilesystem',
    fix: 'Set it to true, and name the paths that the process writes to in writablePaths.',
    linuxOnly: true,
    repair: setContainerSecurity('readOnlyRootFilesystem', true),
    broken: { securityContext: { readOnlyRootFilesystem: false } },
  },
  {
    id: 'apparmor-profile',
    title: 'An AppArmor profile confines every container',
    why: 'AppArmor refuses writes to /proc and /sys and mounts that break-outs need, whatever capabilities are left.',
    severity: 'medium',
    references: [
      { standard: 'PSS baseline', id: 'appArmorProfile' },
      { standard: 'KEP', id: '24' },
      { standard: 'NSA/CISA 1.2', id: 'Hardening container environments' },
    ],
    aliases: { kubescape: ['C-0055'], trivy: ['KSV-0002'], polaris: ['linuxHardening'] },
    scope: 'container',
    rule: appArmorRule,
    field: 'securityContext.appArmorProfile.type',
    fix: "Set it to 'RuntimeDefault', or to 'Localhost' with a profile of your own.",
    inherits: true,
    linuxOnly: true,
    appliesTo: (target) => target.appArmor !== 'none',
    repair: setAppArmor,
    broken: { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
  },
  {
    id: 'apparmor-agrees',
    title: 'Annotations and fields name the same AppArmor profile, for containers that exist',
    why: 'The API server takes a Deployment whose annotation and field disagree, or whose annotation names no container, and then refuses every pod of it.',
    severity: 'medium',
    references: [
      { standard: 'KEP', id: '24' },
      { standard: 'Kubernetes', id: 'Restrict a container with AppArmor' },
    ],
    scope: 'pod',
    rule: appArmorAgreementRule,
    field: 'securityContext.appArmorProfile',
    fix: 'Remove the annotation (or, before Kubernetes 1.30, the field), or give both the same profile and the annotation the name of a container.',
    linuxOnly: true,
    broken: {},
    brokenAnnotations: { [`${APP_ARMOR_ANNOTATION}apj`]: 'runtime/default' },
  },
  {
    id: 'no-automounted-token',
    title: 'No token of the API server is mounted unasked',
    why: 'A token in every pod gives whoever breaks into one an identity in the cluster; a pod that needs the API asks for a short-lived, audience-bound one.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.1.6' },
      { standard: 'OWASP K8s 2025', id: 'K09' },
      { standard: 'MITRE ATT&CK', id: 'T1528' },
    ],
    aliases: {
      kubescape: ['C-0034', 'C-0190', 'C-0261'],
      trivy: ['KSV-0036'],
      checkov: ['CKV_K8S_38'],
      polaris: ['automountServiceAccountToken'],
      kyverno: ['restrict-automount-sa-token'],
    },
    scope: 'pod',
    rule: 'variables.pod.?automountServiceAccountToken.orValue(true) == false',
    field: 'automountServiceAccountToken',
    fix: 'Set it to false, and mount a projected token where the pod calls the API server (useApiToken).',
    repair: setPodField('automountServiceAccountToken', false),
    broken: { automountServiceAccountToken: true },
  },
  {
    id: 'no-service-links',
    title: 'Services are not listed in the environment',
    why: 'Service links tell every process in the namespace which Services exist and where, a map for whoever breaks in.',
    severity: 'low',
    references: [{ standard: 'MITRE ATT&CK', id: 'T1046' }],
    aliases: { kyverno: ['disable-service-discovery'] },
    scope: 'pod',
    rule: 'variables.pod.?enableServiceLinks.orValue(true) == false',
    field: 'enableServiceLinks',
    fix: 'Set it to false, and find Services by DNS.',
    repair: setPodField('enableServiceLinks', false),
    broken: { enableServiceLinks: true },
  },
  {
    id: 'resource-requests',
    title: 'CPU and memory are requested',
    why: 'Without requests the scheduler packs the node blindly and a neighbour starves; a quota refuses the pod.',
    severity: 'medium',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Resource policies' },
      { standard: 'MITRE ATT&CK', id: 'T1496' },
    ],
    aliases: {
      kubescape: ['C-0268', 'C-0269'],
      trivy: ['KSV-0015', 'KSV-0016'],
      checkov: ['CKV_K8S_10', 'CKV_K8S_12'],
      'kube-linter': ['unset-cpu-requirements'],
      polaris: ['cpuRequestsMissing', 'memoryRequestsMissing'],
      'kube-score': ['container-resources'],
      kyverno: ['require-pod-requests-limits'],
    },
    scope: 'container',
    // Ephemeral containers may not have resources: the API server refuses the field.
    lists: ['initContainers', 'containers'],
    rule: 'has(container.resources) && has(container.resources.requests) && ["cpu", "memory"].all(name, name in container.resources.requests)',
    field: 'resources.requests',
    fix: 'Set cpu and memory.',
    repair: setRequests,
    broken: { resources: undefined },
  },
  {
    id: 'resource-limits',
    title: 'CPU and memory are limited',
    why: 'A container without limits can take the whole node from its neighbours, by a bug or as a miner.',
    severity: 'medium',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Resource policies' },
      { standard: 'OWASP K8s 2025', id: 'K01' },
      { standard: 'MITRE ATT&CK', id: 'T1496' },
    ],
    aliases: {
      kubescape: ['C-0004', 'C-0009', 'C-0050', 'C-0270', 'C-0271'],
      trivy: ['KSV-0011', 'KSV-0018'],
      checkov: ['CKV_K8S_11', 'CKV_K8S_13'],
      'kube-linter': ['unset-memory-requirements'],
      polaris: ['cpuLimitsMissing', 'memoryLimitsMissing'],
      'kube-score': ['container-resources'],
      kyverno: ['require-pod-requests-limits', 'require-cpu-limits'],
    },
    scope: 'container',
    lists: ['initContainers', 'containers'],
    rule: 'has(container.resources) && has(container.resources.limits) && ["cpu", "memory"].all(name, name in container.resources.limits)',
    field: 'resources.limits',
    fix: 'Set cpu and memory.',
    repair: setLimits,
    broken: { resources: { limits: undefined } },
  },
  {
    id: 'user-namespace',
    title: 'The pod has a user namespace of its own',
    why: 'In a user namespace root of the container is nobody on the node, which takes the worth out of most escapes.',
    severity: 'medium',
    references: [{ standard: 'KEP', id: '127' }],
    scope: 'pod',
    rule: `variables.pod.?hostUsers.orValue(true) == false || ${userNamespaceForbidden()}`,
    field: 'hostUsers',
    fix: 'Set it to false.',
    linuxOnly: true,
    appliesTo: (target) => target.userNamespaces,
    repair: setPodField('hostUsers', false),
    broken: { hostUsers: true },
  },
];

/**
 * What rules a user namespace out (KEP-127): a namespace of the node beside it, raw block devices, and NFS, whose mounts
 * cannot map ids.
 */
function userNamespaceForbidden(): string {
  const pod = 'variables.pod';
  return [
    `${pod}.?hostNetwork.orValue(false)`,
    `${pod}.?hostPID.orValue(false)`,
    `${pod}.?hostIPC.orValue(false)`,
    `${pod}.?volumes.orValue([]).exists(volume, has(volume.nfs))`,
    `${pod}.?containers.orValue([]).exists(container, has(container.volumeDevices))`,
    `${pod}.?initContainers.orValue([]).exists(container, has(container.volumeDevices))`,
  ].join(' || ');
}

const ANNOTATION = `variables.annotations[?'${APP_ARMOR_ANNOTATION}' + container.?name.orValue('')].orValue('')`;
const POD_PROFILE = 'variables.pod.?securityContext.?appArmorProfile';
const CONTAINER_PROFILE = 'container.?securityContext.?appArmorProfile';
const FIELD = `${CONTAINER_PROFILE}.?type.orValue(${POD_PROFILE}.?type.orValue(''))`;
const LOCALHOST = `${CONTAINER_PROFILE}.?localhostProfile.orValue(${POD_PROFILE}.?localhostProfile.orValue(''))`;
const CONFINED = "['RuntimeDefault', 'Localhost']";
const CONFINED_ANNOTATION = `(${ANNOTATION} == 'runtime/default' || ${ANNOTATION}.startsWith('localhost/'))`;

/** Pod Security refuses each of the three places by itself, whichever of them the kubelet would follow. */
const UNCONFINED_NOWHERE =
  `${POD_PROFILE}.?type.orValue('RuntimeDefault') in ${CONFINED} && ` +
  `${CONTAINER_PROFILE}.?type.orValue('RuntimeDefault') in ${CONFINED} && ${ANNOTATION} != 'unconfined'`;

/** A field that confines; an annotation that does; or the two saying the same, which the API server demands of a new pod. */
function appArmorRule(target: ClusterTarget): string {
  // An API server before 1.30 does not know the field, so a rule that names it could not be evaluated there.
  if (target.minor < 30) return CONFINED_ANNOTATION;
  switch (target.appArmor) {
    case 'field':
      return `${UNCONFINED_NOWHERE} && (${FIELD} != '' || ${CONFINED_ANNOTATION})`;
    case 'annotation':
      return `${UNCONFINED_NOWHERE} && ${CONFINED_ANNOTATION}`;
    default:
      return (
        `${UNCONFINED_NOWHERE} && ${FIELD} != '' && ${ANNOTATION} == ` +
        `(${FIELD} == 'Localhost' ? 'localhost/' + ${LOCALHOST} : 'runtime/default')`
      );
  }
}

/** Every annotation names a container, and says what the field says where that says anything. */
function appArmorAgreementRule(target: ClusterTarget): string {
  const value = 'variables.annotations[key]';
  const words = `(${FIELD} == 'Localhost' ? 'localhost/' + ${LOCALHOST} : 'runtime/default')`;
  // An API server before 1.30 does not know the field. What is not confined, and that both say the same where the target asks
  // for both, is the matter of apparmor-profile.
  const isAsked = target.minor >= 30 && target.appArmor !== 'both';
  const agrees = isAsked
    ? ` && (${value} in ['', 'unconfined'] || ${FIELD} in ['', 'Unconfined'] || ${value} == ${words})`
    : '';
  const lists = ['initContainers', 'containers', 'ephemeralContainers'].map(
    (list) => `variables.pod.?${list}`,
  );
  return (
    `variables.annotations.all(key, !key.startsWith('${APP_ARMOR_ANNOTATION}') || ` +
    `[${lists.join(', ')}].exists(list, list.orValue([]).exists(container, ` +
    `key == '${APP_ARMOR_ANNOTATION}' + container.?name.orValue('')${agrees})))`
  );
}
