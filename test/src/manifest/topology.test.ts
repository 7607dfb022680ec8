import fc from 'fast-check';
import { topologicalOrder, type Cycle } from '../../../src/manifest/topology';

const graphs = fc.integer({ min: 0, max: 12 }).chain((nodes) => {
  const node = fc.nat({ max: Math.max(nodes - 1, 0) });
  return fc.record({
    prerequisites: fc.array(nodes > 0 ? fc.array(node, { maxLength: 3 }) : fc.constant<number[]>([]), {
      minLength: nodes,
      maxLength: nodes,
    }),
    priorities: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: nodes, maxLength: nodes }),
  });
});

/** The same order by trying: the first of all nodes that may come next, again and again. */
function naiveOrder(prerequisites: number[][], priorities: number[]): number[] | undefined {
  const order: number[] = [];
  const left = new Set(prerequisites.keys());
  while (left.size > 0) {
    const ready = [...left].filter((node) => prerequisites[node]!.every((before) => !left.has(before)));
    const next = ready.sort((a, b) => priorities[a]! - priorities[b]! || a - b)[0];
    if (next === undefined) return undefined;
    order.push(next);
    left.delete(next);
  }
  return order;
}

function isCycle(result: number[] | Cycle): result is Cycle {
  return !Array.isArray(result);
}

describe('topologicalOrder', () => {
  it('is the order that trying every node gives, or there is none', () => {
    fc.assert(
      fc.property(graphs, ({ prerequisites, priorities }) => {
        const result = topologicalOrder(prerequisites, priorities);
        expect(isCycle(result) ? undefined : result).toEqual(naiveOrder(prerequisites, priorities));
      }),
      { numRuns: 3000 },
    );
  });

  it('names a real cycle: each node of it waits for the next, and the last for the first', () => {
    fc.assert(
      fc.property(graphs, ({ prerequisites, priorities }) => {
        const result = topologicalOrder(prerequisites, priorities);
        if (!isCycle(result)) return;
        const { cycle } = result;
        expect(cycle.length).toBeGreaterThan(0);
        expect(new Set(cycle).size).toBe(cycle.length);
        cycle.forEach((node, index) => {
          expect(prerequisites[node]).toContain(cycle[(index + 1) % cycle.length]);
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('is the same whatever the order in which prerequisites are listed', () => {
    fc.assert(
      fc.property(graphs, ({ prerequisites, priorities }) => {
        const reversed = prerequisites.map((list) => [...list].reverse());
        const result = topologicalOrder(prerequisites, priorities);
        if (!isCycle(result)) expect(topologicalOrder(reversed, priorities)).toEqual(result);
      }),
    );
  });

  it('does not change what it is given', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const before = JSON.stringify(graph);
        topologicalOrder(graph.prerequisites, graph.priorities);
        expect(JSON.stringify(graph)).toBe(before);
      }),
    );
  });

  it.each<[string, number[][], number[], number[] | Cycle]>([
    ['nothing', [], [], []],
    ['by priority where nothing is said', [[], [], []], [2, 0, 1], [1, 2, 0]],
    ['by position where priorities are equal', [[], [], []], [0, 0, 0], [0, 1, 2]],
    ['a prerequisite before what is more urgent', [[1], []], [0, 9], [1, 0]],
    ['a prerequisite that is listed twice', [[1, 1], []], [0, 0], [1, 0]],
    ['a node that waits for itself', [[], [1]], [0, 0], { cycle: [1] }],
    ['two that wait for each other', [[1], [0]], [0, 0], { cycle: [0, 1] }],
    ['a cycle without what only waits for it', [[1], [2], [1]], [0, 0, 0], { cycle: [1, 2] }],
  ])('orders %s', (_name, prerequisites, priorities, expected) => {
    expect(topologicalOrder(prerequisites, priorities)).toEqual(expected);
  });

  it.each([
    ['a chain', (node: number) => (node === 0 ? [] : [node - 1])],
    ['a star', (node: number) => (node === 0 ? [] : [0])],
    [
      'a chain against the order of the nodes',
      (node: number, nodes: number) => (node === nodes - 1 ? [] : [node + 1]),
    ],
  ])('orders %s of 100,000 nodes', (_name, before) => {
    const nodes = 100_000;
    const prerequisites = Array.from({ length: nodes }, (_, node) => before(node, nodes));
    const order = topologicalOrder(prerequisites, Array<number>(nodes).fill(0));
    expect(order).toHaveLength(nodes);
  });

  it('finds a cycle of 100,000 nodes', () => {
    const nodes = 100_000;
    const prerequisites = Array.from({ length: nodes }, (_, node) => [(node + 1) % nodes]);
    const result = topologicalOrder(prerequisites, Array<number>(nodes).fill(0)) as Cycle;
    expect(result.cycle).toHaveLength(nodes);
  });
});
