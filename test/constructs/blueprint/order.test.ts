import path from 'node:path';
import { ApiObject, Chart, YamlOutputType } from 'cdk8s';
import { Construct } from 'constructs';
import fc from 'fast-check';
import { Blueprint, BulwarkError, ClusterTarget } from '../../../constructs';
import { manifestsIn, useTemporaryFolder } from '../../support/folders';
import { configMap, errorOf, labelsOf, namespace } from '../../support/objects';

const TARGET = ClusterTarget.kubernetes('1.33');
const folder = useTemporaryFolder();

function blueprint(yamlOutputType?: YamlOutputType): Blueprint {
  return new Blueprint({ target: TARGET, outdir: path.join(folder.path, 'dist'), yamlOutputType });
}

/** Names of all objects in the order in which `kubectl apply -f dist` applies them. */
function applied(cluster: Blueprint): string[] {
  cluster.synth();
  return manifestsIn(cluster.outdir).map(({ metadata }) => metadata!.name!);
}

describe('an object that depends on another comes after it', () => {
  it('within a chart', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const [a, b, c] = ['a', 'b', 'c'].map((name) => configMap(chart, name, 'ns'));
    a!.addDependency(c!);
    c!.addDependency(b!);
    expect(applied(cluster)).toEqual(['b', 'c', 'a']);
  });

  it('although its kind would be first', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    const service = new ApiObject(chart, 's', { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' } });
    configMap(chart, 'a').addDependency(service);
    expect(applied(cluster)).toEqual(['s', 'a']);
  });

  it('when everything in one chart waits for everything in another', () => {
    const cluster = blueprint();
    const [one, two] = [new Chart(cluster, 'one'), new Chart(cluster, 'two')];
    configMap(one, 'a', 'ns');
    configMap(one, 'd', 'ns');
    configMap(two, 'b', 'ns');
    configMap(two, 'c', 'ns');
    one.addDependency(two);
    expect(applied(cluster)).toEqual(['b', 'c', 'a', 'd']);
  });

  it('when a chart waits for one object', () => {
    const cluster = blueprint();
    const [one, two] = [new Chart(cluster, 'one'), new Chart(cluster, 'two')];
    configMap(one, 'a', 'ns');
    configMap(one, 'b', 'ns');
    configMap(two, 'c', 'ns');
    one.addDependency(configMap(two, 'd', 'ns'));
    expect(applied(cluster)).toEqual(['c', 'd', 'a', 'b']);
  });

  it('when one object waits for a chart, and only that one', () => {
    const cluster = blueprint();
    const [one, two] = [new Chart(cluster, 'one'), new Chart(cluster, 'two')];
    configMap(one, 'a', 'ns').addDependency(two);
    configMap(one, 'b', 'ns');
    configMap(two, 'c', 'ns');
    configMap(two, 'd', 'ns');
    expect(applied(cluster)).toEqual(['b', 'c', 'd', 'a']);
  });

  it('when two charts wait for objects of each other, which is no cycle', () => {
    const cluster = blueprint();
    const [one, two] = [new Chart(cluster, 'one'), new Chart(cluster, 'two')];
    configMap(one, 'a', 'ns').addDependency(configMap(two, 'b', 'ns'));
    configMap(two, 'c', 'ns').addDependency(configMap(one, 'd', 'ns'));
    expect(applied(cluster)).toEqual(['b', 'a', 'd', 'c']);
  });

  it('when constructs that are no charts wait for each other', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const [one, two] = [new Construct(chart, 'one'), new Construct(chart, 'two')];
    configMap(one, 'a', 'ns');
    configMap(two, 'b', 'ns');
    one.node.addDependency(two);
    expect(applied(cluster)).toEqual(['b', 'a']);
  });

  it('when an empty construct is between the two', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const barrier = new Construct(chart, 'barrier');
    barrier.node.addDependency(configMap(chart, 'z', 'ns'));
    configMap(chart, 'a', 'ns').addDependency(barrier);
    expect(applied(cluster)).toEqual(['z', 'a']);
  });

  it('when it is in a chart within the chart that waits', () => {
    const cluster = blueprint();
    const outer = new Chart(cluster, 'outer');
    configMap(new Chart(new Construct(outer, 'group'), 'inner'), 'a', 'ns');
    configMap(outer, 'b', 'ns');
    outer.addDependency(configMap(new Chart(cluster, 'first'), 'c', 'ns'));
    expect(applied(cluster)).toEqual(['c', 'a', 'b']);
  });

  it('when it depends on what is around it: on all but itself', () => {
    const cluster = blueprint();
    const outer = new Chart(cluster, 'outer');
    const inner = new Chart(outer, 'inner');
    configMap(inner, 'a', 'ns').addDependency(outer);
    configMap(inner, 'b', 'ns');
    configMap(outer, 'c', 'ns');
    expect(applied(cluster)).toEqual(['b', 'c', 'a']);
  });

  it('when what is around it depends on it', () => {
    const cluster = blueprint();
    const outer = new Chart(cluster, 'outer');
    configMap(outer, 'a', 'ns');
    const inner = new Chart(outer, 'inner');
    configMap(inner, 'b', 'ns');
    outer.addDependency(inner);
    expect(applied(cluster)).toEqual(['b', 'a']);
  });

  it('when the whole app depends on it', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    configMap(chart, 'a', 'ns');
    cluster.node.addDependency(configMap(chart, 'b', 'ns'));
    expect(applied(cluster)).toEqual(['b', 'a']);
  });

  it('in another namespace: in a file of a later name', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const last = configMap(chart, 'last', 'alpha');
    configMap(chart, 'other', 'alpha');
    last.addDependency(configMap(chart, 'first', 'beta'));
    expect(cluster.synth().files).toEqual(['10-alpha.k8s.yaml', '10-beta.k8s.yaml', '30-alpha.k8s.yaml']);
    expect(applied(cluster)).toEqual(['other', 'first', 'last']);
  });

  it('through eleven changes of the file, with names that still sort', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const names = Array.from({ length: 12 }, (_, index) => `step-${index}`);
    names
      .map((name, index) => configMap(chart, name, index % 2 ? 'alpha' : 'beta'))
      .forEach((object, index, all) => index > 0 && object.addDependency(all[index - 1]!));
    expect(applied(cluster)).toEqual(names);
    expect(cluster.synth().files[0]).toBe('010-beta.k8s.yaml');
  });
});

describe('without being told', () => {
  it('what lives in a Namespace comes after it, and a custom resource after its definition', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'a-chart');
    configMap(chart, 'settings', 'web');
    new ApiObject(chart, 'widget', { apiVersion: 'x.io/v1', kind: 'Widget', metadata: { name: 'widget' } });
    const definition = new ApiObject(chart, 'crd', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.x.io' },
      spec: { group: 'x.io', names: { kind: 'Widget' } },
    });
    const web = namespace(cluster, 'web');
    // Both would be first by their kind, so that waiting shows who waits for them.
    const late = configMap(chart, 'late', 'other');
    definition.addDependency(late);
    web.addDependency(late);
    expect(applied(cluster)).toEqual(['late', 'web', 'widgets.x.io', 'widget', 'settings']);
  });
});

describe('dependencies that no order can meet', () => {
  it.each<[string, (one: Chart, two: Chart) => void, string[]]>([
    [
      'between objects',
      (one, two) => {
        const [a, b] = [configMap(one, 'a', 'ns'), configMap(two, 'b', 'ns')];
        a.addDependency(b);
        b.addDependency(a);
      },
      ['one/ns-a', 'two/ns-b'],
    ],
    [
      'between charts',
      (one, two) => {
        one.addDependency(two);
        two.addDependency(one);
      },
      ['one', 'two'],
    ],
    [
      'of a Namespace on what is in it',
      (one, two) => {
        const web = new ApiObject(one, 'Namespace', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'web', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
        });
        web.addDependency(configMap(two, 'inside', 'web'));
      },
      ['one/Namespace', 'two/web-inside'],
    ],
  ])('%s are refused with the paths, and nothing is written', (_, depend, paths) => {
    const cluster = blueprint();
    depend(new Chart(cluster, 'one'), new Chart(cluster, 'two'));
    const error = errorOf(() => cluster.synth());
    expect(error).toBeInstanceOf(BulwarkError);
    const [, chain = ''] = /form a cycle, so no order of application can meet them: (.*)\. Remove/.exec(
      error.message,
    )!;
    const steps = chain.split(' -> ');
    expect(steps.at(-1)).toBe(steps[0]);
    for (const one of paths) expect(steps).toContain(one);
    expect(() => manifestsIn(cluster.outdir)).toThrow('ENOENT');
  });
});

describe('a large blueprint', () => {
  it('may be a chain of 3,000 dependent charts', () => {
    const cluster = blueprint();
    const names = Array.from({ length: 3_000 }, (_, index) => `c-${2_999 - index}`);
    const charts = names.map((name) => new Chart(cluster, name));
    charts.forEach((chart, index) => {
      configMap(chart, names[index]!, 'ns');
      if (index > 0) chart.addDependency(charts[index - 1]!);
    });
    expect(applied(cluster)).toEqual(names);
    expect(cluster.charts.map(({ node }) => node.id)).toEqual(names);
  });

  it('may have a file for each of 500 stages', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    const objects = Array.from({ length: 1_000 }, (_, index) =>
      configMap(chart, `o-${index}`, index % 2 ? 'alpha' : 'beta'),
    );
    objects.forEach((object, index) => index > 0 && object.addDependency(objects[index - 1]!));
    expect(applied(cluster)).toEqual(objects.map(({ name }) => name));
  });
});

/** A random tree: charts in charts and groups in charts, and objects of any kind in any namespace somewhere in it. */
interface Tree {
  /** For each scope: the scope it is in, by its number (modulo those before it), and whether it is a chart. */
  readonly scopes: readonly { readonly parent: number; readonly isChart: boolean }[];
  readonly objects: readonly { readonly scope: number; readonly kind: string; readonly namespace: string }[];
  /** Pairs of numbers: objects first, then scopes. */
  readonly dependencies: readonly (readonly [number, number])[];
  readonly layout: YamlOutputType | undefined;
}

const KINDS = ['ConfigMap', 'Service', 'ResourceQuota', 'Widget', 'ClusterRole', 'HorizontalPodAutoscaler'];

const TREE: fc.Arbitrary<Tree> = fc.record({
  scopes: fc.array(fc.record({ parent: fc.nat(20), isChart: fc.boolean() }), { maxLength: 8 }),
  objects: fc.array(
    fc.record({
      scope: fc.nat(20),
      kind: fc.constantFrom(...KINDS),
      namespace: fc.constantFrom('alpha', 'alpha-2', 'beta', ''),
    }),
    { minLength: 1, maxLength: 14 },
  ),
  dependencies: fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 14 }),
  layout: fc.constantFrom(
    undefined,
    YamlOutputType.FILE_PER_APP,
    YamlOutputType.FILE_PER_CHART,
    YamlOutputType.FILE_PER_RESOURCE,
  ),
});

const API_VERSIONS: Record<string, string> = {
  Widget: 'x.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
};

/** Builds a tree, leaving out every dependency that would close a cycle; returns which object has to wait for which. */
function build(tree: Tree, cluster: Blueprint): { waits: Map<string, Set<string>>; names: string[] } {
  const scopes: Construct[] = [new Chart(cluster, 'root')];
  tree.scopes.forEach(({ parent, isChart }, index) => {
    const scope = scopes[parent % scopes.length]!;
    scopes.push(isChart ? new Chart(scope, `s${index}`) : new Construct(scope, `s${index}`));
  });
  const namespaces = ['alpha', 'alpha-2'].map((name) => namespace(cluster, name));
  const objects = tree.objects.map(
    ({ scope, kind, namespace: place }, index) =>
      new ApiObject(scopes[scope % scopes.length]!, `o${index}`, {
        apiVersion: API_VERSIONS[kind] ?? 'v1',
        kind,
        metadata: { name: `o${index}`, ...(place && kind !== 'ClusterRole' && { namespace: place }) },
      }),
  );
  const waits = new Map<string, Set<string>>(
    [...namespaces, ...objects, ...scopes].map((one) => [idOf(one), new Set()]),
  );
  for (const object of objects) {
    if (namespaces.some(({ name }) => name === object.metadata.namespace))
      waits.get(object.name)!.add(object.metadata.namespace!);
  }
  const ends = [...objects, ...scopes.slice(1)];
  for (const [a, b] of tree.dependencies) {
    const [source, target] = [ends[a % ends.length]!, ends[b % ends.length]!];
    const within = (outer: Construct, inner: Construct) => inner.node.scopes.includes(outer);
    // What is around the other takes part with its objects outside of it, and else a construct with all that is in it.
    const of = (construct: Construct, other: Construct) =>
      within(construct, other)
        ? objects.filter((object) => within(construct, object) && !within(other, object))
        : [...objects, ...scopes].filter((one) => within(construct, one));
    const edges = of(source, target).flatMap((one) =>
      of(target, source).map((two) => [idOf(one), idOf(two)] as const),
    );
    const isCyclic = edges.some(
      ([one, two]) => one === two || reaches(waits, two, new Set(edges.map(([x]) => x))),
    );
    if (source === target || isCyclic) continue;
    edges.forEach(([one, two]) => waits.get(one)!.add(two));
    source.node.addDependency(target);
  }
  return { waits, names: [...namespaces, ...objects].map(({ name }) => name) };
}

/** Name of an object; a path for a scope, which may be empty and still be waited for. */
function idOf(construct: Construct): string {
  return construct instanceof ApiObject ? construct.name : `/${construct.node.path}`;
}

function reaches(waits: Map<string, Set<string>>, from: string, goals: ReadonlySet<string>): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (goals.has(at)) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...waits.get(at)!);
  }
  return false;
}

describe('for any tree of charts and any dependencies without a cycle', () => {
  it('the files in the order of their names have each object once, after all it depends on', () => {
    let dependencies = 0;
    fc.assert(
      fc.property(TREE, (tree) => {
        const cluster = blueprint(tree.layout);
        const { waits, names } = build(tree, cluster);
        const order = applied(cluster);
        expect([...order].sort()).toEqual([...names].sort());
        for (const object of names) {
          for (const other of order.slice(order.indexOf(object) + 1)) {
            expect(reaches(waits, object, new Set([other]))).toBe(false);
          }
          dependencies += waits.get(object)!.size;
        }
        expect(labelsOf(manifestsIn(cluster.outdir))).toEqual(labelsOf(cluster.synth().manifests));
      }),
      { numRuns: 300 },
    );
    // The trees are such that something has to be in order.
    expect(dependencies).toBeGreaterThan(1_000);
  });
});
