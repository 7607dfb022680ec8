import { CONTROLLER_MANAGER_FLAGS, SCHEDULER_FLAGS, type Flags, without } from '../flags';
import type { ControlPlanePlan } from '../plan';
import type { Platform } from './platform';

/** k3s: one configuration file, and files that it names. */
export const K3S: Platform = rancher('k3s', {
  folder: '/etc/rancher/k3s/bulwark',
  auditLogs: '/var/lib/rancher/k3s/server/logs',
  more: {
    // Controllers that the cluster's own load balancer and Helm charts come from; each is an entrance nobody asked for.
    disable: ['servicelb', 'traefik'],
  },
});

/** RKE2: as k3s, with the profile of its CIS guide, which makes it check the node at its start. */
export const RKE2: Platform = rancher('rke2', {
  folder: '/etc/rancher/rke2/bulwark',
  auditLogs: '/var/lib/rancher/rke2/server/logs',
  more: { profile: 'cis' },
});

interface Distribution {
  readonly folder: string;
  readonly auditLogs: string;
  readonly more: object;
}

function rancher(name: 'k3s' | 'rke2', { folder, auditLogs, more }: Distribution): Platform {
  return {
    name,
    layout: {
      folder,
      auditLogs,
      anonymousProbes: false,
      ownAuthorization: true,
      // The distribution's own kubelet flag names it.
      clientCa: undefined,
    },
    emit: (plan) => ({
      files: new Map<string, string | readonly object[]>([
        ['config', [{ ...configurationOf(plan), ...more }]],
        ['files/kubelet.yaml', [plan.kubelet]],
      ]),
      needsFiles: true,
      apply: applyTo(name),
    }),
  };
}

function configurationOf({ apiServer, layout }: ControlPlanePlan): object {
  return {
    'protect-kernel-defaults': true,
    'write-kubeconfig-mode': '0600',
    // The distribution sets both of these itself.
    'kube-apiserver-arg': listed(
      without(apiServer, ['authorization-mode', 'anonymous-auth', 'service-account-lookup']),
    ),
    'kube-controller-manager-arg': listed(
      without(CONTROLLER_MANAGER_FLAGS, ['use-service-account-credentials']),
    ),
    'kube-scheduler-arg': listed(SCHEDULER_FLAGS),
    'kubelet-arg': [`config=${layout.folder}/kubelet.yaml`],
  };
}

function listed(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) => `${name}=${value}`);
}

function applyTo(name: 'k3s' | 'rke2'): string {
  const service = name === 'k3s' ? 'k3s' : 'rke2-server';
  const extra =
    name === 'rke2'
      ? `\
The profile \`cis\` refuses to start without the user of etcd and its kernel parameters:

    useradd --system --no-create-home --shell /sbin/nologin etcd
    cp /usr/share/rke2/rke2-cis-sysctl.conf /etc/sysctl.d/60-rke2-cis.conf && systemctl restart systemd-sysctl

`
      : `\
\`protect-kernel-defaults\` refuses to start on a node whose kernel parameters are others than the kubelet's:

    printf '%s\\n' vm.panic_on_oom=0 vm.overcommit_memory=1 kernel.panic=10 kernel.panic_on_oops=1 > /etc/sysctl.d/90-kubelet.conf
    sysctl --system

`;
  return `\
${extra}On each server, put the files of \`files/\` in place as described above, and then:

    install -o root -g root -m 0600 config /etc/rancher/${name}/config.yaml
    systemctl restart ${service}

Leave \`secrets-encryption\` unset: \`encryption-provider-config\` takes its place.
`;
}
