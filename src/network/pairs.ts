import type { Network } from './network';
import type { PodClass } from './pods';
import { NO_PORTS, type PortSet } from './ports';
import type { Rows } from './rows';

/** Is told of two classes, where pods of the first may open connections to pods of the second, and on which ports. */
export type PairVisitor = (source: PodClass, destination: PodClass, ports: PortSet) => void;

/**
 * Visits every two classes of which pods may connect, by source. Both sides have to allow it, so only pairs that one side
 * names are looked at, and pairs of sources that may reach everybody with destinations that admit everybody.
 */
export function visitPairs(network: Network, rows: Rows, visit: PairVisitor): void {
  const { classes } = network.pods;
  const candidates = candidatesFor(network, rows);
  const seen = new Int32Array(classes.length).fill(-1);
  for (const source of classes) {
    const egress = rows.row(source, 'egress');
    const look = (id: number) => {
      if (seen[id] === source.id) return;
      seen[id] = source.id;
      const destination = classes[id]!;
      const out = rows.portsWith(egress, destination);
      if (out === NO_PORTS) return;
      const admitted = rows.portsWith(rows.row(destination, 'ingress'), source);
      const ports = network.ports.intersect(out, admitted);
      if (ports !== NO_PORTS) visit(source, destination, ports);
    };
    for (let i = 0; i < egress.pairs.length; i += 2) look(egress.pairs[i]!);
    candidates(source).forEach((list) => list.forEach(look));
  }
}

/** For each source the destinations that it might reach although its own policies do not name them. */
function candidatesFor({ pods, hostNetwork }: Network, rows: Rows) {
  const { classes } = pods;
  const naming = new Map<number, number[]>();
  const welcoming: number[] = [];
  // Whoever reaches only those that its policies name needs no list.
  const isOpen = classes.map((source) => rows.row(source, 'egress').others !== NO_PORTS);
  for (const destination of classes) {
    const { others, nodes, pairs } = rows.row(destination, 'ingress');
    if (others !== NO_PORTS || nodes !== NO_PORTS) {
      welcoming.push(destination.id);
      continue;
    }
    for (let i = 0; i < pairs.length; i += 2) {
      if (!isOpen[pairs[i]!]) continue;
      const list = naming.get(pairs[i]!);
      if (list) list.push(destination.id);
      else naming.set(pairs[i]!, [destination.id]);
    }
  }
  const hosts = hostNetwork === 'node' ? classes.filter((one) => one.hostNetwork).map(({ id }) => id) : [];
  return (source: PodClass): readonly (readonly number[])[] => {
    const { others } = rows.row(source, 'egress');
    return others === NO_PORTS ? [hosts] : [welcoming, naming.get(source.id) ?? [], hosts];
  };
}
