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
  const admission = admissionOf(network, rows);
  const hosts =
    network.hostNetwork === 'node' ? classes.filter((one) => one.hostNetwork).map(({ id }) => id) : [];
  const seen = new Int32Array(classes.length).fill(-1);
  for (const source of classes) {
    const egress = rows.row(source, 'egress');
    const { admits, naming } = admission.of(source);
    const look = (id: number, out: PortSet) => {
      if (seen[id] === source.id) return;
      seen[id] = source.id;
      const ports = network.ports.intersect(out, admits(id));
      if (ports !== NO_PORTS) visit(source, classes[id]!, ports);
    };
    const find = (id: number) => look(id, rows.portsWith(egress, classes[id]!));
    // Before the pairs, which do not count for pods that are taken as their node.
    hosts.forEach(find);
    for (let i = 0; i < egress.pairs.length; i += 2) look(egress.pairs[i]!, egress.pairs[i + 1]!);
    // Whoever reaches only those that its policies name is done.
    if (egress.others === NO_PORTS) continue;
    admission.welcoming.forEach(find);
    naming.forEach(find);
  }
}

/** Whom the destinations admit, from the view of a source. */
interface Admission {
  /** Classes that admit pods, or nodes, that their policies do not name. */
  readonly welcoming: readonly number[];
  /** Good until the next source is asked for. */
  of(source: PodClass): {
    /** The ports on which pods of a class admit the source. */
    readonly admits: (id: number) => PortSet;
    /** Classes whose policies name the source. */
    readonly naming: Int32Array;
  };
}

/** Reads the rows of all destinations once, so that a source finds its column without searching every row. */
function admissionOf({ pods: { classes }, hostNetwork }: Network, rows: Rows): Admission {
  const ingress = classes.map((one) => rows.row(one, 'ingress'));
  const columns = transpose(ingress.map(({ pairs }) => pairs));
  const others = Int32Array.from(ingress, (row) => row.others);
  const nodes = Int32Array.from(ingress, (row) => row.nodes);
  const named = new Int32Array(classes.length);
  const namedBy = new Int32Array(classes.length).fill(-1);
  return {
    welcoming: classes.map(({ id }) => id).filter((id) => others[id] !== NO_PORTS || nodes[id] !== NO_PORTS),
    of(source) {
      const { ids, ports } = columns(source.id);
      ids.forEach((id, index) => {
        named[id] = ports[index]!;
        namedBy[id] = source.id;
      });
      const isNode = hostNetwork === 'node' && source.hostNetwork;
      return {
        naming: ids,
        admits: (id) => (isNode ? nodes[id]! : namedBy[id] === source.id ? named[id]! : others[id]!),
      };
    },
  };
}

/** Turns pairs of a column and a value in each row into the rows that have a value in a column, with these values. */
function transpose(rows: readonly ArrayLike<number>[]) {
  const starts = new Int32Array(rows.length + 1);
  for (const pairs of rows) for (let i = 0; i < pairs.length; i += 2) starts[pairs[i]! + 1]! += 1;
  for (let i = 0; i < rows.length; i += 1) starts[i + 1]! += starts[i]!;
  const next = starts.slice();
  const ids = new Int32Array(starts[rows.length]!);
  const ports = new Int32Array(ids.length);
  rows.forEach((pairs, row) => {
    for (let i = 0; i < pairs.length; i += 2) {
      const at = next[pairs[i]!]!++;
      ids[at] = row;
      ports[at] = pairs[i + 1]!;
    }
  });
  return (column: number) => {
    const [start, end] = [starts[column]!, starts[column + 1]!];
    return { ids: ids.subarray(start, end), ports: ports.subarray(start, end) };
  };
}
