import { toYaml } from '../../manifest/yaml';
import { CONTROLLER_MANAGER_FLAGS, ETCD_FLAGS, SCHEDULER_FLAGS, without } from '../flags';
import type { ControlPlanePlan } from '../plan';
import type { Platform } from './platform';

/** Flags that Talos sets itself and refuses from others. */
const SET_BY_TALOS = [
  'admission-control-config-file',
  'anonymous-auth',
  'audit-log-path',
  'audit-policy-file',
  'authorization-config',
  'authorization-mode',
  'encryption-provider-config',
  'encryption-provider-config-automatic-reload',
  'service-account-lookup',
];

/** What Talos lets others say of the kubelet's configuration; the rest it sets as safely itself, and refuses from others. */
const LEFT_TO_OTHERS: readonly string[] = [
  'eventRecordQPS',
  'imagePullCredentialsVerificationPolicy',
  'makeIPTablesUtilChains',
  'podPidsLimit',
  'serverTLSBootstrap',
  'tlsCipherSuites',
];

/** Talos: a patch of the machine configuration. Nobody can log in to its nodes, so nothing is put there by hand. */
export const TALOS: Platform = {
  name: 'talos',
  layout: {
    folder: '/var/lib/bulwark',
    auditLogs: '/var/log/audit/kube',
    anonymousProbes: false,
    ownAuthorization: true,
    clientCa: undefined,
  },
  emit: (plan) => ({
    files: new Map([['controlplane-patch', [machineConfiguration(plan)]]]),
    needsFiles: false,
    apply: APPLY,
  }),
};

function machineConfiguration(plan: ControlPlanePlan): object {
  const { plugins } = plan.configurations.admission as { readonly plugins: readonly object[] };
  return {
    machine: {
      kubelet: {
        extraConfig: kubeletOverrides(plan),
        defaultRuntimeSeccompProfileEnabled: true,
        disableManifestsDirectory: true,
      },
      ...authenticationFile(plan),
    },
    cluster: {
      apiServer: {
        admissionControl: plugins,
        auditPolicy: plan.audit,
        extraArgs: without(plan.apiServer, SET_BY_TALOS),
        ...authenticationVolume(plan),
        ...authorizers(plan),
      },
      controllerManager: { extraArgs: { ...CONTROLLER_MANAGER_FLAGS } },
      scheduler: { extraArgs: { ...SCHEDULER_FLAGS } },
      etcd: { extraArgs: { 'cipher-suites': ETCD_FLAGS['cipher-suites'] } },
    },
  };
}

function kubeletOverrides({ kubelet }: ControlPlanePlan): object {
  return Object.fromEntries(Object.entries(kubelet).filter(([field]) => LEFT_TO_OTHERS.includes(field)));
}

/** The one file that Talos has no field for. */
function authenticationFile({ configurations, layout }: ControlPlanePlan): object {
  if (!configurations.authentication) return {};
  return {
    files: [
      {
        content: toYaml([configurations.authentication]),
        permissions: 0o600,
        path: `${layout.folder}/authentication.yaml`,
        op: 'create',
      },
    ],
  };
}

function authenticationVolume({ configurations, layout }: ControlPlanePlan): object {
  if (!configurations.authentication) return {};
  return { extraVolumes: [{ hostPath: layout.folder, mountPath: layout.folder, readonly: true }] };
}

/** Talos adds Node and RBAC itself. */
function authorizers({ configurations }: ControlPlanePlan): object {
  if (!configurations.authorization) return {};
  const { authorizers: list } = configurations.authorization as {
    readonly authorizers: readonly { readonly type: string }[];
  };
  return { authorizationConfig: list.filter(({ type }) => type === 'Webhook') };
}

const APPLY = `\
For a new cluster:

    talosctl gen secrets -o secrets.yaml
    talosctl gen config CLUSTER https://ENDPOINT:6443 --with-secrets secrets.yaml --config-patch-control-plane @controlplane-patch

For one that runs, on each control-plane node, one after the other:

    talosctl patch machineconfig --nodes NODE --patch @controlplane-patch

\`secrets.yaml\` holds every key of the cluster, that of the encryption at rest included, which Talos makes itself (secretbox, for
Secrets only). Keep it encrypted, never in git as it is.
`;
