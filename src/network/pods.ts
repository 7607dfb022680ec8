import { compareText, isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { namespaceOf } from '../manifest/inventory';
import { podTemplateOf, type Container, type PodSpec, type PodTemplate } from '../manifest/pod';
import type { NamedPort } from './policy';
import type { Protocol } from './ports';
import { listOf } from '../lists';
import { isProtocol } from './read-policy';
import type { Labels } from './selector';

/** Label that the API server puts on every namespace. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** A namespace, declared or only named by an object. */
export interface Namespace {
  readonly name: string;
  labels: Labels;
  /** Its classes, by number. */
  readonly classes: number[];
}

/** Pods that no policy can tell apart: of one namespace, with the same labels as far as any selector asks for them. */
export interface PodClass {
  readonly id: number;
  readonly namespace: Namespace;
  /** All labels of one of the pods. */
  readonly labels: Labels;
  /** Whether the pods are in the network of their node. */
  readonly hostNetwork: boolean;
  /** Ports that a policy may ask for by name. */
  readonly namedPorts: readonly DeclaredPort[];
  /** Who has such pods. */
  readonly workloads: Workload[];
  pods: number;
}

/** A port with a name of a container. */
export interface DeclaredPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** An object with pods, or the owner of pods that are objects themselves. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  /** One of the objects that it was found in. */
  readonly manifest: Manifest;
  readonly classes: PodClass[];
}

/** All pods, by what policies can ask about them. */
export interface Pods {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly classes: readonly PodClass[];
  readonly workloads: ReadonlyMap<string, Workload>;
}

/** What is asked about pods. */
export interface Asked {
  readonly keys: ReadonlySet<string>;
  /** Names of ports. */
  readonly portNames: ReadonlySet<string>;
}

/** Puts pods into classes, in time linear in the manifests. */
export function classifyPods(manifests: readonly Manifest[], asked: Asked): Pods {
  const namespaces = new Map<string, Namespace>();
  const classes: PodClass[] = [];
  const known = new Map<Namespace, Map<string, PodClass>>();
  const classOf = (namespace: Namespace, { metadata, spec }: PodTemplate): PodClass => {
    const labels: Labels = isObject(metadata?.labels) ? metadata.labels : {};
    const hostNetwork = spec.hostNetwork === true;
    const namedPorts = asked.portNames.size > 0 ? namedPortsOf(spec, asked.portNames) : NO_NAMES;
    const key = keyOf(labels, asked.keys) + suffix(hostNetwork, namedPorts);
    let own = known.get(namespace);
    if (!own) known.set(namespace, (own = new Map<string, PodClass>()));
    let one = own.get(key);
    if (!one) {
      one = { id: classes.length, namespace, labels, hostNetwork, namedPorts, workloads: [], pods: 0 };
      own.set(key, one);
      classes.push(one);
      namespace.classes.push(one.id);
    }
    return one;
  };
  const workloads = new Map<string, Workload>();
  for (const manifest of manifests) {
    if (manifest.kind === 'Namespace') {
      declare(namespaces, manifest);
      continue;
    }
    const pod = podTemplateOf(manifest);
    if (!pod) continue;
    const one = classOf(namespaceNamed(namespaces, namespaceOf(manifest)), pod);
    one.pods += replicasOf(manifest);
    join(workloads, manifest, one);
  }
  return { namespaces, classes, workloads };
}

function declare(namespaces: Map<string, Namespace>, { metadata }: Manifest): void {
  const name = String(metadata?.name);
  const namespace = namespaceNamed(namespaces, name);
  namespace.labels = { ...metadata?.labels, [NAMESPACE_NAME_LABEL]: name };
}

function namespaceNamed(namespaces: Map<string, Namespace>, name: string): Namespace {
  let namespace = namespaces.get(name);
  if (!namespace) {
    namespace = { name, labels: { [NAMESPACE_NAME_LABEL]: name }, classes: [] };
    namespaces.set(name, namespace);
  }
  return namespace;
}

/** The labels that are asked for. No label value can hold a line break. */
function keyOf(labels: Labels, keys: ReadonlySet<string>): string {
  const parts: string[] = [];
  for (const key in labels) if (keys.has(key)) parts.push(`${key}=${labels[key] as string}`);
  return parts.length > 1 ? parts.sort().join('\n') : (parts[0] ?? '');
}

function suffix(hostNetwork: boolean, namedPorts: readonly DeclaredPort[]): string {
  let text = hostNetwork ? '\n\nhost' : '';
  for (const { name, protocol, port } of namedPorts) text += `\n\n${name} ${protocol} ${port}`;
  return text;
}

/** Ports of containers that stay: init containers are gone by the time that anybody connects, unless they are sidecars. */
function namedPortsOf(spec: PodSpec, asked: ReadonlySet<string>): readonly DeclaredPort[] {
  let found: DeclaredPort[] | undefined;
  for (const container of lastingContainers(spec)) {
    if (!hasNameOf(asked, container)) continue;
    for (const port of portsOfContainer(container)) if (asked.has(port.name)) (found ??= []).push(port);
  }
  return found && found.length > 1
    ? found.sort((a, b) => compareText(a.name, b.name) || a.port - b.port)
    : (found ?? NO_NAMES);
}

function hasNameOf(asked: ReadonlySet<string>, { ports }: Container): boolean {
  return listOf(ports).some((port) => isObject(port) && asked.has(port.name as string));
}

const NO_NAMES: readonly DeclaredPort[] = [];

/** The containers of a pod that run while it is ready. */
export function lastingContainers(spec: PodSpec): Container[] {
  const all = listOf(spec.containers);
  const containers = (all.every(isObject) ? all : all.filter(isObject)) as Container[];
  if (!Array.isArray(spec.initContainers)) return containers;
  const init = listOf(spec.initContainers).filter(isObject);
  return [...containers, ...(init.filter(({ restartPolicy }) => restartPolicy === 'Always') as Container[])];
}

/** The ports that a container declares, those without a name as well. */
export function portsOfContainer({ ports }: Container): DeclaredPort[] {
  const declared: DeclaredPort[] = [];
  for (const port of listOf(ports)) {
    if (!isObject(port)) continue;
    const { name, containerPort, protocol = 'TCP' } = port;
    if (typeof containerPort !== 'number' || !isProtocol(protocol)) continue;
    declared.push({ name: typeof name === 'string' ? name : '', protocol, port: containerPort });
  }
  return declared;
}

/** The numbers that a name stands for in pods of a class. */
export function portsNamed(podClass: PodClass, { name, protocol }: NamedPort): DeclaredPort[] {
  return podClass.namedPorts.filter(
    (port) => port.name === name && (protocol === undefined || port.protocol === protocol),
  );
}

function replicasOf({ kind, spec }: Manifest): number {
  if (kind === 'Pod' || !isObject(spec)) return 1;
  return typeof spec.replicas === 'number' ? spec.replicas : 1;
}

function join(workloads: Map<string, Workload>, manifest: Manifest, podClass: PodClass): void {
  const { kind, name } = ownerOf(manifest);
  const last = podClass.workloads.at(-1);
  // Pods of one owner mostly follow each other.
  if (last?.name === name && last.kind === kind) return;
  const namespace = podClass.namespace.name;
  const key = workloadName({ namespace, name, kind });
  let workload = workloads.get(key);
  if (!workload) {
    workload = { namespace, name, kind, manifest, classes: [] };
    workloads.set(key, workload);
  }
  if (workload.classes.includes(podClass)) return;
  workload.classes.push(podClass);
  podClass.workloads.push(workload);
}

/** Pods belong to whoever made them. An owner without a kind, which only a sketch of a cluster has, is called a Pod. */
function ownerOf({ kind, metadata }: Manifest): { kind: string; name: string } {
  const owners = metadata?.ownerReferences;
  const owner: JsonObject | undefined =
    kind === 'Pod' && Array.isArray(owners) ? (owners as unknown[]).find(isController) : undefined;
  if (!owner) return { kind, name: String(metadata?.name) };
  return { kind: typeof owner.kind === 'string' ? owner.kind : kind, name: String(owner.name) };
}

function isController(owner: unknown): owner is JsonObject {
  return isObject(owner) && owner.controller === true;
}

/** `namespace/name[Kind]`. */
export function workloadName({
  namespace,
  name,
  kind,
}: Pick<Workload, 'namespace' | 'name' | 'kind'>): string {
  return `${namespace}/${name}[${kind}]`;
}
