import type { JsonObject, Manifest } from '../../src/manifest/manifest';
import { podTemplateOf } from '../../src/manifest/pod';

/**
 * What Pod Security admission says under `restricted`, written down a second time in another language than the controls, from
 * the documentation of the standards. For Linux pods and for values that mean the same in every supported version.
 * @returns The ids of the controls that stand for the checks that refuse the pod.
 */
export function refusedByRestricted(manifest: Manifest): string[] {
  const { spec, metadata } = podTemplateOf(manifest)!;
  const pod = spec.securityContext ?? {};
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap(
    (list) => (spec[list] ?? []) as any[],
  );
  const contexts: any[] = containers.map(({ securityContext }) => securityContext ?? {});
  const everywhere: any[] = [pod, ...contexts];
  const some = (values: any[], test: (value: any) => boolean) => values.some((value) => test(value));
  const checks: Record<string, boolean> = {
    'no-privileged-container': some(contexts, ({ privileged }) => privileged === true),
    'no-host-network': spec.hostNetwork === true,
    'no-host-pid': spec.hostPID === true,
    'no-host-ipc': spec.hostIPC === true,
    'restricted-volume-types': some(spec.volumes ?? [], (volume) => 'hostPath' in volume || 'nfs' in volume),
    'no-host-port': some(containers, ({ ports }) => some(ports ?? [], ({ hostPort }) => hostPort > 0)),
    'capabilities-drop-all': some(contexts, ({ capabilities }) => !capabilities?.drop?.includes('ALL')),
    'capabilities-add-limited': some(contexts, ({ capabilities }) =>
      some(capabilities?.add ?? [], (name) => name !== 'NET_BIND_SERVICE'),
    ),
    'no-privilege-escalation': some(contexts, (context) => context.allowPrivilegeEscalation !== false),
    'run-as-non-root':
      pod.runAsNonRoot === false ||
      some(contexts, (context) => (context.runAsNonRoot ?? pod.runAsNonRoot) !== true),
    'run-as-user-not-zero': some(everywhere, ({ runAsUser }) => runAsUser === 0),
    'seccomp-profile':
      isLoose(pod.seccompProfile) ||
      some(contexts, (context) => isLoose(context.seccompProfile ?? pod.seccompProfile ?? {})),
    'selinux-options': some(everywhere, ({ seLinuxOptions }) => isUnusual(seLinuxOptions ?? {})),
    'default-proc-mount': some(contexts, ({ procMount }) => (procMount ?? 'Default') !== 'Default'),
    'safe-sysctls': some((pod.sysctls ?? []) as any[], ({ name }) => name === 'kernel.msgmax'),
    'no-windows-host-process': some(everywhere, ({ windowsOptions }) => windowsOptions?.hostProcess === true),
    'apparmor-profile':
      some(everywhere, ({ appArmorProfile }) => isLoose(appArmorProfile)) ||
      Object.entries(metadata?.annotations ?? {}).some(
        ([key, value]) => key.startsWith('container.apparmor') && value === 'unconfined',
      ),
    'no-probe-host': some(containers, ({ livenessProbe, readinessProbe, startupProbe, lifecycle }) =>
      some(
        [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop],
        (handler) => Boolean(handler?.httpGet?.host || handler?.tcpSocket?.host),
      ),
    ),
  };
  return Object.keys(checks).filter((name) => checks[name]);
}

function isLoose(profile: { type?: string } | undefined): boolean {
  return profile !== undefined && !['RuntimeDefault', 'Localhost'].includes(profile.type ?? '');
}

function isUnusual({ type = '', user = '', role = '' }: JsonObject): boolean {
  const types = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
  return !types.includes(type as string) || user !== '' || role !== '';
}
