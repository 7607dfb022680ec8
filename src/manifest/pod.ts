import { isObject, type JsonObject, type Manifest, type ObjectMeta } from './manifest';
import { remembered } from './remembered';

/** An amount of a resource, as YAML reads it: `500m` or 2. */
export type Quantity = string | number;

/** A container of a pod, of any of the three lists. */
export interface Container extends JsonObject {
  name?: string;
  image?: string;
  ports?: ContainerPort[];
  resources?: { limits?: Record<string, Quantity>; requests?: Record<string, Quantity> };
  securityContext?: SecurityContext;
  volumeMounts?: VolumeMount[];
}

export interface ContainerPort extends JsonObject {
  name?: string;
  containerPort?: number;
  protocol?: string;
}

export interface VolumeMount extends JsonObject {
  name?: string;
  mountPath?: string;
  readOnly?: boolean;
}

/** The fields of a pod's and of a container's securityContext that controls read. */
export interface SecurityContext extends JsonObject {
  allowPrivilegeEscalation?: boolean;
  appArmorProfile?: { type?: string; localhostProfile?: string };
  capabilities?: { add?: string[]; drop?: string[] };
  readOnlyRootFilesystem?: boolean;
  runAsNonRoot?: boolean;
  seccompProfile?: JsonObject;
}

/** A pod's spec. */
export interface PodSpec extends JsonObject {
  containers?: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  securityContext?: SecurityContext;
  volumes?: JsonObject[];
}

/** A pod, or the template a controller makes pods from, and where it stands in its object. */
export interface PodTemplate {
  metadata?: ObjectMeta;
  spec: PodSpec;
}

/** The path of each kind's pod template. A Pod is its own. */
const TEMPLATE_PATHS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    Pod: [],
    PodTemplate: ['template'],
    Deployment: ['spec', 'template'],
    StatefulSet: ['spec', 'template'],
    DaemonSet: ['spec', 'template'],
    ReplicaSet: ['spec', 'template'],
    ReplicationController: ['spec', 'template'],
    Job: ['spec', 'template'],
    CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  }),
);

const hasWorkloads = remembered((apiVersion) => /^(v1|(apps|batch|extensions)\/v\w+)$/.test(apiVersion));

/** The names of the three lists of containers in a pod's spec. */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** The path of a workload's pod template, or undefined for a kind that has none. */
export function templatePath(manifest: Manifest): readonly string[] | undefined {
  const path = TEMPLATE_PATHS.get(manifest.kind);
  return path && hasWorkloads(manifest.apiVersion) ? path : undefined;
}

/** The pod template of a workload, or undefined where there is none. The result is part of the manifest, not a copy. */
export function podTemplateOf(manifest: Manifest): PodTemplate | undefined {
  const path = templatePath(manifest);
  if (!path) return undefined;
  let at: unknown = manifest;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return isObject(at) && isObject(at.spec) ? (at as unknown as PodTemplate) : undefined;
}

/** A container and its path in the pod's spec. */
export interface LocatedContainer {
  readonly list: (typeof CONTAINER_LISTS)[number];
  readonly path: string;
  readonly container: Container;
}

/** Every container of a pod, init and ephemeral ones included. */
export function containersOf(spec: PodSpec): LocatedContainer[] {
  const located: LocatedContainer[] = [];
  for (const list of CONTAINER_LISTS) {
    const containers: unknown = spec[list];
    if (!Array.isArray(containers)) continue;
    containers.forEach((container: unknown, index) => {
      if (isObject(container)) located.push({ list, path: `${list}[${index}]`, container });
    });
  }
  return located;
}
