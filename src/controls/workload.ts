import type { ClusterTarget } from '../target/target';
import type { PodControl } from './control';
import {
  APP_ARMOR_ANNOTATION,
  setAppArmor,
  setContainerSecurity,
  setPodField,
  setResources,
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
    scope: 'container',
    rule: 'container.?securityContext.?readOnlyRootFilesystem.orValue(false) == true',
    field: 'securityContext.readOnlyRootFilesystem',
    fix: 'Set it to true, and name the paths that the process writes to in writablePaths.',
    linuxOnly: true,
    repair: setContainerSecurity('readOnlyRootFilesystem', true),
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
    scope: 'container',
    rule: appArmorRule,
    field: 'securityContext.appArmorProfile.type',
    fix: "Set it to 'RuntimeDefault', or to 'Localhost' with a profile of your own.",
    inherits: true,
    linuxOnly: true,
    appliesTo: (target) => target.appArmor !== 'none',
    repair: setAppArmor,
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
    scope: 'pod',
    rule: 'variables.pod.?automountServiceAccountToken.orValue(true) == false',
    field: 'automountServiceAccountToken',
    fix: 'Set it to false, and mount a projected token where the pod calls the API server (useApiToken).',
    repair: setPodField('automountServiceAccountToken', false),
  },
  {
    id: 'no-service-links',
    title: 'Services are not listed in the environment',
    why: 'Service links tell every process in the namespace which Services exist and where, a map for whoever breaks in.',
    severity: 'low',
    references: [{ standard: 'MITRE ATT&CK', id: 'T1046' }],
    scope: 'pod',
    rule: 'variables.pod.?enableServiceLinks.orValue(true) == false',
    field: 'enableServiceLinks',
    fix: 'Set it to false, and find Services by DNS.',
    repair: setPodField('enableServiceLinks', false),
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
    scope: 'container',
    // Ephemeral containers may not have resources: the API server refuses the field.
    lists: ['initContainers', 'containers'],
    rule: 'has(container.resources) && has(container.resources.requests) && ["cpu", "memory"].all(name, name in container.resources.requests)',
    field: 'resources.requests',
    fix: 'Set cpu and memory.',
    repair: setResources,
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
    scope: 'container',
    lists: ['initContainers', 'containers'],
    rule: 'has(container.resources) && has(container.resources.limits) && ["cpu", "memory"].all(name, name in container.resources.limits)',
    field: 'resources.limits',
    fix: 'Set cpu and memory.',
    repair: setResources,
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

const ANNOTATION = `variables.annotations[?'${APP_ARMOR_ANNOTATION}' + container.name].orValue('')`;
const FIELD =
  "container.?securityContext.?appArmorProfile.?type.orValue(variables.pod.?securityContext.?appArmorProfile.?type.orValue(''))";
const LOCALHOST =
  'container.?securityContext.?appArmorProfile.?localhostProfile.orValue(' +
  "variables.pod.?securityContext.?appArmorProfile.?localhostProfile.orValue(''))";

/** A field that confines; an annotation that does; or the two saying the same, which the API server demands of a new pod. */
function appArmorRule(target: ClusterTarget): string {
  const confinedField = `${FIELD} in ['RuntimeDefault', 'Localhost']`;
  const confinedAnnotation = `(${ANNOTATION} == 'runtime/default' || ${ANNOTATION}.startsWith('localhost/'))`;
  switch (target.appArmor) {
    case 'field':
      return `${confinedField} || (${FIELD} == '' && ${confinedAnnotation})`;
    case 'annotation':
      return confinedAnnotation;
    default:
      return (
        `${confinedField} && ${ANNOTATION} == ` +
        `(${FIELD} == 'Localhost' ? 'localhost/' + ${LOCALHOST} : 'runtime/default')`
      );
  }
}
