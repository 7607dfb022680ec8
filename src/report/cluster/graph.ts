import { findCrossings, tenantLookup, type Crossing } from '../../network/isolation';
import { isListable } from '../../network/listable';
import { visitPairs } from '../../network/pairs';
import { workloadName, type Workload } from '../../network/pods';
import { formatPorts, NO_PORTS, type PortSet } from '../../network/ports';
import type { Reachability } from '../../network/reachability';
import type { Graph } from './model';

/** More nodes or arrows than these are drawn as what they are in: beyond them a picture says nothing. */
const MOST_NODES = 800;
const MOST_EDGES = 2000;

/** What may connect to what: workloads as long as there are few enough to be drawn, then namespaces, then tenants. */
export function graphOf(reachability: Reachability): Graph {
  if (isListable(reachability) && reachability.workloads.length <= MOST_NODES) {
    const graph = workloadGraph(reachability);
    if (graph.edges.length <= MOST_EDGES) return graph;
  }
  const { namespaces } = reachability.network.pods;
  if (namespaces.size <= MOST_NODES) {
    const crossings = findCrossings(reachability, { groupOf: (name) => name, limit: MOST_EDGES + 1 });
    if (crossings.length <= MOST_EDGES) return groupGraph(reachability, 'namespace', crossings);
  }
  return groupGraph(reachability, 'tenant', findCrossings(reachability, { limit: MOST_EDGES + 1 }));
}

function workloadGraph({ network, rows, workloads }: Reachability): Graph {
  const numbers = new Map<Workload, number>(workloads.map((workload, index) => [workload, index]));
  const found = new Map<number, Map<number, PortSet>>();
  visitPairs(network, rows, (from, to, ports) => {
    for (const source of from.workloads) {
      const own = numbers.get(source)!;
      const targets = found.get(own) ?? new Map<number, PortSet>();
      found.set(own, targets);
      for (const destination of to.workloads) {
        if (destination === source) continue;
        const other = numbers.get(destination)!;
        targets.set(other, network.ports.union(targets.get(other) ?? NO_PORTS, ports));
      }
    }
  });
  const edges = [...found].flatMap(([from, targets]) =>
    [...targets].map(([to, ports]) => ({ from, to, ports: formatPorts(network.ports.rangesOf(ports)) })),
  );
  const nodes = workloads.map((workload) => ({ name: workloadName(workload), group: workload.namespace }));
  return {
    level: 'workload',
    nodes,
    edges: edges.sort((a, b) => a.from - b.from || a.to - b.to),
    note: undefined,
  };
}

function groupGraph(
  reachability: Reachability,
  level: 'namespace' | 'tenant',
  crossings: readonly Crossing[],
): Graph {
  const tenantOf = tenantLookup(reachability);
  const groupOf = level === 'tenant' ? tenantOf : (name: string) => name;
  const all = [...reachability.network.pods.namespaces.keys()].flatMap((name) => groupOf(name) ?? []);
  const connected = new Set(crossings.flatMap(({ from, to }) => [from, to]));
  const names = [...new Set(all)].sort();
  const shown =
    names.length <= MOST_NODES ? names : names.filter((name) => connected.has(name)).slice(0, MOST_NODES);
  const numbers = new Map(shown.map((name, index) => [name, index]));
  const edges = crossings.slice(0, MOST_EDGES).flatMap(({ from, to, ports }) => {
    const [own, other] = [numbers.get(from), numbers.get(to)];
    return own === undefined || other === undefined
      ? []
      : [{ from: own, to: other, ports: formatPorts(ports) }];
  });
  return {
    level,
    nodes: shown.map((name) => ({ name, group: level === 'namespace' ? tenantOf(name) : undefined })),
    edges,
    note: [
      `${reachability.workloads.length.toLocaleString('en')} workloads with their connections are more than a picture can show, so that it shows ${level}s.`,
      ...notesOn(level, names.length - shown.length, crossings.length > MOST_EDGES),
    ].join(' '),
  };
}

function notesOn(level: string, hidden: number, isCut: boolean): string[] {
  return [
    hidden > 0 ? `${hidden} ${level}s that reach no other and are reached by none are left out.` : undefined,
    isCut ? `More than ${MOST_EDGES} connections are allowed; the first are drawn.` : undefined,
  ].filter((note) => note !== undefined);
}
