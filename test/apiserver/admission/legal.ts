import { withoutNulls, type Manifest } from '../../../src/manifest/manifest';

type Any = any;

/**
 * A generated workload without what the API server's own validation refuses before any policy is asked, whatever it says of
 * security. Of everything that controls read as much stays as is legal.
 */
export function legal(manifest: Manifest, name: string): Manifest {
  const copy: Any = withoutNulls(manifest);
  const template = templateOf(copy);
  template.spec = legalSpec(template.spec);
  removeContradictingAppArmor(template);
  return framed(copy, name);
}

/** A workload with what its kind asks for around the pod template. */
export function framed(manifest: Manifest, name: string): Manifest {
  const copy: Any = withoutNulls(manifest);
  copy.metadata = { ...(copy.kind === 'Pod' ? copy.metadata : {}), name };
  const template = templateOf(copy);
  const { spec } = template;
  spec.restartPolicy = ['Job', 'CronJob'].includes(copy.kind) ? 'Never' : 'Always';
  reconcile(spec, [...spec.containers, ...(spec.initContainers ?? [])]);
  if (template !== copy) template.metadata = { ...template.metadata, labels: { app: 'shop' } };
  if (['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].includes(copy.kind)) {
    copy.spec.selector = { matchLabels: { app: 'shop' } };
  }
  if (copy.kind === 'ReplicationController') copy.spec.selector = { app: 'shop' };
  if (copy.kind === 'StatefulSet') copy.spec.serviceName = 'shop';
  if (copy.kind === 'DaemonSet' || copy.kind === 'Job') delete copy.spec.replicas;
  return copy;
}

function templateOf(copy: Any): Any {
  if (copy.kind === 'Pod') return copy;
  if (copy.kind === 'PodTemplate') return copy.template;
  if (copy.kind === 'CronJob') return copy.spec.jobTemplate.spec.template;
  return copy.spec.template;
}

function legalSpec(spec: Any): Any {
  const isWindows = spec.os?.name === 'windows';
  const { ephemeralContainers: _illegal, ...rest } = spec;
  const result: Any = { ...rest };
  result.volumes = uniqueBy(spec.volumes ?? [], ({ name }: Any) => name);
  const names = result.volumes.map(({ name }: Any) => name);
  result.containers = spec.containers.map((one: Any) => legalContainer(one, { names, isInit: false }));
  result.initContainers = (spec.initContainers ?? []).map((one: Any) =>
    legalContainer(one, { names, isInit: true }),
  );
  if (result.securityContext) result.securityContext = legalContext(result.securityContext, isWindows);
  const all = [...result.containers, ...result.initContainers];
  for (const one of all) {
    if (one.securityContext) one.securityContext = legalContext(one.securityContext, isWindows);
  }
  removeTakenHostPorts(all);
  if (isWindows) stripForWindows(result, all);
  if (all.some(({ securityContext }) => securityContext?.procMount === 'Unmasked')) delete result.hostUsers;
  return result;
}

function legalContainer(one: Any, { names, isInit }: { names: string[]; isInit: boolean }): Any {
  const { volumeDevices: _blocks, lifecycle, ...rest } = one;
  const copy: Any = { image: 'registry.example/shop:1.0.0', ...rest };
  copy.volumeMounts = (copy.volumeMounts ?? []).filter(({ name }: Any) => names.includes(name));
  copy.ports = uniqueBy(copy.ports ?? [], ({ containerPort }: Any) => containerPort);
  for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isInit || !isHandler(copy[key])) delete copy[key];
  }
  if (!isInit && lifecycle) {
    const hooks = Object.entries(lifecycle).filter(([, hook]) => isHandler(hook));
    copy.lifecycle = Object.fromEntries(hooks);
  }
  copy.resources = legalResources(copy.resources ?? {});
  return copy;
}

function isHandler(probe: Any): boolean {
  return [probe?.httpGet?.port, probe?.tcpSocket?.port, probe?.exec].some((one) => one !== undefined);
}

/** A request above its limit is refused. */
function legalResources({ requests = {}, limits = {} }: Any): Any {
  return {
    requests: {
      ...requests,
      ...Object.fromEntries(Object.entries(limits).filter(([name]) => name in requests)),
    },
    limits,
  };
}

function legalContext(context: Any, isWindows: boolean): Any {
  if (!isWindows) {
    const { windowsOptions: _ofWindows, ...rest } = context;
    return rest;
  }
  const { runAsNonRoot, windowsOptions } = context;
  return JSON.parse(JSON.stringify({ runAsNonRoot, windowsOptions }));
}

function removeTakenHostPorts(all: Any[]): void {
  const taken = new Set([0]);
  for (const port of all.flatMap(({ ports }) => ports)) {
    if (taken.has(port.hostPort)) delete port.hostPort;
    else taken.add(port.hostPort);
  }
}

/** What may not stand beside each other. */
function reconcile(spec: Any, all: Any[]): void {
  for (const { securityContext } of all) {
    if (!securityContext) continue;
    if (securityContext.privileged || securityContext.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      securityContext.allowPrivilegeEscalation = true;
    }
    if (securityContext.capabilities?.add?.includes('SYS_ADMIN'))
      securityContext.allowPrivilegeEscalation = true;
  }
  if (all.some(({ securityContext }) => securityContext?.windowsOptions?.hostProcess))
    spec.hostNetwork = true;
  const usesHost = spec.hostNetwork || spec.hostPID || spec.hostIPC;
  const unmasked = all.some(({ securityContext }) => securityContext?.procMount === 'Unmasked');
  if (usesHost) {
    delete spec.hostUsers;
    delete spec.securityContext?.sysctls;
    for (const { securityContext } of all) delete securityContext?.procMount;
  } else if (unmasked && spec.hostUsers === undefined) spec.hostUsers = false;
  if (spec.shareProcessNamespace && spec.hostPID) delete spec.shareProcessNamespace;
  if (spec.hostNetwork) for (const one of all) one.ports = [];
}

function stripForWindows(spec: Any, all: Any[]): void {
  for (const key of ['hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace', 'hostNetwork'])
    delete spec[key];
  const contexts = [spec.securityContext, ...all.map(({ securityContext }) => securityContext)].filter(
    Boolean,
  );
  // HostProcess wants the network of the node and all containers alike; the other generator has such pods.
  for (const { windowsOptions } of contexts) if (windowsOptions) delete windowsOptions.hostProcess;
}

/** A pod may not say one thing in an annotation and another in a field. */
function removeContradictingAppArmor(template: Any): void {
  const { spec, metadata } = template;
  const all = [...spec.containers, ...spec.initContainers];
  const contexts = [spec.securityContext, ...all.map(({ securityContext }: Any) => securityContext)];
  const hasField = contexts.some((context) => context?.appArmorProfile);
  const names = all.map(({ name }: Any) => name);
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(([key, value]) => {
    if (!key.startsWith('container.apparmor')) return true;
    return !hasField && value !== '' && names.includes(key.slice(key.indexOf('/') + 1));
  });
  if (metadata) metadata.annotations = Object.fromEntries(annotations);
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => unknown): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
