import type { ClusterTarget } from '../target/target';
import type { PodControl } from './control';
import { dropAllCapabilities, respellNetBindService, setContainerSecurity, setPodSecurity } from './repairs';

/**
 * The Pod Security Standards, baseline and restricted together, one control for each thing they look at, as strict as a
 * hardened pod has to be. Where a level asks for less than that, its own control stands in `pod-security-levels.ts`.
 */
export const POD_SECURITY_CONTROLS: readonly PodControl[] = [
  {
    id: 'no-privileged-container',
    title: 'No container is privileged',
    why: 'A privileged container has every capability and every device of the node, so whoever breaks into it owns the node.',
    severity: 'critical',
    references: [
      { standard: 'PSS baseline', id: 'privileged' },
      { standard: 'CIS 1.11', id: '5.2.2' },
      { standard: 'MITRE ATT&CK', id: 'T1610' },
    ],
    aliases: {
      kubescape: ['C-0057', 'C-0213'],
      trivy: ['KSV-0017'],
      checkov: ['CKV_K8S_16'],
      'kube-linter': ['privileged-container'],
      polaris: ['runAsPrivileged'],
      'kube-score': ['container-security-context-privileged'],
      kyverno: ['disallow-privileged-containers'],
    },
    scope: 'container',
    rule: 'container.?securityContext.?privileged.orValue(false) == false',
    field: 'securityContext.privileged',
    fix: 'Remove it, and add only the one capability that the process needs.',
    broken: { securityContext: { privileged: true } },
  },
  {
    id: 'no-host-network',
    title: "The pod does not use the node's network",
    why: "In the node's network no NetworkPolicy applies, and the pod can reach services that listen on the node only, such as the kubelet and cloud metadata.",
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'hostNamespaces' },
      { standard: 'CIS 1.11', id: '5.2.5' },
    ],
    aliases: {
      kubescape: ['C-0041', 'C-0216'],
      trivy: ['KSV-0009'],
      checkov: ['CKV_K8S_19'],
      'kube-linter': ['host-network'],
      polaris: ['hostNetworkSet'],
      kyverno: ['disallow-host-namespaces'],
    },
    scope: 'pod',
    rule: 'variables.pod.?hostNetwork.orValue(false) == false',
    field: 'hostNetwork',
    fix: 'Remove it, and expose the port with a Service.',
    broken: { hostNetwork: true },
  },
  {
    id: 'no-host-pid',
    title: "The pod does not see the node's processes",
    why: "In the node's process namespace a pod reads the environment and memory maps of every other process on the node, secrets included.",
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'hostNamespaces' },
      { standard: 'CIS 1.11', id: '5.2.3' },
    ],
    aliases: {
      kubescape: ['C-0038', 'C-0275', 'C-0214'],
      trivy: ['KSV-0010'],
      checkov: ['CKV_K8S_17'],
      'kube-linter': ['host-pid'],
      polaris: ['hostPIDSet'],
      kyverno: ['disallow-host-namespaces'],
    },
    scope: 'pod',
    rule: 'variables.pod.?hostPID.orValue(false) == false',
    field: 'hostPID',
    fix: 'Remove it.',
    broken: { hostPID: true },
  },
  {
    id: 'no-host-ipc',
    title: "The pod does not share the node's IPC",
    why: "In the node's IPC namespace a pod reads and writes the shared memory of other processes.",
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'hostNamespaces' },
      { standard: 'CIS 1.11', id: '5.2.4' },
    ],
    aliases: {
      kubescape: ['C-0038', 'C-0276', 'C-0215'],
      trivy: ['KSV-0008'],
      checkov: ['CKV_K8S_18'],
      'kube-linter': ['host-ipc'],
      polaris: ['hostIPCSet'],
      kyverno: ['disallow-host-namespaces'],
    },
    scope: 'pod',
    rule: 'variables.pod.?hostIPC.orValue(false) == false',
    field: 'hostIPC',
    fix: 'Remove it.',
    broken: { hostIPC: true },
  },
  {
    id: 'restricted-volume-types',
    title: 'Volumes are of types that cannot reach the node',
    why: "A hostPath volume opens the node's files to the pod; older in-tree volume types carry credentials or mount with the node's rights.",
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'restrictedVolumes' },
      { standard: 'PSS baseline', id: 'hostPathVolumes' },
      { standard: 'CIS 1.11', id: '5.2.12' },
      { standard: 'MITRE ATT&CK', id: 'T1611' },
    ],
    aliases: {
      kubescape: ['C-0048'],
      trivy: ['KSV-0028', 'KSV-0023', 'KSV-0121'],
      'kube-linter': ['sensitive-host-mounts'],
      polaris: ['hostPathSet'],
      kyverno: ['restrict-volume-types', 'disallow-host-path'],
    },
    scope: 'pod',
    rule: volumesRule,
    field: 'volumes',
    fix: 'Use configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected or secret.',
    broken: { volumes: [{ name: 'share', nfs: { server: 'nfs.example.com', path: '/' } }] },
  },
  {
    id: 'no-host-port',
    title: 'No container takes a port of the node',
    why: 'A host port is reachable on every address of the node, past Services and past many network policies.',
    severity: 'high',
    references: [
      { standard: 'PSS baseline', id: 'hostPorts' },
      { standard: 'CIS 1.11', id: '5.2.13' },
    ],
    aliases: {
      kubescape: ['C-0044'],
      trivy: ['KSV-0024'],
      checkov: ['CKV_K8S_26'],
      polaris: ['hostPortSet'],
      kyverno: ['disallow-host-ports'],
    },
    scope: 'container',
    rule: 'container.?ports.orValue([]).all(port, port.?hostPort.orValue(0) == 0)',
    field: 'ports',
    fix: 'Remove hostPort, and expose the port with a Service.',
    broken: { ports: [{ containerPort: 8080, hostPort: 8080 }] },
  },
  {
    id: 'capabilities-drop-all',
    title: 'Every capability is dropped',
    why: 'The default capabilities let a process forge packets on the pod network (NET_RAW), change file owners and more; few programs use any.',
    severity: 'medium',
    references: [
      { standard: 'PSS restricted', id: 'capabilities_restricted' },
      { standard: 'CIS 1.11', id: '5.2.8' },
      { standard: 'CIS 1.11', id: '5.2.10' },
      { standard: 'MITRE ATT&CK', id: 'T1557' },
    ],
    aliases: {
      kubescape: ['C-0055', 'C-0220'],
      trivy: ['KSV-0003', 'KSV-0004', 'KSV-0106', 'KSV-0119'],
      checkov: ['CKV_K8S_28', 'CKV_K8S_37'],
      'kube-linter': ['drop-net-raw-capability'],
      polaris: ['insecureCapabilities'],
      kyverno: ['disallow-capabilities-strict', 'require-drop-all', 'require-drop-cap-net-raw'],
    },
    scope: 'container',
    rule: "'ALL' in container.?securityContext.?capabilities.?drop.orValue([])",
    field: 'securityContext.capabilities.drop',
    fix: "Set it to ['ALL'].",
    linuxOnly: true,
    repair: dropAllCapabilities,
    broken: { securityContext: { capabilities: { drop: ['NET_RAW'] } } },
  },
  {
    id: 'capabilities-add-limited',
    title: 'No capability is added but NET_BIND_SERVICE',
    why: 'Capabilities are parts of root: SYS_ADMIN, SYS_PTRACE, SYS_MODULE and others are each enough to take over the node.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'capabilities_restricted' },
      { standard: 'PSS baseline', id: 'capabilities_baseline' },
      { standard: 'CIS 1.11', id: '5.2.9' },
    ],
    aliases: {
      kubescape: ['C-0046', 'C-0219'],
      trivy: ['KSV-0005', 'KSV-0022', 'KSV-0106', 'KSV-0120'],
      checkov: ['CKV_K8S_25', 'CKV_K8S_39'],
      polaris: ['dangerousCapabilities'],
      kyverno: ['disallow-capabilities', 'disallow-capabilities-strict'],
    },
    scope: 'container',
    rule: "container.?securityContext.?capabilities.?add.orValue([]).all(name, name == 'NET_BIND_SERVICE')",
    field: 'securityContext.capabilities.add',
    fix: 'Remove every entry but NET_BIND_SERVICE.',
    linuxOnly: true,
    repair: respellNetBindService,
    broken: { securityContext: { capabilities: { add: ['SYS_PTRACE'] } } },
  },
  {
    id: 'no-privilege-escalation',
    title: 'A process cannot gain rights that its parent lacks',
    why: 'Without no_new_privs a set-uid binary in the image turns an unprivileged intruder into root.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'allowPrivilegeEscalation' },
      { standard: 'CIS 1.11', id: '5.2.6' },
    ],
    aliases: {
      kubescape: ['C-0016', 'C-0217'],
      trivy: ['KSV-0001'],
      checkov: ['CKV_K8S_20'],
      'kube-linter': ['privilege-escalation-container'],
      polaris: ['privilegeEscalationAllowed'],
      kyverno: ['disallow-privilege-escalation'],
    },
    scope: 'container',
    rule: 'container.?securityContext.?allowPrivilegeEscalation.orValue(true) == false',
    field: 'securityContext.allowPrivilegeEscalation',
    fix: 'Set it to false.',
    linuxOnly: true,
    repair: setContainerSecurity('allowPrivilegeEscalation', false),
    broken: { securityContext: { allowPrivilegeEscalation: true } },
  },
  {
    id: 'run-as-non-root',
    title: 'No container runs as root',
    why: 'Root in a container is root on the node once it gets out, and needs no exploit to change what the image holds.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'runAsNonRoot' },
      { standard: 'CIS 1.11', id: '5.2.7' },
      { standard: 'NSA/CISA 1.2', id: 'Non-root containers' },
    ],
    aliases: {
      kubescape: ['C-0013', 'C-0218'],
      trivy: ['KSV-0012'],
      checkov: ['CKV_K8S_23'],
      'kube-linter': ['run-as-non-root'],
      polaris: ['runAsRootAllowed'],
      kyverno: ['require-run-as-nonroot'],
    },
    scope: 'container',
    rule:
      'variables.pod.?securityContext.?runAsNonRoot.orValue(true) && ' +
      'container.?securityContext.?runAsNonRoot.orValue(variables.pod.?securityContext.?runAsNonRoot.orValue(false))',
    field: 'securityContext.runAsNonRoot',
    fix: 'Set it to true, and runAsUser to a number from 1 up where the image does not name one.',
    inherits: true,
    repair: setPodSecurity('runAsNonRoot', true),
    broken: { securityContext: { runAsNonRoot: false } },
  },
  {
    id: 'run-as-user-not-zero',
    title: 'The user id is not 0',
    why: 'User id 0 is root whatever else is said; runAsNonRoot then only makes the pod fail to start.',
    severity: 'high',
    references: [
      { standard: 'PSS restricted', id: 'runAsUser' },
      { standard: 'CIS 1.11', id: '5.2.7' },
    ],
    aliases: {
      kubescape: ['C-0013'],
      trivy: ['KSV-0105'],
      'kube-linter': ['run-as-non-root'],
      polaris: ['runAsRootAllowed'],
      'kube-score': ['container-security-context-user-group-id'],
      kyverno: ['require-run-as-non-root-user'],
    },
    scope: 'container',
    rule: 'variables.pod.?securityContext.?runAsUser.orValue(1) != 0 && container.?securityContext.?runAsUser.orValue(1) != 0',
    field: 'securityContext.runAsUser',
    fix: 'Set it to the user id of the image, a number from 1 up.',
    inherits: true,
    broken: { securityContext: { runAsUser: 0 } },
  },
  {
    id: 'seccomp-profile',
    title: 'System calls are filtered by a seccomp profile',
    why: 'Most container escapes need a system call that the runtime’s default profile refuses.',
    severity: 'medium',
    references: [
      { standard: 'PSS restricted', id: 'seccompProfile_restricted' },
      { standard: 'PSS baseline', id: 'seccompProfile_baseline' },
      { standard: 'CIS 1.11', id: '5.6.2' },
    ],
    aliases: {
      kubescape: ['C-0210'],
      trivy: ['KSV-0030'],
      checkov: ['CKV_K8S_31'],
      'kube-score': ['container-seccomp-profile'],
      kyverno: ['restrict-seccomp-strict'],
    },
    scope: 'container',
    rule:
      "variables.pod.?securityContext.?seccompProfile.?type.orValue('RuntimeDefault') in ['RuntimeDefault', 'Localhost'] && " +
      'container.?securityContext.?seccompProfile.?type.orValue(' +
      "variables.pod.?securityContext.?seccompProfile.?type.orValue('')) in ['RuntimeDefault', 'Localhost']",
    field: 'securityContext.seccompProfile.type',
    fix: "Set it to 'RuntimeDefault', or to 'Localhost' with a profile of your own.",
    inherits: true,
    linuxOnly: true,
    repair: setPodSecurity('seccompProfile', { type: 'RuntimeDefault' }),
    broken: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
  },
  {
    id: 'selinux-options',
    title: 'SELinux options keep the container confined',
    why: 'A chosen SELinux type, user or role can lift the confinement that the runtime gives every container.',
    severity: 'medium',
    references: [{ standard: 'PSS baseline', id: 'seLinuxOptions' }],
    aliases: { trivy: ['KSV-0025'], kyverno: ['disallow-selinux'] },
    scope: 'container',
    rule: (target) =>
      `[variables.pod.?securityContext.?seLinuxOptions, container.?securityContext.?seLinuxOptions].all(options, ` +
      `options.?type.orValue('') in [${['', ...selinuxTypes(target)].map((type) => `'${type}'`).join(', ')}] && ` +
      `options.?user.orValue('') == '' && options.?role.orValue('') == '')`,
    field: 'securityContext.seLinuxOptions',
    fix: 'Remove it, or keep only type: container_t, container_init_t or container_kvm_t.',
    inherits: true,
    broken: { securityContext: { seLinuxOptions: { type: 'spc_t' } } },
  },
  {
    id: 'default-proc-mount',
    title: '/proc is masked as by default',
    why: 'An unmasked /proc shows and changes kernel settings of the node.',
    severity: 'medium',
    references: [
      { standard: 'PSS baseline', id: 'procMount' },
      { standard: 'PSS restricted', id: 'procMount_restricted' },
    ],
    aliases: {
      trivy: ['KSV-0027'],
      'kube-linter': ['unsafe-proc-mount'],
      polaris: ['procMount'],
      kyverno: ['disallow-proc-mount'],
    },
    scope: 'container',
    rule: "container.?securityContext.?procMount.orValue('Default') == 'Default'",
    field: 'securityContext.procMount',
    fix: 'Remove it.',
    broken: { securityContext: { procMount: 'Unmasked' } },
  },
  {
    id: 'safe-sysctls',
    title: 'Only sysctls that stay inside the pod are set',
    why: 'Other sysctls change the node for every pod on it, or get around its limits.',
    severity: 'medium',
    references: [{ standard: 'PSS baseline', id: 'sysctls' }],
    aliases: { trivy: ['KSV-0026'], 'kube-linter': ['unsafe-sysctls'], kyverno: ['restrict-sysctls'] },
    scope: 'pod',
    rule: (target) =>
      'variables.pod.?securityContext.?sysctls.orValue([]).all(sysctl, ' +
      `sysctl.name in [${safeSysctls(target)
        .map((name) => `'${name}'`)
        .join(', ')}])`,
    field: 'securityContext.sysctls',
    fix: 'Remove every sysctl that the Pod Security Standards do not name as safe for this version.',
    broken: { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } },
  },
  {
    id: 'no-windows-host-process',
    title: 'No Windows HostProcess container',
    why: 'A HostProcess container runs on the Windows node itself, with its rights.',
    severity: 'critical',
    references: [
      { standard: 'PSS baseline', id: 'windowsHostProcess' },
      { standard: 'CIS 1.11', id: '5.2.11' },
    ],
    aliases: { trivy: ['KSV-0103'], polaris: ['hostProcess'], kyverno: ['disallow-host-process'] },
    scope: 'container',
    rule:
      'variables.pod.?securityContext.?windowsOptions.?hostProcess.orValue(false) == false && ' +
      'container.?securityContext.?windowsOptions.?hostProcess.orValue(false) == false',
    field: 'securityContext.windowsOptions.hostProcess',
    fix: 'Remove it.',
    inherits: true,
    broken: { securityContext: { windowsOptions: { hostProcess: true } } },
  },
  {
    id: 'no-probe-host',
    title: 'Probes and lifecycle hooks address the pod itself',
    why: "A host in a probe makes the kubelet send requests from the node's network to an address of the pod author's choice.",
    severity: 'medium',
    references: [{ standard: 'PSS baseline', id: 'hostProbesAndHostLifecycle' }],
    scope: 'container',
    rule:
      '[container.?livenessProbe, container.?readinessProbe, container.?startupProbe, ' +
      'container.?lifecycle.?postStart, container.?lifecycle.?preStop].all(handler, ' +
      "handler.?httpGet.?host.orValue('') == '' && handler.?tcpSocket.?host.orValue('') == '')",
    field: 'livenessProbe, readinessProbe, startupProbe or lifecycle',
    fix: 'Remove host from httpGet and tcpSocket.',
    broken: { livenessProbe: { httpGet: { host: '192.0.2.1', port: 8080 } } },
  },
];

/** Volume types that restricted allows; of a volume that names none the API server makes an emptyDir. `image` exists from 1.31. */
function volumesRule(target: ClusterTarget): string {
  const types = [
    'name',
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  if (target.minor >= 31) types.push('image');
  return `variables.pod.?volumes.orValue([]).all(volume, volume.all(key, key in [${types.map((type) => `'${type}'`).join(', ')}]))`;
}

function selinuxTypes(target: ClusterTarget): string[] {
  const types = ['container_t', 'container_init_t', 'container_kvm_t'];
  return target.minor >= 31 ? [...types, 'container_engine_t'] : types;
}

const SAFE_SYSCTLS: readonly (readonly [sinceMinor: number, names: readonly string[]])[] = [
  [0, ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start']],
  [0, ['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range']],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout']],
  [29, ['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
];

function safeSysctls(target: ClusterTarget): string[] {
  return SAFE_SYSCTLS.flatMap(([since, names]) => (target.minor >= since ? names : []));
}
