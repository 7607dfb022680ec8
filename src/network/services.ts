import { groupBy } from '../groups';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { namespaceOf } from '../manifest/inventory';
import { podTemplateOf, type PodSpec } from '../manifest/pod';
import { lastingContainers, portsOfContainer, type Workload } from './pods';
import type { PortRange } from './ports';
import { listOf } from '../lists';
import { isProtocol } from './read-policy';

/** Where a Service sends what comes in at one of its ports. */
export interface ServiceTarget {
  readonly workload: Workload;
  /** Of the Service. */
  readonly name: string | undefined;
  readonly port: number;
  /** Of the pods. */
  readonly target: PortRange;
}

/** Services and Ingresses, as far as they lead to pods. */
export interface Services {
  /** `namespace/name` of all of them. */
  readonly names: ReadonlySet<string>;
  manifest(namespace: string, name: string): Manifest | undefined;
  /** Whose pods a Service selects; nobody's for a Service without a selector, or that there is not. */
  podsOf(namespace: string, name: string): readonly Workload[];
  /** Empty for a Service that there is not. */
  targetsOf(namespace: string, name: string): readonly ServiceTarget[];
  /** Ports of pods that an Ingress sends requests to. */
  readonly ingresses: readonly IngressTarget[];
}

/** A port of pods that an Ingress leads to. */
export interface IngressTarget {
  readonly ingress: Manifest;
  readonly workload: Workload;
  readonly target: PortRange;
}

/** Finds out where Services and Ingresses lead. Policies see the ports of pods, after the Service has been resolved. */
export function servicesOf(manifests: readonly Manifest[], workloads: Iterable<Workload>): Services {
  const services = new Map<string, Manifest>();
  const ingresses: Manifest[] = [];
  for (const manifest of manifests) {
    const { kind, apiVersion } = manifest;
    if (kind === 'Service' && apiVersion === 'v1') services.set(nameOf(manifest), manifest);
    if (kind === 'Ingress' && apiVersion.startsWith('networking.k8s.io/')) ingresses.push(manifest);
  }
  const byNamespace = groupBy(services.size > 0 ? workloads : [], ({ namespace }) => namespace);
  const podsOf = (namespace: string, name: string) => {
    const service = services.get(`${namespace}/${name}`);
    return service ? selectedBy(service, byNamespace.get(namespace) ?? []) : [];
  };
  const targetsOf = (namespace: string, name: string) => {
    const service = services.get(`${namespace}/${name}`);
    return service ? podsOf(namespace, name).flatMap((workload) => targetsIn(service, workload)) : [];
  };
  return {
    names: new Set(services.keys()),
    manifest: (namespace, name) => services.get(`${namespace}/${name}`),
    podsOf,
    targetsOf,
    ingresses: ingresses.flatMap((ingress) =>
      backendsOf(ingress).flatMap(({ name, port }) =>
        targetsOf(namespaceOf(ingress), name)
          .filter((target) => target.port === port || target.name === port)
          .map(({ workload, target }) => ({ ingress, workload, target })),
      ),
    ),
  };
}

function nameOf(manifest: Manifest): string {
  return `${namespaceOf(manifest)}/${String(manifest.metadata?.name)}`;
}

/** A Service without a selector has no pods, or those that somebody else writes into its EndpointSlices. */
function selectedBy({ spec }: Manifest, workloads: readonly Workload[]): Workload[] {
  const selector = isObject(spec) ? spec.selector : undefined;
  const wanted = Object.entries(isObject(selector) ? selector : {});
  if (wanted.length === 0) return [];
  return workloads.filter(({ manifest }) => {
    const labels = podTemplateOf(manifest)?.metadata?.labels ?? {};
    return wanted.every(([key, value]) => labels[key] === value);
  });
}

function targetsIn({ spec }: Manifest, workload: Workload): ServiceTarget[] {
  const pod = podTemplateOf(workload.manifest);
  if (!pod || !isObject(spec)) return [];
  return listOf(spec.ports)
    .filter(isObject)
    .flatMap((port) =>
      targetPorts(port, pod.spec).map((target) => ({
        workload,
        name: typeof port.name === 'string' ? port.name : undefined,
        port: Number(port.port),
        target,
      })),
    );
}

/** Unset, the target is the port of the Service; a name is looked up in the containers. */
function targetPorts({ port, targetPort = port, protocol = 'TCP' }: JsonObject, pod: PodSpec): PortRange[] {
  if (!isProtocol(protocol)) return [];
  const numbers =
    typeof targetPort === 'number'
      ? [targetPort]
      : lastingContainers(pod)
          .flatMap(portsOfContainer)
          .filter((declared) => declared.name === targetPort && declared.protocol === protocol)
          .slice(0, 1)
          .map((declared) => declared.port);
  return numbers.map((number) => ({ protocol, first: number, last: number }));
}

function backendsOf({ spec }: Manifest): { name: string; port: unknown }[] {
  const { defaultBackend, rules } = isObject(spec) ? spec : {};
  const paths = listOf(rules).flatMap((rule) =>
    isObject(rule) && isObject(rule.http) ? listOf(rule.http.paths) : [],
  );
  const backends = [defaultBackend, ...paths.map((path) => (isObject(path) ? path.backend : undefined))];
  return backends.flatMap((backend) => {
    const service = isObject(backend) ? backend.service : undefined;
    if (!isObject(service) || !isObject(service.port)) return [];
    return [{ name: String(service.name), port: service.port.number ?? service.port.name }];
  });
}
