import { isObject, withoutNulls } from '../manifest/manifest';
import { isQuantity, parseQuantity } from '../manifest/quantity';
import type { Container, PodSpec, PodTemplate, Quantity, SecurityContext } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import type { FieldPatch, Repair } from './control';

/** Requests and limits of a container that names none: small enough for a quota, large enough to start. */
export const DEFAULT_RESOURCES = {
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { cpu: '500m', memory: '128Mi' },
} as const;

/** Prefix of the annotation that names a container's AppArmor profile, deprecated since 1.30 (KEP-24). */
export const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** Joins a repair and what an API server does in its place. */
export function patchedBy(
  repair: Repair,
  patches: readonly FieldPatch[] | ((target: ClusterTarget) => readonly FieldPatch[]),
): Repair {
  const inCluster = typeof patches === 'function' ? patches : () => patches;
  return Object.assign<Repair, { patches: NonNullable<Repair['patches']> }>(
    (pod, container, target) => repair(pod, container, target),
    { patches: inCluster },
  );
}

/** JSON is the Common Expression Language, too. */
const literal = (value: unknown): string => JSON.stringify(value).replaceAll('"', "'");

/** Sets a field of the pod's spec that is unset. */
export function setPodField(field: keyof PodSpec & string, value: unknown): Repair {
  const repair: Repair = ({ spec }) => {
    spec[field] ??= value;
  };
  return patchedBy(repair, [{ of: 'pod', field: [field], value: literal(value) }]);
}

/**
 * The securityContext of a container or of a pod's spec, made where there is none. One that is no object gets a context that
 * belongs to nobody: what somebody wrote stays for the rule and the API server to refuse.
 */
function securityOf(holder: { securityContext?: SecurityContext }): SecurityContext {
  holder.securityContext ??= {};
  return isObject(holder.securityContext) ? holder.securityContext : {};
}

/** Sets a field of the pod's securityContext that is unset, which every container without its own value inherits. */
export function setPodSecurity(field: keyof SecurityContext & string, value: unknown): Repair {
  const repair: Repair = ({ spec }) => {
    securityOf(spec)[field] ??= withoutNulls(value);
  };
  return patchedBy(repair, [{ of: 'pod', field: ['securityContext', field], value: literal(value) }]);
}

/** Sets a field of the container's securityContext that is unset. */
export function setContainerSecurity(field: keyof SecurityContext & string, value: unknown): Repair {
  const repair: Repair = (_pod, container) => {
    securityOf(container)[field] ??= withoutNulls(value);
  };
  return patchedBy(repair, [{ of: 'container', field: ['securityContext', field], value: literal(value) }]);
}

/** Dropping every capability covers whatever was dropped before. */
export const dropAllCapabilities: Repair = patchedBy(
  (_pod, container) => {
    const security = securityOf(container);
    const { capabilities = {} } = security;
    if (!isObject(capabilities) || !Array.isArray(capabilities.drop ?? [])) return;
    security.capabilities = { ...capabilities, drop: ['ALL'] };
  },
  [
    {
      of: 'container',
      field: ['securityContext', 'capabilities', 'drop'],
      value: literal(['ALL']),
      when: 'true',
    },
  ],
);

/**
 * cdk8s-plus writes `CAP_NET_BIND_SERVICE`, the kernel's name; Pod Security compares with the API's name, which has no prefix.
 * Only this one is respelled: any other name stays for the rule to refuse.
 */
export const respellNetBindService: Repair = patchedBy(
  (_pod, container) => {
    const capabilities = container.securityContext?.capabilities;
    if (!Array.isArray(capabilities?.add)) return;
    capabilities.add = capabilities.add.map((name) =>
      name === 'CAP_NET_BIND_SERVICE' ? 'NET_BIND_SERVICE' : name,
    );
  },
  [
    {
      of: 'container',
      field: ['securityContext', 'capabilities', 'add'],
      value:
        "container.securityContext.capabilities.add.map(name, name == 'CAP_NET_BIND_SERVICE' ? 'NET_BIND_SERVICE' : name)",
      when: "'CAP_NET_BIND_SERVICE' in container.?securityContext.?capabilities.?add.orValue([])",
    },
  ],
);

/** Sets the requests of CPU and memory that are unset. An unset request is the limit, as Kubernetes itself decides it. */
export const setRequests: Repair = patchedBy(
  (_pod, container) => {
    const resources = resourcesOf(container);
    if (!resources) return;
    container.resources = {
      ...container.resources,
      requests: { ...requested(resources), ...resources.requests },
    };
  },
  [
    amountPatch('requests', 'cpu', requestedAs('cpu')),
    amountPatch('requests', 'memory', requestedAs('memory')),
  ],
);

/**
 * Sets the limits of CPU and memory that are unset. Memory is limited to what is requested, so that a node never promises
 * more than it has.
 */
export const setLimits: Repair = patchedBy(
  (_pod, container) => {
    const resources = resourcesOf(container);
    if (!resources) return;
    const { cpu, memory } = requested(resources);
    container.resources = {
      ...container.resources,
      limits: { cpu: larger(cpu, DEFAULT_RESOURCES.limits.cpu), memory, ...resources.limits },
    };
  },
  [
    amountPatch('limits', 'cpu', largerAs(requestedAs('cpu'), DEFAULT_RESOURCES.limits.cpu)),
    amountPatch('limits', 'memory', requestedAs('memory')),
  ],
);

type ResourceName = keyof typeof DEFAULT_RESOURCES.requests;

function amountPatch(kind: 'requests' | 'limits', name: ResourceName, value: string): FieldPatch {
  return { of: 'container', field: ['resources', kind, name], value };
}

/** What {@link requested} says, in the Common Expression Language. */
function requestedAs(name: ResourceName): string {
  const of = (kind: string) => `container.?resources.?${kind}[?'${name}']`;
  return `string(${of('requests')}.orValue(${of('limits')}.orValue('${DEFAULT_RESOURCES.requests[name]}')))`;
}

function largerAs(amount: string, other: string): string {
  return `(quantity(${amount}).isGreaterThan(quantity('${other}')) ? ${amount} : '${other}')`;
}

type Amounts = Record<string, Quantity>;

/** Requests and limits of a container; undefined where somebody wrote something else there. */
function resourcesOf({ resources = {} }: Container): { requests: Amounts; limits: Amounts } | undefined {
  if (!isObject(resources)) return undefined;
  const { requests = {}, limits = {} } = resources;
  return isObject(requests) && isObject(limits) ? { requests, limits } : undefined;
}

function requested({ requests, limits }: { requests: Amounts; limits: Amounts }): {
  cpu: Quantity;
  memory: Quantity;
} {
  const cpu = requests.cpu ?? limits.cpu ?? DEFAULT_RESOURCES.requests.cpu;
  const memory = requests.memory ?? limits.memory ?? DEFAULT_RESOURCES.requests.memory;
  return { cpu, memory };
}

function larger(quantity: Quantity, other: Quantity): Quantity {
  // What is no quantity is refused by the API server, which says where it stands.
  if (!isQuantity(quantity)) return other;
  return parseQuantity(`${quantity}`) > parseQuantity(`${other}`) ? quantity : other;
}

/** Confines the container with the runtime's default AppArmor profile, in the way the target reads it. */
export const setAppArmor: Repair = patchedBy(
  (pod, container, target) => {
    const profile = fieldProfile(pod, container) ??
      annotatedProfile(pod, container) ?? { type: 'RuntimeDefault' };
    if (target.appArmor !== 'annotation') writeField(pod, container, profile);
    if (target.appArmor !== 'field') writeAnnotation(pod, container, profile);
  },
  // Whoever still writes the annotation, deprecated since 1.30, moves it to the field themselves.
  ({ appArmor }) =>
    appArmor === 'field'
      ? [
          {
            of: 'pod',
            field: ['securityContext', 'appArmorProfile'],
            value: literal({ type: 'RuntimeDefault' }),
            when:
              '!variables.pod.?securityContext.?appArmorProfile.hasValue() && ' +
              '!container.?securityContext.?appArmorProfile.hasValue() && ' +
              `!variables.annotations.exists(key, key.startsWith('${APP_ARMOR_ANNOTATION}'))`,
          },
        ]
      : [],
);

interface AppArmorProfile {
  readonly type?: string;
  readonly localhostProfile?: string;
}

function fieldProfile({ spec }: PodTemplate, container: Container): AppArmorProfile | undefined {
  return container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
}

function annotatedProfile({ metadata }: PodTemplate, container: Container): AppArmorProfile | undefined {
  const value = metadata?.annotations?.[appArmorKey(container)];
  if (!value || typeof value !== 'string') return undefined;
  if (value.startsWith('localhost/'))
    return { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) };
  return { type: value === 'unconfined' ? 'Unconfined' : 'RuntimeDefault' };
}

function appArmorKey({ name }: Container): string {
  return `${APP_ARMOR_ANNOTATION}${typeof name === 'string' ? name : ''}`;
}

/** On the pod where nothing says otherwise, since one line is easier to read than one per container. */
function writeField({ spec, metadata }: PodTemplate, container: Container, profile: AppArmorProfile): void {
  if (fieldProfile({ spec }, container) !== undefined) return;
  const annotated = Object.keys(metadata?.annotations ?? {}).some((key) =>
    key.startsWith(APP_ARMOR_ANNOTATION),
  );
  const isForAll = !annotated && isObject(spec.securityContext ?? {});
  securityOf(isForAll ? spec : container).appArmorProfile = { ...profile };
}

function writeAnnotation(pod: PodTemplate, container: Container, profile: AppArmorProfile): void {
  pod.metadata ??= {};
  if (!isObject(pod.metadata) || !isObject(pod.metadata.annotations ?? {})) return;
  pod.metadata.annotations = {
    [appArmorKey(container)]: annotationOf(profile),
    ...pod.metadata.annotations,
  };
}

function annotationOf({ type, localhostProfile }: AppArmorProfile): string {
  switch (type) {
    case 'Localhost':
      return `localhost/${typeof localhostProfile === 'string' ? localhostProfile : ''}`;
    case 'RuntimeDefault':
      return 'runtime/default';
    default:
      // Never a word that confines for a type that does not.
      return 'unconfined';
  }
}

/** Fields of AppArmor that a server before 1.30 refuses as unknown, once the annotation of every container says it in their place. */
export function removeAppArmorFields(
  { spec, metadata }: PodTemplate,
  containers: readonly Container[],
  target: ClusterTarget,
): void {
  if (target.appArmor !== 'annotation' || target.minor >= 30) return;
  if (containers.some((container) => metadata?.annotations?.[appArmorKey(container)] === undefined)) return;
  for (const holder of [spec, ...containers]) {
    if (holder.securityContext?.appArmorProfile) {
      const { appArmorProfile: _moved, ...rest } = holder.securityContext;
      holder.securityContext = rest;
    }
  }
}
