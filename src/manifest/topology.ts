/** A cycle of nodes, each of which has to come after the next. */
export interface Cycle {
  readonly cycle: readonly number[];
}

/**
 * Orders the nodes 0 to n-1 so that each comes after its prerequisites, and otherwise by ascending priority: among the nodes
 * whose prerequisites are done, the one of the lowest priority number is next. Takes time proportional to nodes, edges and
 * the logarithm of the nodes.
 *
 * @param prerequisites For each node the nodes that have to come before it.
 * @param priorities A number for each node; equal numbers are taken in the order of the nodes.
 */
export function topologicalOrder(
  prerequisites: readonly (readonly number[])[],
  priorities: readonly number[],
): number[] | Cycle {
  const dependants: number[][] = prerequisites.map(() => []);
  const waitingFor = prerequisites.map((list) => list.length);
  prerequisites.forEach((list, node) => list.forEach((before) => dependants[before]!.push(node)));

  const ready = new Heap((a, b) => priorities[a]! - priorities[b]! || a - b);
  waitingFor.forEach((count, node) => count === 0 && ready.push(node));
  const order: number[] = [];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    order.push(node);
    for (const dependant of dependants[node]!) {
      waitingFor[dependant]! -= 1;
      if (waitingFor[dependant] === 0) ready.push(dependant);
    }
  }
  return order.length === prerequisites.length ? order : { cycle: findCycle(prerequisites, waitingFor) };
}

/** Every node that is left waits for another that is left, so walking along them must come back. */
function findCycle(prerequisites: readonly (readonly number[])[], waitingFor: readonly number[]): number[] {
  const path: number[] = [];
  const positions = new Map<number, number>();
  let node = waitingFor.findIndex((count) => count > 0);
  while (!positions.has(node)) {
    positions.set(node, path.length);
    path.push(node);
    node = prerequisites[node]!.find((before) => waitingFor[before]! > 0)!;
  }
  return path.slice(positions.get(node));
}

/** A binary heap of node numbers. */
class Heap {
  private readonly items: number[] = [];

  constructor(private readonly compare: (a: number, b: number) => number) {}

  push(item: number): void {
    let at = this.items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.compare(this.items[parent]!, item) <= 0) break;
      this.items[at] = this.items[parent]!;
      at = parent;
    }
    this.items[at] = item;
  }

  pop(): number | undefined {
    const [first] = this.items;
    const last = this.items.pop();
    if (last !== undefined && this.items.length > 0) this.sink(last);
    return first;
  }

  private sink(item: number): void {
    const { items } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < items.length && this.compare(items[child + 1]!, items[child]!) < 0) child += 1;
      if (child >= items.length || this.compare(item, items[child]!) <= 0) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
