import { parseQuantity } from '../manifest/quantity';
import type { Container, PodSpec, PodTemplate, Quantity, SecurityContext } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import type { Repair } from './control';

/** Requests and limits of a container that names none: small enough for a quota, large enough to start. */
export const DEFAULT_RESOURCES = {
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { cpu: '500m', memory: '128Mi' },
} as const;

/** Prefix of the annotation that names a container's AppArmor profile, deprecated since 1.30 (KEP-24). */
export const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** Sets a field of the pod's spec that is unset. */
export function setPodField(field: keyof PodSpec & string, value: unknown): Repair {
  return ({ spec }) => {
    spec[field] ??= value;
  };
}

/** Sets a field of the pod's securityContext that is unset, which every container without its own value inherits. */
export function setPodSecurity(field: keyof SecurityContext & string, value: unknown): Repair {
  return ({ spec }) => {
    spec.securityContext ??= {};
    spec.securityContext[field] ??= structuredClone(value);
  };
}

/** Sets a field of the container's securityContext that is unset. */
export function setContainerSecurity(field: keyof SecurityContext & string, value: unknown): Repair {
  return (_pod, container) => {
    container.securityContext ??= {};
    container.securityContext[field] ??= structuredClone(value);
  };
}

/** Dropping every capability covers whatever was dropped before. */
export const dropAllCapabilities: Repair = (_pod, container) => {
  container.securityContext ??= {};
  container.securityContext.capabilities = { ...container.securityContext.capabilities, drop: ['ALL'] };
};

/**
 * cdk8s-plus writes `CAP_NET_BIND_SERVICE`, the kernel's name; Pod Security compares with the API's name, which has no prefix.
 * Only this one is respelled: any other name stays for the rule to refuse.
 */
export const respellNetBindService: Repair = (_pod, container) => {
  const capabilities = container.securityContext?.capabilities;
  if (!capabilities?.add) return;
  capabilities.add = capabilities.add.map((name) =>
    name === 'CAP_NET_BIND_SERVICE' ? 'NET_BIND_SERVICE' : name,
  );
};

/**
 * Sets the requests and limits that are unset and keeps every one that is set. Memory is limited to what is requested, so
 * that a node never promises more than it has; an unset request is the limit, as Kubernetes itself decides it.
 */
export const setResources: Repair = (_pod, container) => {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpu = requests.cpu ?? limits.cpu ?? DEFAULT_RESOURCES.requests.cpu;
  const memory = requests.memory ?? limits.memory ?? DEFAULT_RESOURCES.requests.memory;
  container.resources = {
    ...container.resources,
    requests: { cpu, memory, ...requests },
    limits: { cpu: larger(cpu, DEFAULT_RESOURCES.limits.cpu), memory, ...limits },
  };
};

function larger(quantity: Quantity, other: Quantity): Quantity {
  return parseQuantity(`${quantity}`) > parseQuantity(`${other}`) ? quantity : other;
}

/** Confines the container with the runtime's default AppArmor profile, in the way the target reads it. */
export const setAppArmor: Repair = (pod, container, target) => {
  const profile = fieldProfile(pod, container) ??
    annotatedProfile(pod, container) ?? { type: 'RuntimeDefault' };
  if (target.appArmor !== 'annotation') writeField(pod, container, profile);
  if (target.appArmor !== 'field') writeAnnotation(pod, container, profile);
};

interface AppArmorProfile {
  readonly type?: string;
  readonly localhostProfile?: string;
}

function fieldProfile({ spec }: PodTemplate, container: Container): AppArmorProfile | undefined {
  return container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
}

function annotatedProfile({ metadata }: PodTemplate, container: Container): AppArmorProfile | undefined {
  const value = metadata?.annotations?.[`${APP_ARMOR_ANNOTATION}${container.name}`];
  if (!value) return undefined;
  if (value.startsWith('localhost/'))
    return { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  return { type: value === 'unconfined' ? 'Unconfined' : 'RuntimeDefault' };
}

/** On the pod where nothing says otherwise, since one line is easier to read than one per container. */
function writeField({ spec, metadata }: PodTemplate, container: Container, profile: AppArmorProfile): void {
  const annotated = Object.keys(metadata?.annotations ?? {}).some((key) =>
    key.startsWith(APP_ARMOR_ANNOTATION),
  );
  if (fieldProfile({ spec }, container)) return;
  const holder: { securityContext?: SecurityContext } = annotated ? container : spec;
  holder.securityContext = { ...holder.securityContext, appArmorProfile: { ...profile } };
}

function writeAnnotation(pod: PodTemplate, container: Container, profile: AppArmorProfile): void {
  const value = {
    RuntimeDefault: 'runtime/default',
    Localhost: `localhost/${profile.localhostProfile}`,
    Unconfined: 'unconfined',
  }[profile.type ?? 'RuntimeDefault'];
  pod.metadata ??= {};
  pod.metadata.annotations = {
    [`${APP_ARMOR_ANNOTATION}${container.name}`]: value ?? '',
    ...pod.metadata.annotations,
  };
}

/** Fields of AppArmor that a server before 1.30 refuses as unknown; their meaning is in the annotations by then. */
export function removeAppArmorFields(
  { spec }: PodTemplate,
  containers: readonly Container[],
  target: ClusterTarget,
): void {
  if (target.appArmor !== 'annotation' || target.minor >= 30) return;
  for (const holder of [spec, ...containers]) {
    if (holder.securityContext?.appArmorProfile) {
      const { appArmorProfile: _moved, ...rest } = holder.securityContext;
      holder.securityContext = rest;
    }
  }
}
