import { BulwarkError } from '../../../src/errors';
import type { Manifest } from '../../../src/manifest/manifest';
import { diffConnections } from '../../../src/network/diff';
import { endpointName } from '../../../src/network/endpoint';
import { explainConnection } from '../../../src/network/explain';
import { exposureOf } from '../../../src/network/exposure';
import { CONNECTION_FORMATS } from '../../../src/network/format';
import { findCrossings } from '../../../src/network/isolation';
import { formatPorts } from '../../../src/network/ports';
import { analyzeNetwork } from '../../../src/network/reachability';
import { ClusterTarget } from '../../../src/target/target';
import { deployment, namespace, policy, TWO_TENANTS } from './cluster';

const tcp = (port: number) => ({ protocol: 'TCP', port }) as const;

function explain(source: string, destination: string, port: number, manifests = TWO_TENANTS) {
  return explainConnection(analyzeNetwork(manifests), source, destination, tcp(port)).sentences;
}

describe('A connection is explained', () => {
  it('by the rule of either side that allows it', () => {
    expect(explain('shop-web/web', 'stats/api', 8080)).toEqual([
      'shop-web/web[Deployment] may connect to stats/api[Deployment] on TCP 8080.',
      'NetworkPolicy shop-web/web lets it out of shop-web/web, by spec.egress[1].',
      'NetworkPolicy stats/api lets it into stats/api, by spec.ingress[0].',
    ]);
  });

  it('by the policies of the side that blocks it, and the rule that comes near', () => {
    expect(explain('shop-web/web', 'shop-web/db', 5432)).toEqual([
      'shop-web/web[Deployment] may not connect to shop-web/db[Deployment] on TCP 5432.',
      'NetworkPolicy shop-web/web lets it out of shop-web/web, by spec.egress[0].',
      'NetworkPolicy shop-web/default-deny and NetworkPolicy shop-web/db select shop-web/db for ingress, and no rule lets TCP 5432 into it.',
      'Near: spec.ingress[0] of NetworkPolicy shop-web/db allows TCP 5433.',
    ]);
  });

  it('with an address, of which only one side has policies', () => {
    expect(explain('stats/api', '169.254.169.254', 80)).toEqual([
      'stats/api[Deployment] may connect to 169.254.169.254 on TCP 80.',
      'NetworkPolicy stats/api lets it out of stats/api, by spec.egress[0].',
    ]);
  });

  it('with an address that may be the node of the pods, which policies do not keep out', () => {
    expect(explain('10.0.0.9', 'shop-web/db', 80)).toEqual([
      '10.0.0.9 may not connect to shop-web/db[Deployment] on TCP 80.',
      'NetworkPolicy shop-web/default-deny and NetworkPolicy shop-web/db select shop-web/db for ingress, and no rule lets TCP 80 into it.',
      'A node reaches its own pods whatever policies say, so 10.0.0.9 may connect if it is the node of shop-web/db.',
    ]);
  });

  it('by the lack of policies', () => {
    expect(explain('a/x', 'a/y', 80, [deployment('a', 'x'), deployment('a', 'y')])).toEqual([
      'a/x[Deployment] may connect to a/y[Deployment] on TCP 80.',
      'No policy selects a/x for egress, so everything is let out of it.',
      'No policy selects a/y for ingress, so everything is let into it.',
    ]);
  });

  it('by a cluster-wide policy that comes before NetworkPolicies', () => {
    const guard: Manifest = {
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'guard' },
      spec: {
        tier: 'Admin',
        priority: 10,
        subject: { namespaces: {} },
        ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
      },
    };
    const target = ClusterTarget.kubernetes('1.33', { clusterNetworkPolicy: true });
    const reachability = analyzeNetwork([...TWO_TENANTS, guard], { target });
    expect(explainConnection(reachability, 'shop-web/web', 'stats/api', tcp(8080)).sentences).toContain(
      'ClusterNetworkPolicy guard keeps it from going into stats/api, by spec.ingress[0].',
    );
    const elsewhere = analyzeNetwork([...TWO_TENANTS, guard]);
    expect(elsewhere.allows('shop-web/web', 'stats/api', 'TCP', 8080)).toBe(true);
    expect(elsewhere.notes).toEqual([
      '1 cluster-wide policies are left out, since the target does not enforce them (clusterNetworkPolicy).',
    ]);
  });

  it('and a workload that there is not is an error that names those there are', () => {
    const ask = () => explain('shop-web/wep', 'stats/api', 8080);
    expect(ask).toThrow(BulwarkError);
    expect(ask).toThrow("There is no workload 'shop-web/wep'. Write namespace/name, svc/namespace/name");
    expect(() => explain('10.0.0.1', '10.0.0.2', 80)).toThrow('both outside of the cluster');
  });
});

describe('A connection to a Service is explained by those to its pods', () => {
  const service = (name: string, spec: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'stats', name },
    spec,
  });
  const front = service('front', {
    selector: { app: 'api' },
    ports: [
      { name: 'http', port: 80, targetPort: 'http' },
      { port: 81, targetPort: 9090 },
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: 'http' },
    ],
  });
  const ask = (destination: string, port: number, ...more: Manifest[]) =>
    explain('shop-web/web', destination, port, [...TWO_TENANTS, front, ...more]);

  it('on the port that it sends its own to', () => {
    expect(ask('svc/stats/front', 80)).toEqual([
      'shop-web/web[Deployment] may connect to Service stats/front on TCP 80.',
      'Service stats/front sends TCP 80 to TCP 8080 of stats/api[Deployment].',
      'NetworkPolicy shop-web/web lets it out of shop-web/web, by spec.egress[1].',
      'NetworkPolicy stats/api lets it into stats/api, by spec.ingress[0].',
    ]);
    expect(ask('stats/front[Service]', 80)).toEqual(ask('svc/stats/front', 80));
  });

  it('and is refused where those are', () => {
    const [verdict, lead, ...sides] = ask('svc/stats/front', 81);
    expect(verdict).toBe('shop-web/web[Deployment] may not connect to Service stats/front on TCP 81.');
    expect(lead).toBe('Service stats/front sends TCP 81 to TCP 9090 of stats/api[Deployment].');
    expect(sides).toContain('Near: spec.ingress[0] of NetworkPolicy stats/api allows TCP 8080.');
  });

  it('each, where it selects those of several workloads', () => {
    const both = service('both', { selector: { part: 'x' }, ports: [{ port: 80 }] });
    const labelled = (app: string): Manifest => ({
      ...deployment('stats', app),
      spec: { template: { metadata: { labels: { app, part: 'x' } }, spec: { containers: [] } } },
    });
    const open = policy('stats', 'y', {
      podSelector: { matchLabels: { app: 'y' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'x' } } }] }],
    });
    const manifests = [labelled('x'), labelled('y'), deployment('stats', 'z'), open, both];
    expect(explain('stats/z', 'svc/stats/both', 80, manifests)).toEqual([
      'stats/z[Deployment] may connect to Service stats/both on TCP 80, but not to all of its pods.',
      'Service stats/both sends TCP 80 to TCP 80 of stats/x[Deployment].',
      'stats/z[Deployment] may connect to stats/x[Deployment] on TCP 80.',
      'No policy selects stats/z for egress, so everything is let out of it.',
      'No policy selects stats/x for ingress, so everything is let into it.',
      'Service stats/both sends TCP 80 to TCP 80 of stats/y[Deployment].',
      'stats/z[Deployment] may not connect to stats/y[Deployment] on TCP 80.',
      'No policy selects stats/z for egress, so everything is let out of it.',
      'NetworkPolicy stats/y selects stats/y for ingress, and no rule lets TCP 80 into it.',
    ]);
  });

  it('on their own port, where it is headless', () => {
    const headless = service('pods', { clusterIP: 'None', selector: { app: 'api' }, ports: [{ port: 80 }] });
    expect(ask('svc/stats/pods', 8080, headless).slice(0, 2)).toEqual([
      'shop-web/web[Deployment] may connect to Service stats/pods on TCP 8080.',
      'Service stats/pods is headless, so TCP 8080 is a port of stats/api[Deployment] itself.',
    ]);
    expect(ask('svc/stats/pods', 80, headless)[0]).toContain('may not connect');
  });

  it('and leads nowhere without any', () => {
    const lost = service('lost', { selector: { app: 'ghost' }, ports: [{ port: 80 }] });
    expect(ask('svc/stats/lost', 80, lost)).toEqual([
      'shop-web/web[Deployment] may not connect to Service stats/lost on TCP 80.',
      'Service stats/lost leads nowhere: no pod has the labels of its selector.',
    ]);
    const asked = { protocol: 'UDP', port: 53 } as const;
    const reachability = analyzeNetwork([...TWO_TENANTS, front]);
    expect(explainConnection(reachability, 'shop-web/web', 'svc/stats/front', asked).sentences[1]).toBe(
      'Service stats/front leads nowhere: no container of stats/api[Deployment] has a port by the name that it sends UDP 53 to.',
    );
  });

  it.each([
    [
      'another port',
      'svc/stats/front',
      'Service stats/front has no port TCP 8080. It has TCP 80 (http), TCP 81, UDP 53 (dns).',
    ],
    [
      'one that there is not',
      'svc/shop-web/front',
      "There is no Service 'shop-web/front'. There is svc/stats/front.",
    ],
    [
      'one that is taken for a workload',
      'stats/front',
      "There is no workload 'stats/front', but a Service. Write svc/stats/front, and its port.",
    ],
    [
      'one without a selector',
      'svc/stats/free',
      'Service stats/free has no selector, so the manifests do not tell where it leads. Ask about the workload or address behind it.',
    ],
    [
      'another name',
      'svc/stats/alias',
      'Service stats/alias is another name for db.example, and policies know no names. Ask about an address of that host.',
    ],
  ])('and %s is an error', (_, destination, message) => {
    const others = [
      service('free', { ports: [{ port: 8080 }] }),
      service('alias', { type: 'ExternalName', externalName: 'db.example' }),
    ];
    const answer = () =>
      destination === 'svc/shop-web/front' ? ask(destination, 8080) : ask(destination, 8080, ...others);
    expect(answer).toThrow(BulwarkError);
    expect(answer).toThrow(message);
  });

  it('and is never the source of one', () => {
    expect(() => explain('svc/stats/front', 'stats/api', 80, [...TWO_TENANTS, front])).toThrow(
      'svc/stats/front is a Service, which opens no connections. Name the workload that does.',
    );
  });
});

describe('Tenants are isolated', () => {
  it('but for the ways that are found, each with an example', () => {
    const crossings = findCrossings(analyzeNetwork(TWO_TENANTS));
    expect(crossings.map(({ from, to, ports }) => [from, to, formatPorts(ports)])).toEqual([
      ['shop', 'analytics', 'TCP 8080'],
    ]);
    expect(crossings[0]).toMatchObject({ source: { name: 'web' }, destination: { name: 'api' } });
  });

  it('and ways that are meant are passed over', () => {
    const isMeant = (from: string, to: string) => from === 'shop' && to === 'analytics';
    expect(findCrossings(analyzeNetwork(TWO_TENANTS), { isMeant })).toEqual([]);
  });

  it.each([
    ['a policy for everybody on both sides', undefined, ['a => b', 'b => a']],
    ['a policy for everybody on one side only', 'a', ['a => b']],
  ])('is not so with %s', (_, onlyIn, expected) => {
    const open = (space: string) =>
      policy(space, 'open', {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: onlyIn === space ? [] : [{ from: [{ namespaceSelector: {} }] }],
      });
    const manifests = ['a', 'b'].flatMap((name) => [
      namespace(name, name),
      deployment(name, 'x'),
      open(name),
    ]);
    const crossings = findCrossings(analyzeNetwork(manifests));
    expect(crossings.map(({ from, to }) => `${from} => ${to}`)).toEqual(expected);
  });

  it('agrees with asking every pair of pods', () => {
    const reachability = analyzeNetwork(TWO_TENANTS);
    const tenant = (name: string) => (name === 'stats' ? 'analytics' : 'shop');
    const asked = new Set(
      reachability.connections().flatMap(({ source, destination }) => {
        if (source.kind !== 'workload' || destination.kind !== 'workload') return [];
        const [from, to] = [tenant(source.workload.namespace), tenant(destination.workload.namespace)];
        return from === to ? [] : [`${from} => ${to}`];
      }),
    );
    const crossings = findCrossings(reachability).map(({ from, to }) => `${from} => ${to}`);
    expect(crossings).toEqual([...asked]);
  });
});

describe('Exposure', () => {
  it('is what is open to the Internet, metadata and the API server', () => {
    const target = ClusterTarget.kubernetes('1.33', { apiServer: { cidrs: ['169.254.1.1/32'] } });
    const exposures = exposureOf(analyzeNetwork(TWO_TENANTS, { target }));
    const brief = exposures.map(({ workload, fromInternet, toInternet, metadata, toApiServer }) => ({
      name: workload.name,
      fromInternet: formatPorts(fromInternet),
      toInternet: formatPorts(toInternet),
      metadata,
      toApiServer: formatPorts(toApiServer),
    }));
    const nothing = { fromInternet: 'No Connections', toInternet: 'No Connections' };
    const closed = { metadata: [], toApiServer: 'No Connections' };
    expect(brief).toEqual([
      { name: 'db', ...nothing, ...closed },
      { name: 'web', ...nothing, ...closed, fromInternet: 'TCP 8080' },
      {
        name: 'api',
        ...nothing,
        metadata: expect.arrayContaining(['169.254.169.254', '169.254.170.2']),
        toApiServer: 'All Connections',
      },
    ]);
  });

  it('is what no policy selects, and what a Service and an Ingress publish, each told once', () => {
    const service: Manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'a', name: 'front' },
      spec: { type: 'LoadBalancer', selector: { app: 'x' }, ports: [{ port: 80, targetPort: 'http' }] },
    };
    const backend = { service: { name: 'front', port: { number: 80 } } };
    const paths = ['/', '/admin'].map((path) => ({ path, pathType: 'Prefix', backend }));
    const ingress: Manifest = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'a', name: 'site' },
      spec: { rules: [{ http: { paths } }] },
    };
    const [exposure] = exposureOf(analyzeNetwork([deployment('a', 'x'), service, ingress]));
    expect(exposure).toMatchObject({
      unselected: ['egress', 'ingress'],
      publishedBy: ['Ingress a/site', 'Service a/front'],
      hostNetwork: false,
    });
  });
});

describe('A difference', () => {
  const later = TWO_TENANTS.map((manifest) =>
    manifest.kind === 'NetworkPolicy' && manifest.metadata?.name === 'web'
      ? policy('shop-web', 'web', {
          podSelector: { matchLabels: { app: 'web' } },
          policyTypes: ['Ingress', 'Egress'],
          ingress: [
            {
              from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }],
              ports: [{ port: 8080 }, { port: 9090 }],
            },
          ],
          egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 5433 }] }],
        })
      : manifest,
  );

  it('names what is new, gone and changed, with ranges cut where they differ', () => {
    const changes = diffConnections(analyzeNetwork(TWO_TENANTS), analyzeNetwork(later));
    const lines = changes.map(({ kind, source, destination, ...ports }) =>
      [kind, source, destination, formatPorts(ports.before), formatPorts(ports.after)].join(' | '),
    );
    expect(lines).toEqual([
      'changed | 0.0.0.0-9.255.255.255[External] | shop-web/web[Deployment] | TCP 8080 | TCP 8080,9090',
      'removed | 10.0.0.0-10.255.255.255[External] | shop-web/web[Deployment] | TCP 8080 | No Connections',
      'changed | 11.0.0.0-255.255.255.255[External] | shop-web/web[Deployment] | TCP 8080 | TCP 8080,9090',
      'added | shop-web/web[Deployment] | shop-web/db[Deployment] | No Connections | TCP 5433',
      'removed | shop-web/web[Deployment] | stats/api[Deployment] | TCP 8080 | No Connections',
    ]);
  });

  it('is none between the same manifests', () => {
    expect(diffConnections(analyzeNetwork(TWO_TENANTS), analyzeNetwork(TWO_TENANTS))).toEqual([]);
  });
});

it('A connection says whether a policy or the lack of any lets it be', () => {
  const free = [deployment('free', 'x'), deployment('free', 'y')];
  const connections = analyzeNetwork([...TWO_TENANTS, ...free]).connections();
  const basisOf = (from: string, to: string) =>
    connections.find(
      ({ source, destination }) => endpointName(source) === from && endpointName(destination) === to,
    )?.basis;
  expect(basisOf('shop-web/web[Deployment]', 'stats/api[Deployment]')).toBe('policy');
  expect(basisOf('free/x[Deployment]', 'free/y[Deployment]')).toBe('default');
});

describe('Connections are written', () => {
  const connections = analyzeNetwork(TWO_TENANTS).connections();

  it.each(Object.keys(CONNECTION_FORMATS) as (keyof typeof CONNECTION_FORMATS)[])('as %s', (format) => {
    expect(CONNECTION_FORMATS[format](connections)).toMatchSnapshot();
  });
});

describe('Pods in the network of their node', () => {
  const host: Manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop-web', name: 'agent', labels: { app: 'web' } },
    spec: { hostNetwork: true, containers: [] },
  };

  it('are taken as the policies are written, and noted', () => {
    const reachability = analyzeNetwork([...TWO_TENANTS, host]);
    expect(reachability.allows('shop-web/agent', 'stats/api', 'TCP', 8080)).toBe(true);
    expect(reachability.allows('shop-web/agent', 'stats/api', 'TCP', 8081)).toBe(false);
    expect(reachability.notes.join()).toContain('shop-web/agent');
    expect(reachability.notes.join()).toContain('as the policies are written');
  });

  it('are told from other ends of connections, in JSON', () => {
    const reachability = analyzeNetwork([...TWO_TENANTS, host]);
    const listed = JSON.parse(CONNECTION_FORMATS.json(reachability.connections())) as Record<
      string,
      string
    >[];
    const [of, others] = [true, false].map((isOf) =>
      listed.filter(({ src, dst }) => [src, dst].some((end) => end?.startsWith('shop-web/agent')) === isOf),
    );
    expect(of!.map(({ basis }) => basis)).toEqual(of!.map(() => 'host-network'));
    expect(of!.length).toBeGreaterThan(0);
    expect(others!.filter(({ basis }) => basis !== undefined)).toEqual([]);
    expect(others!.length).toBeGreaterThan(0);
  });

  it('or as their node, which no selector matches and no policy restricts', () => {
    const reachability = analyzeNetwork([...TWO_TENANTS, host], { hostNetwork: 'node' });
    expect(reachability.allows('shop-web/agent', 'stats/api', 'TCP', 8080)).toBe(false);
    expect(reachability.allows('shop-web/agent', '8.8.8.8', 'TCP', 443)).toBe(true);
    expect(reachability.notes.join()).toContain('taken for the node, which no policy restricts');
  });
});
