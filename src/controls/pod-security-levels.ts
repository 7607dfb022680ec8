import type { ClusterTarget } from '../target/target';
import type { PodControl } from './control';
import { POD_SECURITY_CONTROLS } from './pod-security';
import { APP_ARMOR_ANNOTATION, setPodSecurity } from './repairs';

/**
 * What the levels of the Pod Security Standards ask where the control of the same thing in `pod-security.ts` asks for more: the
 * checks of baseline that restricted replaces, and, as `pss-...`, checks that are looser than a hardened pod has to be. With
 * them the profiles `baseline` and `restricted` say what Pod Security admission says, at every version.
 */
export const POD_SECURITY_LEVEL_CONTROLS: readonly PodControl[] = [
  {
    id: 'no-host-path-volume',
    title: 'No volume is a folder of the node',
    why: "A hostPath volume opens the node's files to the pod: keys of the kubelet, the runtime's socket, other pods' volumes.",
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'hostPathVolumes' },
      { standard: 'CIS 1.11', id: '5.2.12' },
      { standard: 'MITRE ATT&CK', id: 'T1611' },
    ],
    aliases: {
      kubescape: ['C-0048'],
      trivy: ['KSV-0023', 'KSV-0121'],
      'kube-linter': ['sensitive-host-mounts'],
      polaris: ['hostPathSet'],
      kyverno: ['disallow-host-path'],
    },
    scope: 'pod',
    rule: 'variables.pod.?volumes.orValue([]).all(volume, !has(volume.hostPath))',
    field: 'volumes',
    fix: 'Use an emptyDir for scratch space and a persistentVolumeClaim for data.',
    broken: { volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] },
  },
  {
    id: 'capabilities-default-set',
    title: 'No capability is added beyond those a runtime gives by default',
    why: 'Capabilities outside the default set, such as SYS_ADMIN, NET_ADMIN or SYS_MODULE, are each enough to take over the node or its network.',
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'capabilities_baseline' },
      { standard: 'CIS 1.11', id: '5.2.9' },
    ],
    aliases: {
      kubescape: ['C-0046', 'C-0219'],
      trivy: ['KSV-0005', 'KSV-0022', 'KSV-0120'],
      checkov: ['CKV_K8S_25', 'CKV_K8S_39'],
      polaris: ['dangerousCapabilities'],
      kyverno: ['disallow-capabilities'],
    },
    scope: 'container',
    rule: `container.?securityContext.?capabilities.?add.orValue([]).all(name, name in ${listOf(defaultCapabilities())})`,
    field: 'securityContext.capabilities.add',
    fix: 'Remove every entry that a runtime does not give by default.',
    broken: { securityContext: { capabilities: { add: ['NET_ADMIN'] } } },
  },
  {
    id: 'seccomp-not-unconfined',
    title: 'No seccomp profile lets every system call through',
    why: 'A container that asks for Unconfined may use the rare system calls that most break-outs need.',
    severity: 'medium',
    references: [{ standard: 'PSS baseline', id: 'seccompProfile_baseline' }],
    aliases: {
      kubescape: ['C-0055'],
      trivy: ['KSV-0104'],
      checkov: ['CKV_K8S_31'],
      polaris: ['linuxHardening'],
      'kube-score': ['container-seccomp-profile'],
      kyverno: ['restrict-seccomp'],
    },
    scope: 'container',
    rule: confined('seccompProfile'),
    field: 'securityContext.seccompProfile.type',
    fix: "Remove it, or set it to 'RuntimeDefault' or 'Localhost'.",
    inherits: true,
    broken: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
  },
  {
    id: 'apparmor-not-loosened',
    title: 'No AppArmor profile is switched off',
    why: 'A container that asks for Unconfined may mount and write to /proc and /sys where the default profile refuses it.',
    severity: 'medium',
    references: [
      { standard: 'PSS baseline', id: 'appArmorProfile' },
      { standard: 'KEP', id: '24' },
    ],
    aliases: {
      trivy: ['KSV-0002'],
      polaris: ['linuxHardening'],
      kyverno: ['restrict-apparmor-profiles'],
    },
    scope: 'container',
    rule:
      `${confined('appArmorProfile')} && variables.annotations.all(key, !key.startsWith('${APP_ARMOR_ANNOTATION}') || ` +
      "variables.annotations[key] in ['', 'runtime/default'] || variables.annotations[key].startsWith('localhost/'))",
    field: 'securityContext.appArmorProfile.type',
    fix: "Remove it, or set it to 'RuntimeDefault' or 'Localhost'; remove annotations that say 'unconfined'.",
    inherits: true,
    broken: { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
  },
  {
    id: 'pss-volume-types',
    title: 'Volumes are of the types that restricted allows',
    why: "A hostPath volume opens the node's files to the pod; older in-tree volume types carry credentials or mount with the node's rights.",
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'restrictedVolumes' },
      { standard: 'PSS baseline', id: 'hostPathVolumes' },
    ],
    aliases: {
      trivy: ['KSV-0028'],
      kyverno: ['restrict-volume-types'],
    },
    scope: 'pod',
    // Every key, so that an unknown type fails. A volume that names no source is an emptyDir: the API server makes it one.
    rule: `variables.pod.?volumes.orValue([]).all(volume, volume.all(key, key in ${listOf(['name', ...volumeTypes()])}))`,
    field: 'volumes',
    fix: `Use ${volumeTypes().slice(0, -1).join(', ')} or ${volumeTypes().at(-1)}.`,
    broken: { volumes: [{ name: 'share', nfs: { server: 'nfs.example.com', path: '/' } }] },
  },
  {
    id: 'pss-run-as-non-root',
    title: 'No container runs as root of the node',
    why: 'Root in a container is root on the node once it gets out, unless a user namespace makes it nobody there.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'runAsNonRoot' },
      { standard: 'KEP', id: '127' },
    ],
    scope: 'pod',
    rule: inUserNamespace(
      'variables.pod.?securityContext.?runAsNonRoot.orValue(true) && ' +
        everyContainer(
          'container.?securityContext.?runAsNonRoot.orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false))',
        ),
    ),
    field: 'securityContext.runAsNonRoot',
    fix: 'Set it to true, and remove every false from the containers.',
    repair: setPodSecurity('runAsNonRoot', true),
    broken: { hostUsers: true, securityContext: { runAsNonRoot: false } },
  },
  {
    id: 'pss-run-as-user',
    title: 'No container has user id 0 of the node',
    why: 'User id 0 is root whatever else is said, unless a user namespace makes it nobody on the node.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'runAsUser' },
      { standard: 'KEP', id: '127' },
    ],
    scope: 'pod',
    rule: inUserNamespace(
      'variables.pod.?securityContext.?runAsUser.orValue(1) != 0 && ' +
        everyContainer('container.?securityContext.?runAsUser.orValue(1) != 0'),
    ),
    field: 'securityContext.runAsUser',
    fix: 'Set it to the user id of the image, a number from 1 up, here and in the containers.',
    broken: { hostUsers: true, securityContext: { runAsUser: 0 } },
  },
  {
    id: 'pss-proc-mount',
    title: '/proc is masked, or in a user namespace',
    why: 'An unmasked /proc shows and changes kernel settings of the node, for which root of a user namespace has no right.',
    severity: 'medium',
    references: [
      { standard: 'PSS baseline', id: 'procMount' },
      { standard: 'KEP', id: '4265' },
    ],
    aliases: {
      trivy: ['KSV-0027'],
      'kube-linter': ['unsafe-proc-mount'],
      polaris: ['procMount'],
      kyverno: ['disallow-proc-mount'],
    },
    scope: 'pod',
    rule: inUserNamespace(
      everyContainer("container.?securityContext.?procMount.orValue('Default') == 'Default'"),
    ),
    field: 'containers',
    fix: 'Remove procMount, or set hostUsers to false from Kubernetes 1.35.',
    broken: {
      hostUsers: true,
      containers: [
        { name: 'app', image: 'registry.example/app:1.0.0', securityContext: { procMount: 'Unmasked' } },
      ],
    },
  },
  {
    ...POD_SECURITY_CONTROLS.find(({ id }) => id === 'no-probe-host')!,
    id: 'pss-probe-host',
    appliesTo: ({ minor }) => minor >= 34,
  },
];

/** The capabilities that container runtimes give without being asked, and that a pod may therefore name. */
function defaultCapabilities(): string[] {
  return [
    ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD'],
    ...['NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
  ];
}

function volumeTypes(): string[] {
  return [
    ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image'],
    ...['persistentVolumeClaim', 'projected', 'secret'],
  ];
}

/** A profile of the pod and of the container, each unset or one that confines. */
function confined(field: 'seccompProfile' | 'appArmorProfile'): string {
  return (
    `[variables.pod.?securityContext.?${field}, container.?securityContext.?${field}].all(profile, ` +
    "!profile.hasValue() || profile.?type.orValue('') in ['RuntimeDefault', 'Localhost'])"
  );
}

function everyContainer(rule: string): string {
  return (
    '[variables.pod.?initContainers, variables.pod.?containers, variables.pod.?ephemeralContainers]' +
    `.all(list, list.orValue([]).all(container, ${rule}))`
  );
}

/** From 1.35 Pod Security relies on user namespaces: what root of one may do there is no matter of the node (KEP-127). */
function inUserNamespace(rule: string): (target: ClusterTarget) => string {
  return ({ minor }) => (minor >= 35 ? `variables.pod.?hostUsers.orValue(true) == false || (${rule})` : rule);
}

function listOf(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}
