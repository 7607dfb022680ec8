import type { ClusterTarget } from '../../target/target';
import {
  CONTROLLER_MANAGER_FLAGS,
  ETCD_FLAGS,
  KUBE_PROXY_CONFIGURATION,
  SCHEDULER_FLAGS,
  type Flags,
} from '../flags';
import type { ControlPlanePlan, NodeLayout } from '../plan';
import type { Platform } from './platform';

/** Where the control plane's files are on a node that kubeadm made. */
export const KUBEADM_LAYOUT: NodeLayout = {
  folder: '/etc/kubernetes/bulwark',
  auditLogs: '/var/log/kubernetes/audit',
  // The probes of kubeadm's static pods carry no credentials.
  anonymousProbes: true,
  ownAuthorization: false,
  clientCa: '/etc/kubernetes/pki/ca.crt',
};

/** First version whose kubeadm reads v1beta4. */
const V1BETA4_MINOR = 31;

/** kubeadm: one file with several documents for `kubeadm init --config`. */
export const KUBEADM: Platform = {
  name: 'kubeadm',
  layout: KUBEADM_LAYOUT,
  emit: (plan) => ({
    files: new Map([
      [
        'kubeadm.yaml',
        [clusterConfiguration(plan, formFor(plan.target)), plan.kubelet, KUBE_PROXY_CONFIGURATION],
      ],
    ]),
    needsFiles: true,
    apply: APPLY,
  }),
};

/** How a version of kubeadm's configuration is written. */
export interface KubeadmForm {
  readonly apiVersion: 'kubeadm.k8s.io/v1beta3' | 'kubeadm.k8s.io/v1beta4';
  /** Flags as a list of name and value, or as a map. */
  readonly listed: boolean;
}

/** The form of v1beta4, in which a flag may be there twice. */
export const V1BETA4: KubeadmForm = { apiVersion: 'kubeadm.k8s.io/v1beta4', listed: true };

/** The form before it. */
export const V1BETA3: KubeadmForm = { apiVersion: 'kubeadm.k8s.io/v1beta3', listed: false };

function formFor(target: ClusterTarget): KubeadmForm {
  return target.minor >= V1BETA4_MINOR ? V1BETA4 : V1BETA3;
}

/** The ClusterConfiguration of a plan. */
export function clusterConfiguration(plan: ControlPlanePlan, form: KubeadmForm): object {
  const args = (flags: Flags) =>
    form.listed ? Object.entries(flags).map(([name, value]) => ({ name, value })) : { ...flags };
  return {
    apiVersion: form.apiVersion,
    kind: 'ClusterConfiguration',
    kubernetesVersion: `v${plan.target.version}.0`,
    apiServer: { extraArgs: args(plan.apiServer), extraVolumes: volumes(plan) },
    controllerManager: { extraArgs: args(CONTROLLER_MANAGER_FLAGS) },
    scheduler: { extraArgs: args(SCHEDULER_FLAGS) },
    etcd: { local: { extraArgs: args(ETCD_FLAGS) } },
  };
}

function volumes({ layout, mounts }: ControlPlanePlan): object[] {
  const readable = (name: string, path: string, pathType: string) => ({
    name,
    hostPath: path,
    mountPath: path,
    readOnly: true,
    pathType,
  });
  return [
    readable('bulwark', layout.folder, 'Directory'),
    {
      name: 'audit-logs',
      hostPath: layout.auditLogs,
      mountPath: layout.auditLogs,
      readOnly: false,
      pathType: 'DirectoryOrCreate',
    },
    // A socket is replaced whenever the plugin starts, so the folder that it is in is mounted.
    ...[...new Set(mounts.map((path) => path.slice(0, path.lastIndexOf('/'))))].map((folder, at) =>
      readable(`bulwark-${at + 1}`, folder, 'Directory'),
    ),
  ];
}

const APPLY = `\
Before \`kubeadm init\`, on the first control-plane node, and before \`kubeadm join --control-plane\` on each other one, put the
files of \`files/\` in place as described above. Then, on the first:

    kubeadm config validate --config kubeadm.yaml
    kubeadm init --config kubeadm.yaml --upload-certs

On a cluster that runs already, edit the ConfigMap \`kubeadm-config\` in \`kube-system\` so that its ClusterConfiguration says what
\`kubeadm.yaml\` says, and then on each control-plane node, one after the other:

    kubeadm init phase control-plane all --config kubeadm.yaml
    kubeadm init phase etcd local --config kubeadm.yaml

\`kubernetesVersion\` names the first release of the minor version: set it to the patch level that you run.
`;
