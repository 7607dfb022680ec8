import type { Manifest } from '../../../../src/manifest/manifest';
import { analyzeNetwork } from '../../../../src/network/reachability';
import { clusterReport } from '../../../../src/report/cluster/build';
import { formatReport } from '../../../../src/report/cluster/formats';
import { graphOf } from '../../../../src/report/cluster/graph';
import { graphToDot } from '../../../../src/report/cluster/picture';
import { denyAll, deployment, namespace, policy } from '../../network/cluster';

const NAME = 'kubernetes.io/metadata.name';

/** Namespaces of that many workloads each, which reach nothing; two in a tenant. */
function closed(namespaces: number, workloads: number): Manifest[] {
  return Array.from({ length: namespaces }, (_, index) => {
    const name = `ns-${String(index).padStart(4, '0')}`;
    const apps = Array.from({ length: workloads }, (_, app) => deployment(name, `app-${app}`));
    return [namespace(name, `tenant-${String(index >> 1).padStart(4, '0')}`), denyAll(name), ...apps];
  }).flat();
}

/** Policies that open a port from the first workload of a namespace to that of another. */
function open(from: string, to: string, port = 8080): Manifest[] {
  const peer = (name: string) => [{ namespaceSelector: { matchLabels: { [NAME]: name } } }];
  const podSelector = { matchLabels: { app: 'app-0' } };
  const ports = [{ port }];
  return [
    policy(from, `to-${to}`, { podSelector, policyTypes: ['Egress'], egress: [{ to: peer(to), ports }] }),
    policy(to, `from-${from}`, {
      podSelector,
      policyTypes: ['Ingress'],
      ingress: [{ from: peer(from), ports }],
    }),
  ];
}

const graph = (manifests: readonly Manifest[]) => graphOf(analyzeNetwork(manifests));

/** The arrows in words. */
function arrows(manifests: readonly Manifest[]): string[] {
  const { nodes, edges } = graph(manifests);
  return edges.map(({ from, to, ports }) => `${nodes[from]!.name} -> ${nodes[to]!.name} ${ports}`);
}

const INSIDE_AND_ACROSS = [
  ...open('ns-0000', 'ns-0001'),
  ...open('ns-0001', 'ns-0002', 9090),
  ...open('ns-0001', 'ns-0002', 9091),
];

it('shows each of up to 800 workloads, in its namespace, and leaves nothing out', () => {
  const manifests = [...closed(8, 100), ...INSIDE_AND_ACROSS];
  const { level, nodes, note } = graph(manifests);
  expect({ level, count: nodes.length, note }).toEqual({ level: 'workload', count: 800, note: undefined });
  expect(nodes[0]).toEqual({ name: 'ns-0000/app-0[Deployment]', group: 'ns-0000' });
  expect(arrows(manifests)).toEqual([
    'ns-0000/app-0[Deployment] -> ns-0001/app-0[Deployment] TCP 8080',
    'ns-0001/app-0[Deployment] -> ns-0002/app-0[Deployment] TCP 9090-9091',
  ]);
});

it('shows namespaces of more than 800 workloads, in their tenants, and says so', () => {
  const manifests = [...closed(9, 90), ...INSIDE_AND_ACROSS];
  const { level, nodes, note } = graph(manifests);
  expect({ level, count: nodes.length }).toEqual({ level: 'namespace', count: 9 });
  expect(note).toBe(
    '810 workloads with their connections are more than a picture can show, so that it shows namespaces.',
  );
  expect(nodes[2]).toEqual({ name: 'ns-0002', group: 'tenant-0001' });
  expect(arrows(manifests)).toEqual(['ns-0000 -> ns-0001 TCP 8080', 'ns-0001 -> ns-0002 TCP 9090-9091']);
});

it('shows tenants of more than 800 namespaces, and leaves out those without a connection where there are too many', () => {
  const manifests = [...closed(1604, 1), ...INSIDE_AND_ACROSS];
  const { level, nodes, note } = graph(manifests);
  expect({ level, nodes }).toEqual({
    level: 'tenant',
    nodes: [
      { name: 'tenant-0000', group: undefined },
      { name: 'tenant-0001', group: undefined },
    ],
  });
  expect(note).toBe(
    '1,604 workloads with their connections are more than a picture can show, so that it shows tenants. ' +
      '800 tenants that reach no other and are reached by none are left out.',
  );
  expect(arrows(manifests)).toEqual(['tenant-0000 -> tenant-0001 TCP 9090-9091']);
});

it('shows all tenants where there is room for them', () => {
  expect(graph(closed(802, 1))).toMatchObject({ level: 'tenant', nodes: { length: 401 } });
});

it('shows namespaces of few workloads that may all connect to each other, and says what it leaves out', () => {
  const everybody = closed(50, 2).filter(({ kind }) => kind !== 'NetworkPolicy');
  const { level, edges, note } = graph(everybody);
  // 100 workloads have 9,900 connections, 50 namespaces 2,450, and 25 tenants 600.
  expect({ level, count: edges.length }).toEqual({ level: 'tenant', count: 600 });
  expect(note).toBe(
    '100 workloads with their connections are more than a picture can show, so that it shows tenants.',
  );
  const more = closed(100, 1).filter(({ kind }) => kind !== 'NetworkPolicy');
  expect(graph(more)).toMatchObject({ level: 'tenant', edges: { length: 2000 } });
  expect(graph(more).note).toMatch(/More than 2000 connections are allowed; the first are drawn\.$/);
});

it('tells people what it shows, on the page and below the picture', () => {
  const report = {
    ...clusterReport([]),
    graph: graph([...closed(9, 90), ...INSIDE_AND_ACROSS]),
  };
  const page = formatReport(report, 'html', '<svg width="1pt" height="1pt"><g id="graph0"></g></svg>');
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    '9 namespaces, and 2 connections between them that policies allow. 810 workloads with',
  );
  expect(page).toContain('<desc id="picture-text">9 namespaces and 2 connections between them.');
});

it('names in the picture what tells workloads apart, and in the table the whole', () => {
  const manifests = [
    namespace('shop', 'shop'),
    deployment('shop', 'web'),
    deployment('shop', 'db'),
    { ...deployment('shop', 'db'), kind: 'StatefulSet' },
  ];
  const labels = [...graphToDot(graph(manifests)).matchAll(/n\d+ \[label="(.*?)"\]/g)].map(
    ([, label]) => label,
  );
  expect(labels.filter((label) => !/^(TCP|All)/.test(label!)).sort()).toEqual([
    'db[Deployment]',
    'db[StatefulSet]',
    'web',
  ]);
});
