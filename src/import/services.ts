import { PROTOCOLS } from './container';
import { nameOf } from './keys';
import type { Made, Props } from './made';
import { readingOf, Unsaid, type Patch, type Reading } from './reading';
import { call, choice, reference, type Code } from './source-text';
import { groupBy } from '../groups';
import type { Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import { metadataProps } from './workload';

/** Whose pods a Service selects: those of a workload that is a construct, or those that some labels are on. */
export type Selected = { readonly workload?: Manifest } & (
  | { readonly as: 'workload'; readonly workload: Manifest }
  | { readonly as: 'labels'; readonly labels: Readonly<Record<string, string>> }
  /** Those of the StatefulSet that gets the Service, and selects them itself. */
  | { readonly as: 'governed' }
);

/** Fields that the Service of cdk8s-plus renders, and has no properties for. */
const PATCHED =
  /^\/spec\/(ports\/\d+\/appProtocol|publishNotReadyAddresses|sessionAffinity|(in|ex)ternalTrafficPolicy|ipFamil\w+)$/;

const TYPES = {
  ClusterIP: undefined,
  NodePort: 'ServiceType.NODE_PORT',
  LoadBalancer: 'ServiceType.LOAD_BALANCER',
};

/** @throws Unsaid for what neither the properties of a Service of cdk8s-plus nor a few patches say. */
export function service(manifest: Manifest, selected: Selected): Made {
  const patches: Patch[] = [];
  const reading = readingOf(manifest, patches);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const metadata = metadataProps(reading.needed('metadata'));
  const spec = reading.needed('spec');
  spec.texts('selector');
  spec.expect('sessionAffinity', 'None');
  spec.expect('internalTrafficPolicy', 'Cluster');
  const props: Props = {
    metadata,
    type: spec.attempt('type', (strict) => choice(strict, 'type', TYPES)),
    clusterIP: spec.text('clusterIP'),
    selector: selected.as === 'workload' ? workloadReference(selected.workload) : undefined,
    ports: ports(spec, namedPorts(selected.workload)),
    loadBalancerSourceRanges: spec.words('loadBalancerSourceRanges'),
  };
  spec.close();
  reading.close();
  const other = patches.find(({ path }) => !PATCHED.test(path));
  if (other) throw new Unsaid(other.path.slice(1).replaceAll('/', '.'));
  const labels = selected.as === 'labels' ? Object.entries(selected.labels) : [];
  return {
    as: 'construct',
    construct: 'Service',
    props,
    patches,
    calls: labels.map(([key, value]) => ['selectLabel', key, value]),
  };
}

function workloadReference(workload: Manifest): Code {
  return reference(workload.kind, nameOf(workload));
}

/** The ports of a workload by their names, where a name stands for one of them alone. */
function namedPorts(workload: Manifest | undefined): ReadonlyMap<string, number> {
  const pod = workload && podTemplateOf(workload);
  const found = (pod?.spec.containers ?? []).flatMap(({ ports: list }) => list ?? []);
  const named = groupBy(found, ({ name }) => name);
  return new Map(
    [...named].flatMap(([name, list]): [string, number][] => {
      const number = list[0]!.containerPort;
      return name !== undefined && number !== undefined && list.length === 1 ? [[name, number]] : [];
    }),
  );
}

/** cdk8s-plus knows ports by number. Every pod of a workload has the same number for a name. */
function ports(spec: Reading, named: ReadonlyMap<string, number>): Code {
  const found = spec.each('ports').map((port): Code => {
    const number = port.number('port');
    if (number === undefined) throw new Unsaid(`${port.path}.port`);
    const given = port.numberOrText('targetPort');
    const target = typeof given === 'string' ? named.get(given) : given;
    if (given !== undefined && target === undefined) throw new Unsaid(`${port.path}.targetPort`);
    const code = {
      name: port.text('name'),
      port: number,
      targetPort: target === number ? undefined : target,
      nodePort: port.number('nodePort'),
      protocol: port.attempt('protocol', (strict) => choice(strict, 'protocol', PROTOCOLS)),
    };
    port.close();
    return code;
  });
  // One that only names a host outside of the cluster, and the like.
  if (found.length === 0) throw new Unsaid('spec.ports');
  return found;
}

/** The numbers of a Service's ports. */
export function portsOfService({ spec }: Manifest): readonly unknown[] {
  const { ports: list } = (spec ?? {}) as { ports?: readonly { port?: unknown }[] };
  return (list ?? []).map(({ port }) => port);
}

const PATH_TYPES = {
  Prefix: undefined,
  Exact: 'HttpIngressPathType.EXACT',
  ImplementationSpecific: 'HttpIngressPathType.IMPLEMENTATION_SPECIFIC',
};

/**
 * @param portsOf The ports of a Service that is a construct, by its name.
 * @throws Unsaid for what the Ingress of cdk8s-plus cannot say, or would say in another order.
 */
export function ingress(manifest: Manifest, portsOf: (name: string) => readonly unknown[] | undefined): Made {
  const reading = readingOf(manifest);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const metadata = metadataProps(reading.needed('metadata'));
  const spec = reading.needed('spec');
  const backend = (at: Reading) => backendCode(at, portsOf);
  const defaultBackend = spec.within('defaultBackend');
  const props: Props = {
    metadata,
    className: spec.text('ingressClassName'),
    defaultBackend: defaultBackend && backend(defaultBackend),
    rules: rules(spec, backend),
    tls: tls(spec),
  };
  spec.close();
  reading.close();
  return { as: 'construct', construct: 'Ingress', props };
}

function rules(spec: Reading, backend: (at: Reading) => Code): Code | undefined {
  const hosts = new Set<string>();
  const found = spec.each('rules').flatMap((rule): Code[] => {
    const host = rule.text('host');
    const http = rule.needed('http');
    const paths = http.each('paths');
    [http, rule].forEach((part) => part.close());
    // cdk8s-plus has one rule for each host, with its paths in order.
    if (hosts.has(host ?? '')) throw new Unsaid(rule.path);
    hosts.add(host ?? '');
    return pathCodes(paths, host, backend);
  });
  return found.length > 0 ? found : undefined;
}

function pathCodes(
  paths: readonly Reading[],
  host: string | undefined,
  backend: (at: Reading) => Code,
): Code[] {
  const texts = paths.map((path) => path.text('path') ?? '');
  const inOrder = [...new Set(texts)].sort((one, other) => one.localeCompare(other));
  if (texts.join('\n') !== inOrder.join('\n') || texts.some((text) => !text.startsWith('/')))
    throw new Unsaid(`${paths[0]?.path ?? 'spec.rules'}.path`);
  return paths.map((path, index) => {
    const code = {
      host,
      path: texts[index],
      pathType: choice(path, 'pathType', PATH_TYPES),
      backend: backend(path.needed('backend')),
    };
    path.close();
    return code;
  });
}

function backendCode(backend: Reading, portsOf: (name: string) => readonly unknown[] | undefined): Code {
  const to = backend.needed('service');
  const name = to.text('name') ?? '';
  const port = to.needed('port');
  const number = port.number('number');
  [port, to, backend].forEach((part) => part.close());
  const known = portsOf(name);
  if (!known) throw new Unsaid(to.path, `its Service ${name} is no construct`);
  if (number === undefined || !known.includes(number)) throw new Unsaid(port.path);
  return known.length === 1 ? callBackend(name) : callBackend(name, { port: number });
}

function callBackend(name: string, ...options: readonly Code[]): Code {
  return call('IngressBackend.fromService', reference('Service', name), ...options);
}

function tls(spec: Reading): Code | undefined {
  const found = spec.each('tls').map((entry): Code => {
    const secret = entry.text('secretName');
    const code = {
      hosts: entry.words('hosts'),
      secret: secret === undefined ? undefined : reference('Secret', secret),
    };
    entry.close();
    return code;
  });
  return found.length > 0 ? found : undefined;
}
