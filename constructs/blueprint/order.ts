import type { IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { objectRank, scopeOf } from '../../src/manifest/kinds';
import { compareText, groupOf, type Manifest } from '../../src/manifest/manifest';
import { topologicalOrder } from '../../src/manifest/topology';
import type { Entry } from './entry';

/**
 * The nodes of the graph that is ordered: for each construct a moment before anything in it and a moment after everything in
 * it, so that a dependency between two constructs of any size is one edge; for each object its own.
 */
class Graph {
  readonly prerequisites: number[][] = [];
  private readonly begins = new Map<IConstruct, number>();
  private readonly ends = new Map<IConstruct, number>();

  constructor(readonly entries: readonly Entry[]) {
    entries.forEach(() => this.prerequisites.push([]));
  }

  addTree(root: IConstruct, own: ReadonlyMap<IConstruct, number>): void {
    for (const construct of root.node.findAll()) {
      const parent = construct.node.scope && this.begins.get(construct.node.scope);
      const begin = this.prerequisites.push(parent === undefined ? [] : [parent]) - 1;
      this.begins.set(construct, begin);
      // Also of what is empty: others may wait for it because it waits for something.
      this.ends.set(construct, this.prerequisites.push([begin]) - 1);
      const parentEnd = construct.node.scope && this.ends.get(construct.node.scope);
      if (parentEnd !== undefined) this.prerequisites[parentEnd]!.push(this.ends.get(construct)!);
      const entry = own.get(construct);
      if (entry === undefined) continue;
      this.prerequisites[entry]!.push(this.begins.get(construct)!);
      this.prerequisites[this.ends.get(construct)!]!.push(entry);
    }
  }

  begin(construct: IConstruct): number | undefined {
    return this.begins.get(construct);
  }

  end(construct: IConstruct): number | undefined {
    return this.ends.get(construct);
  }

  constructAt(node: number): IConstruct {
    if (node < this.entries.length) return this.entries[node]!.object;
    const found = [...this.begins, ...this.ends].find(([, number]) => number === node);
    return found![0];
  }
}

/** Entries in the order in which they are applied, with what each has to come after. */
export interface Ordered {
  /** Every entry, in order. */
  readonly entries: readonly Entry[];
  /** Calls back for every node in order: an entry, or the begin or end of a construct, with the nodes it comes after. */
  forEachNode(
    visit: (node: number, entry: Entry | undefined, prerequisites: readonly number[]) => void,
  ): void;
}

/**
 * Orders objects so that each comes after what it depends on, by `addDependency` between any constructs or because it lives
 * in a Namespace or is of a CustomResourceDefinition of the same blueprint; and otherwise by kind, namespace and name.
 * @throws BulwarkError when dependencies form a cycle.
 */
export function orderEntries(root: IConstruct, entries: readonly Entry[]): Ordered {
  const natural = inNaturalOrder(entries);
  const graph = new Graph(natural);
  const constructs = root.node.findAll().filter((construct) => construct.node.dependencies.length > 0);
  if (constructs.length > 0) {
    const own = new Map<IConstruct, number>(natural.map(({ object }, index) => [object, index]));
    graph.addTree(root, own);
    constructs.forEach((source) =>
      source.node.dependencies.forEach((target) => addDependency(graph, own, source, target)),
    );
  }
  addImplicitDependencies(graph);
  // Objects in natural order; the moments between them as soon as they can be.
  const priorities = graph.prerequisites.map((_, node) => (node < natural.length ? node : -1));
  const order = topologicalOrder(graph.prerequisites, priorities);
  if ('cycle' in order) throw cycleError(graph, order.cycle);
  return {
    entries: order.filter((node) => node < natural.length).map((node) => natural[node]!),
    forEachNode: (visit) => order.forEach((node) => visit(node, natural[node], graph.prerequisites[node]!)),
  };
}

/** Kind first, then whatever else tells two objects apart, so that the order never depends on the order of the code. */
function inNaturalOrder(entries: readonly Entry[]): Entry[] {
  return entries
    .map((entry) => ({ entry, rank: objectRank(entry.manifest), key: sortKey(entry.manifest) }))
    .sort((a, b) => a.rank - b.rank || compareText(a.key, b.key))
    .map(({ entry }) => entry);
}

function sortKey({ apiVersion, kind, metadata = {} }: Manifest): string {
  // A separator below every character of a name, so that `a` comes before `a-b`.
  return [metadata.namespace ?? '', kind, metadata.name ?? '', apiVersion].join('\u0000');
}

function addDependency(
  graph: Graph,
  own: ReadonlyMap<IConstruct, number>,
  source: IConstruct,
  target: IConstruct,
): void {
  const end = graph.end(target);
  const begin = graph.begin(source);
  if (end === undefined || begin === undefined || source === target) return;
  if (isWithin(target, source)) {
    entriesOutside(own, source, target).forEach((entry) => graph.prerequisites[entry]!.push(end));
  } else if (isWithin(source, target)) {
    graph.prerequisites[begin]!.push(...entriesOutside(own, target, source));
  } else {
    graph.prerequisites[begin]!.push(end);
  }
}

/** Where one construct holds the other, only what is outside of the inner one takes part on the outer one's side. */
function entriesOutside(
  own: ReadonlyMap<IConstruct, number>,
  outer: IConstruct,
  inner: IConstruct,
): number[] {
  return outer.node
    .findAll()
    .filter((construct) => !isWithin(construct, inner))
    .flatMap((construct) => own.get(construct) ?? []);
}

function isWithin(construct: IConstruct, scope: IConstruct): boolean {
  return construct.node.scopes.includes(scope);
}

function addImplicitDependencies(graph: Graph): void {
  const providers = new Map<string, number>();
  graph.entries.forEach(({ manifest }, index) => {
    if (manifest.kind === 'Namespace') providers.set(`namespace ${manifest.metadata?.name}`, index);
    if (manifest.kind === 'CustomResourceDefinition') providers.set(`kind ${definedKind(manifest)}`, index);
  });
  graph.entries.forEach(({ manifest }, index) => {
    const needs = [`kind ${groupOf(manifest)}/${manifest.kind}`];
    if (scopeOf(manifest) !== 'cluster') needs.push(`namespace ${manifest.metadata?.namespace}`);
    for (const need of needs) {
      const provider = providers.get(need);
      if (provider !== undefined) graph.prerequisites[index]!.push(provider);
    }
  });
}

function definedKind(definition: Manifest): string {
  const spec = definition.spec as { group?: string; names?: { kind?: string } } | undefined;
  return `${spec?.group}/${spec?.names?.kind}`;
}

function cycleError(graph: Graph, cycle: readonly number[]): BulwarkError {
  const paths = cycle.map((node) => graph.constructAt(node).node.path || 'the app');
  const distinct = paths.filter((path, index) => path !== paths[index - 1]);
  return new BulwarkError(
    `Dependencies form a cycle, so no order of application can meet them: ${[...distinct, distinct[0]].join(' -> ')}. ` +
      'Remove one of these addDependency calls.',
  );
}
