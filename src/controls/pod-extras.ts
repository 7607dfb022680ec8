import type { ClusterTarget } from '../target/target';
import { isObject, type JsonObject } from '../manifest/manifest';
import type { ObjectControl, PodControl, Repair } from './control';
import { patchedBy, setPodSecurity } from './repairs';

/** What is written to an emptyDir that names no limit, at most. */
export const DEFAULT_SIZE_LIMIT = '1Gi';

const limitEmptyDirs: Repair = patchedBy(
  ({ spec }) => {
    if (!Array.isArray(spec.volumes)) return;
    spec.volumes = spec.volumes.map((volume) =>
      isUnlimited(volume)
        ? { ...volume, emptyDir: { sizeLimit: DEFAULT_SIZE_LIMIT, ...(volume.emptyDir as object) } }
        : volume,
    );
  },
  [
    {
      of: 'volume',
      field: ['emptyDir', 'sizeLimit'],
      value: `'${DEFAULT_SIZE_LIMIT}'`,
      when: "has(volume.emptyDir) && !has(volume.emptyDir.sizeLimit) && volume.emptyDir.?medium.orValue('') == ''",
    },
  ],
);

/** Of a volume that names no source the API server makes an emptyDir. */
function isUnlimited(volume: unknown): volume is JsonObject {
  if (!isObject(volume) || Object.keys(volume).some((key) => key !== 'name' && key !== 'emptyDir'))
    return false;
  const { emptyDir = {} } = volume;
  return isObject(emptyDir) && !emptyDir.medium;
}

/** What else a pod must not do to be at home in a shared cluster: reach the node or its neighbours, or leave a way in open. */
export const POD_EXTRA_CONTROLS: readonly (PodControl | ObjectControl)[] = [
  {
    id: 'no-runtime-socket',
    title: "The pod does not reach the container runtime's socket",
    why: 'Whoever can write to the socket of containerd, CRI-O or Docker starts a privileged container past the API server.',
    severity: 'critical',
    references: [
      { standard: 'Microsoft threat matrix', id: 'MS-TA9013' },
      { standard: 'MITRE ATT&CK', id: 'T1611' },
    ],
    aliases: {
      kubescape: ['C-0074'],
      trivy: ['KSV-0006'],
      checkov: ['CKV_K8S_27'],
      'kube-linter': ['docker-sock'],
      kyverno: ['disallow-cri-sock-mount'],
    },
    scope: 'pod',
    // The sockets, and the folders that they are in.
    rule:
      "variables.pod.?volumes.orValue([]).all(volume, !volume.?hostPath.?path.orValue('none').matches(" +
      "'^(/var|/run|/var/run)?(/containerd|/crio|/k3s|/k3s/containerd)?/*$|/(containerd|crio|docker|cri-dockerd)[.]sock$'))",
    field: 'volumes',
    fix: 'Remove the volume. Build images without a daemon (BuildKit, Kaniko), and read metrics from the kubelet.',
    broken: {
      volumes: [{ name: 'runtime', hostPath: { path: '/run/containerd/containerd.sock' } }],
    },
  },
  {
    id: 'host-path-read-only',
    title: 'Folders of the node are mounted read-only',
    why: 'An intruder who can write to a folder of the node plants a cron job, a key or a static pod there.',
    severity: 'high',
    references: [
      { standard: 'Microsoft threat matrix', id: 'MS-TA9013' },
      { standard: 'MITRE ATT&CK', id: 'T1611' },
    ],
    aliases: {
      kubescape: ['C-0045'],
      'kube-linter': ['writable-host-mount'],
      kyverno: ['ensure-readonly-hostpath'],
    },
    scope: 'pod',
    rule:
      '[variables.pod.?initContainers, variables.pod.?containers, variables.pod.?ephemeralContainers].all(list, ' +
      'list.orValue([]).all(container, container.?volumeMounts.orValue([]).all(mount, mount.?readOnly.orValue(false) == true || ' +
      '!variables.pod.?volumes.orValue([]).exists(volume, has(volume.hostPath) && volume.name == mount.name))))',
    field: 'volumes',
    fix: 'Set readOnly to true wherever the volume is mounted.',
    broken: {
      volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }],
      containers: [
        {
          name: 'agent',
          image: 'registry.example/agent:1.0.0',
          volumeMounts: [{ name: 'logs', mountPath: '/var/log' }],
        },
      ],
    },
  },
  {
    id: 'run-as-group-not-zero',
    title: 'The primary group is not root',
    why: 'Files of images and of the node are often writable for group 0, so its members change what only root should.',
    severity: 'low',
    references: [{ standard: 'NSA/CISA 1.2', id: 'Non-root containers' }],
    aliases: {
      kubescape: ['C-0013'],
      trivy: ['KSV-0116'],
      'kube-linter': ['run-as-non-root'],
      kyverno: ['require-non-root-groups'],
    },
    scope: 'container',
    rule: 'container.?securityContext.?runAsGroup.orValue(variables.pod.?securityContext.?runAsGroup.orValue(1)) != 0',
    field: 'securityContext.runAsGroup',
    fix: 'Set it to the group id of the image, a number from 1 up.',
    inherits: true,
    broken: { securityContext: { runAsGroup: 0 } },
  },
  {
    id: 'no-root-supplemental-group',
    title: 'No further group is root',
    why: 'Files of images and of the node are often writable for group 0, and volumes then belong to it as well.',
    severity: 'low',
    references: [{ standard: 'NSA/CISA 1.2', id: 'Non-root containers' }],
    aliases: {
      trivy: ['KSV-0116'],
      kyverno: ['require-non-root-groups', 'check-supplemental-groups'],
    },
    scope: 'pod',
    rule:
      'variables.pod.?securityContext.?fsGroup.orValue(1) != 0 && ' +
      'variables.pod.?securityContext.?supplementalGroups.orValue([]).all(group, group != 0)',
    field: 'securityContext',
    fix: 'Set fsGroup and the entries of supplementalGroups to numbers from 1 up.',
    broken: { securityContext: { supplementalGroups: [0] } },
  },
  {
    id: 'supplemental-groups-strict',
    title: 'Groups come from the manifest, not from the image',
    why: 'Without Strict a line in /etc/group of the image makes the process a member of groups that no manifest and no policy shows.',
    severity: 'low',
    references: [{ standard: 'KEP', id: '3619' }],
    scope: 'pod',
    rule: "variables.pod.?securityContext.?supplementalGroupsPolicy.orValue('Merge') == 'Strict'",
    field: 'securityContext.supplementalGroupsPolicy',
    fix: "Set it to 'Strict', and name the groups that the process needs in supplementalGroups.",
    linuxOnly: true,
    // A node whose runtime is too old refuses the pod. It is the same runtime, containerd before 2.0, that has no user namespaces.
    appliesTo: ({ minor, userNamespaces }) => minor >= 35 && userNamespaces,
    repair: setPodSecurity('supplementalGroupsPolicy', 'Strict'),
    broken: { securityContext: { supplementalGroupsPolicy: 'Merge' } },
  },
  {
    id: 'no-shared-process-namespace',
    title: 'Containers of the pod do not see each other’s processes',
    why: 'In a shared process namespace a sidecar that is broken into reads the environment and the files of its neighbour through /proc.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'shareProcessNamespace' }],
    scope: 'pod',
    rule: 'variables.pod.?shareProcessNamespace.orValue(false) == false',
    field: 'shareProcessNamespace',
    fix: 'Remove it, and debug with kubectl debug --target.',
    broken: { shareProcessNamespace: true },
  },
  {
    id: 'no-host-aliases',
    title: 'Names are resolved by DNS alone',
    why: 'An entry in /etc/hosts sends a name to an address of the pod author’s choice, past DNS and past who watches it.',
    severity: 'low',
    references: [{ standard: 'MITRE ATT&CK', id: 'T1557' }],
    aliases: { trivy: ['KSV-0007'] },
    scope: 'pod',
    rule: 'variables.pod.?hostAliases.orValue([]).size() == 0',
    field: 'hostAliases',
    fix: 'Remove it, and give the address a name with a Service or in DNS.',
    broken: { hostAliases: [{ ip: '192.0.2.1', hostnames: ['api.example.com'] }] },
  },
  {
    id: 'empty-dir-size-limit',
    title: 'Scratch space has a limit',
    why: "An emptyDir without a limit fills the node's disk, and the kubelet then evicts the neighbours too.",
    severity: 'low',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Resource policies' },
      { standard: 'MITRE ATT&CK', id: 'T1499' },
    ],
    aliases: { kyverno: ['add-emptydir-sizelimit', 'require-emptydir-requests-limits'] },
    scope: 'pod',
    // A tmpfs counts against the memory limit of whoever writes to it.
    rule:
      "variables.pod.?volumes.orValue([]).all(volume, volume.exists(key, !(key in ['name', 'emptyDir'])) || " +
      "volume.?emptyDir.?sizeLimit.hasValue() || volume.?emptyDir.?medium.orValue('') != '')",
    field: 'volumes',
    fix: 'Set emptyDir.sizeLimit.',
    repair: limitEmptyDirs,
    broken: { volumes: [{ name: 'scratch', emptyDir: {} }] },
  },
  {
    id: 'memory-limit-is-request',
    title: 'Memory is limited to what is requested',
    why: 'A node that promised less than its pods may take runs out of memory, and the kernel kills whichever neighbour it likes.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Application Security Checklist' }],
    aliases: {
      'kube-score': ['container-memory-requests-equal-limits'],
      kyverno: ['memory-requests-equal-limits'],
    },
    scope: 'container',
    lists: ['initContainers', 'containers'],
    rule: memoryLimitRule,
    field: 'resources.limits.memory',
    fix: 'Set it to the request.',
    broken: { resources: { requests: { memory: '64Mi' }, limits: { memory: '1Gi' } } },
  },
  {
    id: 'no-control-plane-toleration',
    title: 'The pod stays off the control plane',
    why: 'A pod beside the API server and etcd that gets out of its container owns the cluster, not one node of it.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'Security Checklist' }],
    aliases: { kyverno: ['restrict-controlplane-scheduling'] },
    scope: 'pod',
    // Without a key every taint is tolerated.
    rule:
      'variables.pod.?tolerations.orValue([]).all(toleration, !(toleration.?key.orValue("") in ' +
      "['', 'node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']))",
    field: 'tolerations',
    fix: 'Remove the toleration, or name the one taint that is meant.',
    broken: { tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
  },
  {
    id: 'no-node-name',
    title: 'The scheduler chooses the node',
    why: 'A pod that names its node goes past the scheduler and so past the taints that keep pods off the control plane or off other tenants’ nodes.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'Security Checklist' }],
    aliases: { kyverno: ['restrict-node-selection'] },
    scope: 'pod',
    rule: "variables.pod.?nodeName.orValue('') == ''",
    field: 'nodeName',
    fix: 'Remove it, and choose nodes with nodeSelector or affinity.',
    broken: { nodeName: 'control-plane-1' },
  },
  {
    id: 'no-interactive-terminal',
    title: 'No container waits for somebody at a terminal',
    why: 'An open stdin or terminal is a shell for everybody who may attach to the pod, without the trace that exec leaves.',
    severity: 'low',
    references: [{ standard: 'MITRE ATT&CK', id: 'T1609' }],
    scope: 'container',
    lists: ['initContainers', 'containers'],
    rule: 'container.?stdin.orValue(false) == false && container.?tty.orValue(false) == false',
    field: 'tty',
    fix: 'Remove tty and stdin, and debug with kubectl debug.',
    broken: { tty: true, stdin: true },
  },
  {
    id: 'no-privileged-port',
    title: 'No container listens on a port below 1024',
    why: 'Ports below 1024 need a capability, or a kernel setting of the node, that nothing else about the program asks for.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'net.ipv4.ip_unprivileged_port_start' }],
    aliases: { trivy: ['KSV-0117'], 'kube-linter': ['privileged-ports'] },
    scope: 'container',
    rule: 'container.?ports.orValue([]).all(port, port.?containerPort.orValue(1024) >= 1024)',
    field: 'ports',
    fix: 'Let the program listen on a port from 1024 up, and keep the low one on the Service.',
    broken: { ports: [{ containerPort: 80 }] },
  },
  {
    id: 'no-ssh-port',
    title: 'No container serves SSH',
    why: 'An SSH server in a pod is a second way in, with keys and logs of its own that RBAC and the audit log know nothing of.',
    severity: 'medium',
    references: [{ standard: 'Microsoft threat matrix', id: 'MS-TA9010' }],
    aliases: { kubescape: ['C-0042'], 'kube-linter': ['ssh-port'] },
    scope: 'container',
    rule: 'container.?ports.orValue([]).all(port, !(port.?containerPort.orValue(0) in [22, 2222]))',
    field: 'ports',
    fix: 'Remove the server, and use kubectl exec or kubectl debug, which RBAC allows and the audit log records.',
    broken: { ports: [{ containerPort: 22 }] },
  },
  {
    id: 'no-sudo',
    title: 'No container starts with sudo',
    why: 'A start through sudo needs root and a set-uid binary in the image, which an intruder then uses too.',
    severity: 'medium',
    references: [{ standard: 'MITRE ATT&CK', id: 'T1548.003' }],
    aliases: { kubescape: ['C-0062'] },
    scope: 'container',
    rule:
      '[container.?command, container.?args].all(words, words.orValue([]).all(word, ' +
      "!word.matches('(^|[ \\t\\n;&|(/])sudo([ \\t\\n]|$)')))",
    field: 'command',
    fix: 'Remove sudo from command and args, and run as the user that the program needs.',
    broken: { command: ['sudo', 'server'] },
  },
  {
    id: 'no-host-path-persistent-volume',
    title: 'No PersistentVolume is a folder of the node',
    why: 'A claim bound to such a volume brings a folder of the node into a pod that Pod Security lets through.',
    severity: 'medium',
    references: [
      { standard: 'Microsoft threat matrix', id: 'MS-TA9013' },
      { standard: 'MITRE ATT&CK', id: 'T1611' },
    ],
    aliases: { kyverno: ['limit-hostpath-type-pv'] },
    scope: 'object',
    kinds: ['PersistentVolume'],
    rule: '!object.?spec.?hostPath.hasValue()',
    field: 'spec.hostPath',
    fix: 'Use a CSI driver, or a local volume on a disk of its own.',
    examples: {
      fails: persistentVolume({ hostPath: { path: '/etc' } }),
      passes: persistentVolume({ csi: { driver: 'csi.example.com', volumeHandle: 'disk-1' } }),
    },
  },
];

/** An unset request is the limit. Before 1.29 an API server cannot tell that 1Gi is 1024Mi, and both have to be written alike. */
function memoryLimitRule({ minor }: ClusterTarget): string {
  const limit = "container.resources.limits['memory']";
  const request = `container.resources.?requests[?'memory'].orValue(${limit})`;
  const same =
    minor >= 29
      ? `quantity(${limit}).compareTo(quantity(${request})) == 0`
      : `string(${limit}) == string(${request})`;
  return `!container.?resources.?limits[?'memory'].hasValue() || ${same}`;
}

function persistentVolume(source: object) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'data' },
    spec: { capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], ...source },
  };
}
