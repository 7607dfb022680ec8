import { Deployment, Protocol } from 'cdk8s-plus-27';
import { App, Chart, Testing } from 'cdk8s';
import {
  ClusterTarget,
  DefaultDeny,
  Dns,
  HardenedDeployment,
  HardenedStatefulSet,
  intentsOf,
  Peer,
  type Tenant,
} from '../../../constructs';
import type { AllowOptions } from '../../../constructs';
import { contains, parseCidr } from '../../../src/network/cidr';
import { blueprint, objectOf, specOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';

function twoWorkloads() {
  const { cluster, web } = blueprint();
  const data = (web.node.scope as Tenant).namespace('data');
  const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, port: 8080 }] });
  const db = new HardenedStatefulSet(data, 'db', { containers: [{ image: IMAGE, port: 5432 }] });
  return { cluster, web, api, db };
}

const PEER_API = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop-web' } },
  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'api' } },
};

describe('allowFrom between workloads', () => {
  it('opens ingress of the one and egress of the other, on the port that is declared', () => {
    const { cluster, api, db } = twoWorkloads();
    db.allowFrom(api);
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'db'))).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'db' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [PEER_API], ports: [{ port: 5432, protocol: 'TCP' }] }],
    });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'api')).egress).toEqual([
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop-data' } },
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'db' } },
          },
        ],
        ports: [{ port: 5432, protocol: 'TCP' }],
      },
    ]);
  });

  it('is the same as allowTo from the other side, and may be said twice', () => {
    const one = twoWorkloads();
    one.db.allowFrom(one.api);
    one.db.allowFrom(one.api);
    const other = twoWorkloads();
    other.api.allowTo(other.db);
    for (const name of ['api', 'db']) {
      expect(objectOf(one.cluster, 'NetworkPolicy', name)).toEqual(
        objectOf(other.cluster, 'NetworkPolicy', name),
      );
    }
  });

  it('keeps UDP and SCTP as they are, and takes ranges and, as numbers, named ports', () => {
    const { cluster, web } = blueprint();
    const dns = new HardenedDeployment(web, 'dns', {
      containers: [
        {
          image: IMAGE,
          ports: [
            { name: 'dns', number: 5353, protocol: Protocol.UDP },
            { name: 'sig', number: 3868, protocol: Protocol.SCTP },
            { name: 'data', number: 7005 },
          ],
        },
      ],
    });
    const client = new HardenedDeployment(web, 'client', { containers: [{ image: IMAGE }] });
    dns.allowFrom(client);
    dns.allowFrom(Peer.pods({ app: 'probe' }), { ports: ['dns', { port: 7000, endPort: 7010 }] });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'dns')).ingress).toEqual([
      {
        from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'client' } } }],
        ports: [
          { port: 3868, protocol: 'SCTP' },
          { port: 5353, protocol: 'UDP' },
          { port: 7005, protocol: 'TCP' },
        ],
      },
      {
        from: [{ podSelector: { matchLabels: { app: 'probe' } } }],
        ports: [
          { port: 5353, protocol: 'UDP' },
          { port: 7000, endPort: 7010, protocol: 'TCP' },
        ],
      },
    ]);
  });

  it('collects into one policy, the peers of one set of ports into one rule', () => {
    const { cluster, web, api } = twoWorkloads();
    const first = new HardenedDeployment(web, 'first', { containers: [{ image: IMAGE }] });
    const second = new HardenedDeployment(web, 'second', { containers: [{ image: IMAGE }] });
    api.allowFrom(second);
    api.allowFrom(first);
    const { ingress } = specOf(objectOf(cluster, 'NetworkPolicy', 'api'));
    expect(ingress).toHaveLength(1);
    expect(
      ingress[0].from.map(
        (peer: { podSelector: { matchLabels: object } }) => Object.values(peer.podSelector.matchLabels)[0],
      ),
    ).toEqual(['first', 'second']);
  });

  it('refuses a way out without ports, with the fix', () => {
    const { api } = twoWorkloads();
    expect(() => api.allowTo(Peer.cidr('198.51.100.0/24'))).toThrow(/names no ports.*ports: \[443\]/);
  });

  it('names a workload of the same chart without a namespace, and refuses one that it cannot name', () => {
    const { cluster, api } = twoWorkloads();
    const homeless = new HardenedDeployment(new Chart(cluster, 'none'), 'homeless', {
      containers: [{ image: IMAGE, port: 1 }],
    });
    expect(() => api.allowTo(homeless)).toThrow(/none\/homeless: has no namespace/);
  });
});

describe('ports', () => {
  const PORTS = [
    { name: 'http', number: 8080 },
    { name: 'dns', number: 5353, protocol: Protocol.UDP },
    { name: 'dns-tcp', number: 5353 },
  ];
  const portsOf = (ports: AllowOptions['ports'], capabilities: object = {}) => {
    const { cluster, web } = blueprint('1.33', capabilities);
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, ports: PORTS }] });
    api.allowFrom(Peer.namespace('ingress'), { ports });
    return specOf(objectOf(cluster, 'NetworkPolicy', 'api')).ingress[0].ports as unknown;
  };

  it.each<[string, AllowOptions['ports'], object[]]>([
    [
      'all that are declared',
      undefined,
      [
        { port: 5353, protocol: 'TCP' },
        { port: 5353, protocol: 'UDP' },
        { port: 8080, protocol: 'TCP' },
      ],
    ],
    ['a name', ['http'], [{ port: 8080, protocol: 'TCP' }]],
    ['a name of a UDP port', ['dns'], [{ port: 5353, protocol: 'UDP' }]],
    [
      'a number of two protocols',
      [5353],
      [
        { port: 5353, protocol: 'TCP' },
        { port: 5353, protocol: 'UDP' },
      ],
    ],
    ['a number and its protocol', [{ port: 5353, protocol: 'UDP' }], [{ port: 5353, protocol: 'UDP' }]],
    [
      'one port in many ways',
      ['http', 8080, { port: 8080, endPort: 8080 }],
      [{ port: 8080, protocol: 'TCP' }],
    ],
    [
      'a range that holds another port',
      [8080, { port: 8000, endPort: 8999 }],
      [{ port: 8000, endPort: 8999, protocol: 'TCP' }],
    ],
  ])('may be %s', (_, ports, expected) => {
    expect(portsOf(ports)).toEqual(expected);
  });

  it.each<[string, AllowOptions['ports'], RegExp]>([
    ['none', [], /ports is empty/],
    ['zero', [0], /'0' is no port/],
    ['too large', [65536], /'65536' is no port/],
    ['a fraction', [80.5], /'80.5' is no port/],
    ['no name', ['HTTP'], /'HTTP' is no port.*at most 15 lower-case letters/],
    ['a name without a letter', ['8080'], /'8080' is no port/],
    ['a name of 16 letters', ['abcdefghijklmnop'], /is no port/],
    ['a protocol that there is not', [{ port: 80, protocol: 'ICMP' as 'TCP' }], /'ICMP' is no protocol/],
    ['a range from a name', [{ port: 'http', endPort: 90 }], /cannot start with the name 'http'/],
    ['a range that ends before it starts', [{ port: 80, endPort: 79 }], /80-79 has no end.*from 80 to 65535/],
    ['a range beyond all ports', [{ port: 80, endPort: 65536 }], /has no end/],
  ])('are refused when they are %s', (_, ports, message) => {
    expect(() => portsOf(ports)).toThrow(message);
    expect(() => portsOf(ports)).toThrow(/^shop\/web\/api: /);
  });

  it('are refused as a range where the network plugin knows none', () => {
    expect(() => portsOf([{ port: 80, endPort: 90 }], { portRanges: false })).toThrow(
      /needs a network plugin that knows endPort.*List the ports one by one/,
    );
  });

  it.each<[string, AllowOptions['ports'], string]>([
    [
      'a number',
      [8081],
      "declares port 8081, so .* \\(TCP 8080 'http', UDP 5353 'dns', TCP 5353 'dns-tcp'\\)",
    ],
    ['a name', ['https'], 'declares port https'],
    ['a protocol', [{ port: 8080, protocol: 'UDP' }], 'declares port UDP 8080'],
    ['a range', [{ port: 1, endPort: 80 }], 'declares port 1-80'],
  ])('that no container declares fail the synthesis: %s', (_, ports, message) => {
    expect(() => portsOf(ports)).toThrow(
      new RegExp(`- shop/web/api: no container of shop/web/api ${message}`),
    );
  });

  it('are looked for when everything is there, so a container may be added later', () => {
    const { cluster, web, api } = twoWorkloads();
    const late = new HardenedDeployment(web, 'late');
    late.allowFrom(api);
    late.addContainer({ image: IMAGE, portNumber: 9000 });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'late')).ingress[0].ports).toEqual([
      { port: 9000, protocol: 'TCP' },
    ]);
  });

  it('have to be there: a rule without ports would open all of them', () => {
    const { cluster, web, api } = twoWorkloads();
    const silent = new HardenedDeployment(web, 'silent', { containers: [{ image: IMAGE }] });
    silent.allowFrom(api);
    expect(() => cluster.synth()).toThrow(
      /shop\/web\/silent: no container of shop\/web\/silent declares a port.*port: 8080/,
    );
  });
});

describe('a namespace and a tenant', () => {
  it('stand for all of their pods, on both sides, also those of a namespace that is declared later', () => {
    const { cluster, web, api } = twoWorkloads();
    const shop = web.node.scope as Tenant;
    api.allowFrom(shop);
    const late = shop.namespace('late');
    api.allowTo(late, { ports: [9000] });
    const names = ['shop-data', 'shop-late', 'shop-web'];
    const of = (name: string, namespace: string) =>
      specOf(objectOf(cluster, 'NetworkPolicy', name, namespace));
    expect(of('api', 'shop-web')).toMatchObject({
      ingress: [
        {
          from: [
            {
              namespaceSelector: {
                matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: names }],
              },
            },
          ],
          ports: [{ port: 8080, protocol: 'TCP' }],
        },
      ],
      egress: [
        {
          to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop-late' } } }],
          ports: [{ port: 9000, protocol: 'TCP' }],
        },
      ],
    });
    for (const name of names) {
      expect(of('allow-namespace', name)).toMatchObject({
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        egress: [{ ports: [{ port: 8080, protocol: 'TCP' }] }],
      });
    }
    expect(of('allow-namespace', 'shop-late').ingress).toEqual([
      { from: [PEER_API], ports: [{ port: 9000, protocol: 'TCP' }] },
    ]);
    expect(of('allow-namespace', 'shop-data').ingress).toBeUndefined();
  });

  it('may be open within themselves', () => {
    const { cluster, web } = twoWorkloads();
    web.allowFrom(web, { ports: [{ port: 1, endPort: 65535 }] });
    const ports = [{ port: 1, endPort: 65535, protocol: 'TCP' }];
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'allow-namespace', 'shop-web'))).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }], ports }],
      egress: [{ to: [{ podSelector: {} }], ports }],
    });
  });

  it('have to be told the ports, since nobody knows what their pods declare', () => {
    const { web, api } = twoWorkloads();
    expect(() => api.allowTo(web)).toThrow(
      /shop\/web: stands for pods that may declare any port, and allowTo/,
    );
    expect(() => web.allowFrom(api)).toThrow(
      /and allowFrom names none.*allowFrom\(peer, \{ ports: \[8080\] \}\)/,
    );
    expect(() => web.allowFrom(Peer.anywhere())).toThrow(/and allowFrom names none/);
  });
});

describe('a workload', () => {
  it('may reach itself, as the members of a database do, in one rule for each direction', () => {
    const { cluster, db } = twoWorkloads();
    db.allowFrom(db);
    const self = [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'db' } } }];
    const ports = [{ port: 5432, protocol: 'TCP' }];
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'db'))).toMatchObject({
      ingress: [{ from: self, ports }],
      egress: [{ to: self, ports }],
    });
  });

  it('in the network of its node can be reached and let out by no policy, which fails the synthesis', () => {
    const { cluster, web, api } = twoWorkloads();
    const agent = new HardenedDeployment(web, 'agent', {
      hostNetwork: true,
      containers: [{ image: IMAGE, port: 9100 }],
    });
    agent.allowFrom(api);
    expect(() => cluster.synth()).toThrow(
      /shop\/web\/agent: its pods use the network of their node, which no policy/,
    );
  });

  it('of cdk8s-plus takes part by intentsOf, in a stock app as well', () => {
    const chart = new Chart(new App(), 'legacy', { namespace: 'legacy' });
    const containers = [{ image: IMAGE, portNumber: 8080 }];
    const [web, api] = ['web', 'api'].map((name) => new Deployment(chart, name, { containers }));
    intentsOf(api!).allowFrom(intentsOf(web!));
    intentsOf(api!).allowFrom(Peer.namespace('ingress'));
    const manifests = Testing.synth(chart);
    const address = (workload: Deployment) => ({
      matchLabels: manifests.find(({ metadata }) => metadata.name === workload.name).spec.template.metadata
        .labels,
    });
    const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies.map(({ metadata }) => metadata.name).sort()).toEqual([api!.name, web!.name].sort());
    const ports = [{ port: 8080, protocol: 'TCP' }];
    expect(policies.find(({ metadata }) => metadata.name === api!.name).spec).toEqual({
      podSelector: address(api!),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } },
            { podSelector: address(web!) },
          ],
          ports,
        },
      ],
    });
    intentsOf(api!).allowFrom(Peer.namespace('ingress'), { ports: [1] });
    expect(() => Testing.synth(chart)).toThrow(/no container of legacy\/api declares port 1/);
  });
});

describe('peers', () => {
  it('never reach metadata addresses, however wide they are, in both families', () => {
    const { cluster, web } = blueprint('1.33', { ipFamilies: ['IPv4', 'IPv6'] });
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE }] });
    api.allowTo(Peer.anywhere(), { ports: [443] });
    const [{ to }] = specOf(objectOf(cluster, 'NetworkPolicy', 'api')).egress;
    expect(to).toEqual([
      {
        ipBlock: {
          cidr: '0.0.0.0/0',
          except: expect.arrayContaining(['169.254.169.254/32', '168.63.129.16/32']),
        },
      },
      { ipBlock: { cidr: '::/0', except: expect.arrayContaining(['fd00:ec2::254/128']) } },
    ]);
  });

  it.each(['169.254.169.254/32', 'fd00:ec2::254/128'])('cannot be the metadata address %s', (cidr) => {
    const { web } = blueprint('1.33', { ipFamilies: ['IPv4', 'IPv6'] });
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE }] });
    expect(() => api.allowTo(Peer.cidr(cidr), { ports: [80] })).toThrow(/refused.*credentials/);
  });

  it('need no exception where they come from, or where no metadata address is in them', () => {
    const { cluster, web } = blueprint();
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, port: 8080 }] });
    api.allowFrom(Peer.anywhere());
    api.allowTo(Peer.cidr('198.51.100.0/24'), { ports: [443] });
    const { ingress, egress } = specOf(objectOf(cluster, 'NetworkPolicy', 'api'));
    expect(ingress[0].from).toEqual([{ ipBlock: { cidr: '0.0.0.0/0' } }]);
    expect(egress[0].to).toEqual([{ ipBlock: { cidr: '198.51.100.0/24' } }]);
  });

  it('know the API server by the addresses of the target only', () => {
    const { cluster, web } = blueprint();
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE }] });
    api.allowTo(Peer.apiServer());
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'api')).egress).toEqual([
      {
        to: [{ ipBlock: { cidr: '192.0.2.10/32' } }],
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 6443, protocol: 'TCP' },
        ],
      },
    ]);
    const blind = blueprint('1.33', {});
    const other = new HardenedDeployment(blind.web, 'api', { containers: [{ image: IMAGE }] });
    expect(() => other.allowTo(Peer.apiServer())).toThrow(/does not say where the API server is/);
    expect(() => ClusterTarget.kubernetes('1.33', { apiServer: { cidrs: ['0.0.0.0/0'] } })).toThrow(
      /whole internet/,
    );
  });

  const NODES = { nodeCidrs: ['192.0.2.0/24'] };
  const resolved = (direction: 'From' | 'To', peer: Peer, capabilities: object, ports?: number[]) => {
    const { cluster, web } = blueprint('1.33', capabilities);
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, port: 8080 }] });
    api[`allow${direction}`](peer, ports && { ports });
    const { ingress, egress } = specOf(objectOf(cluster, 'NetworkPolicy', 'api'));
    return direction === 'From' ? ingress : egress;
  };
  const inNamespace = (name: string, labels?: object) => ({
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
    ...(labels && { podSelector: { matchLabels: labels } }),
  });

  it.each<[string, () => Peer, object, object[]]>([
    [
      'the ingress controller',
      () => Peer.ingressController(),
      { ingressController: { namespace: 'ingress-nginx', podLabels: { app: 'ingress' } } },
      [inNamespace('ingress-nginx', { app: 'ingress' })],
    ],
    [
      'an ingress controller in the network of its node',
      () => Peer.ingressController(),
      { ingressController: { namespace: 'openshift-ingress', hostNetwork: true }, ...NODES },
      [{ ipBlock: { cidr: '192.0.2.0/24' } }],
    ],
    [
      'the monitoring',
      () => Peer.monitoring(),
      { monitoring: { namespace: 'monitoring' } },
      [inNamespace('monitoring')],
    ],
    ['the nodes', () => Peer.nodes(), NODES, [{ ipBlock: { cidr: '192.0.2.0/24' } }]],
    [
      'the API server, which calls a webhook from where it is',
      () => Peer.apiServer(),
      { apiServer: { cidrs: ['192.0.2.10/32'] } },
      [{ ipBlock: { cidr: '192.0.2.10/32' } }],
    ],
    [
      'the API server, which calls a webhook from other addresses than its own',
      () => Peer.apiServer(),
      { apiServer: { cidrs: ['192.0.2.10/32'], callers: { cidrs: ['198.51.100.0/28'] } } },
      [{ ipBlock: { cidr: '198.51.100.0/28' } }],
    ],
    [
      'the API server behind a proxy',
      () => Peer.apiServer(),
      {
        apiServer: {
          cidrs: ['192.0.2.10/32'],
          callers: { namespace: 'kube-system', podLabels: { 'k8s-app': 'konnectivity-agent' } },
        },
      },
      [inNamespace('kube-system', { 'k8s-app': 'konnectivity-agent' })],
    ],
  ])('may be %s', (_, peer, capabilities, from) => {
    expect(resolved('From', peer(), capabilities)).toEqual([
      { from, ports: [{ port: 8080, protocol: 'TCP' }] },
    ]);
  });

  it.each<[string, () => Peer, object, RegExp]>([
    ['the ingress controller', () => Peer.ingressController(), {}, /Add ingressController: \{ namespace/],
    ['the monitoring', () => Peer.monitoring(), {}, /Add monitoring: \{ namespace/],
    ['the nodes', () => Peer.nodes(), {}, /Nodes are matched by no selector.*Add nodeCidrs/],
    [
      'a controller in the network of nodes',
      () => Peer.ingressController(),
      { ingressController: { namespace: 'edge', hostNetwork: true } },
      /The pods of edge use the network of their nodes.*Add nodeCidrs/,
    ],
    ['the API server', () => Peer.apiServer(), {}, /does not say where the API server is/],
    [
      'an IPv6 block where pods have IPv4',
      () => Peer.cidr('2001:db8::/32'),
      {},
      /2001:db8::\/32 is an IPv6 block, and pods of the target have IPv4 addresses only.*ipFamilies/,
    ],
    [
      'an IPv4 block where pods have IPv6',
      () => Peer.cidr('198.51.100.0/24'),
      { ipFamilies: ['IPv6'] },
      /is an IPv4 block, and pods of the target have IPv6 addresses only/,
    ],
  ])('cannot be %s that the target cannot express', (_, peer, capabilities, message) => {
    expect(() => resolved('From', peer(), capabilities)).toThrow(message);
    expect(() => resolved('From', peer(), capabilities)).toThrow(/^shop\/web\/api: /);
  });

  it('leave private networks out of the internet, in both families', () => {
    const [{ to }] = resolved('To', Peer.internet(), { ipFamilies: ['IPv4', 'IPv6'] }, [443]);
    expect(to).toEqual([
      {
        ipBlock: {
          cidr: '0.0.0.0/0',
          except: expect.arrayContaining([
            '10.0.0.0/8',
            '169.254.0.0/16',
            '168.63.129.16/32',
            '192.168.0.0/16',
          ]),
        },
      },
      { ipBlock: { cidr: '2000::/3' } },
    ]);
    const [{ cidr, except }] = to.map(({ ipBlock }: any) => ipBlock);
    expect(except.every((inner: string) => contains(parseCidr(cidr), parseCidr(inner)))).toBe(true);
  });

  it('keep the metadata addresses closed towards the nodes as well', () => {
    expect(resolved('To', Peer.nodes(), { nodeCidrs: ['168.63.0.0/16'] }, [9100])).toEqual([
      {
        to: [{ ipBlock: { cidr: '168.63.0.0/16', except: ['168.63.129.16/32'] } }],
        ports: [{ port: 9100, protocol: 'TCP' }],
      },
    ]);
  });

  it('know the ports of the DNS, which are those of its pods and of its cache', () => {
    const dns = Dns.coreDns({ port: 1053, nodeLocal: '169.254.20.10' });
    const overBoth = (port: number) => [
      { port, protocol: 'TCP' },
      { port, protocol: 'UDP' },
    ];
    expect(resolved('To', Peer.dns(), { dns })).toEqual([
      { to: [inNamespace('kube-system', { 'k8s-app': 'kube-dns' })], ports: overBoth(1053) },
      { to: [{ ipBlock: { cidr: '169.254.20.10/32' } }], ports: overBoth(53) },
    ]);
  });

  it.each([
    [() => Peer.pods({}), /would match every pod/],
    [() => Peer.cidr('10.0.0.1/8'), /bits set after its \/8/],
    [() => Peer.cidr('example.com'), /is not an address block/],
  ])('are refused when they say too much or nothing', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('DefaultDeny', () => {
  it('closes both directions and lets names be resolved over UDP and TCP, at the node-local cache as well', () => {
    const { cluster } = blueprint('1.33', { dns: Dns.coreDns({ nodeLocal: '169.254.20.10' }) });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'default-deny'))).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'allow-dns')).egress).toEqual([
      {
        ports: [
          { port: 53, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
        to: [
          { ipBlock: { cidr: '169.254.20.10/32' } },
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
      },
    ]);
  });

  it.each<[string, object, object[]]>([
    [
      'OpenShift, on port 5353 of its pods',
      { dns: Dns.openShift() },
      [
        {
          ports: [
            { port: 5353, protocol: 'TCP' },
            { port: 5353, protocol: 'UDP' },
          ],
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } },
              podSelector: { matchLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } },
            },
          ],
        },
      ],
    ],
    [
      'servers in the network of nodes, by addresses of both families',
      { dns: Dns.atAddresses('192.0.2.53', 'fd00::53'), ipFamilies: ['IPv4', 'IPv6'] },
      [
        {
          ports: [
            { port: 53, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
          to: [{ ipBlock: { cidr: '192.0.2.53/32' } }, { ipBlock: { cidr: 'fd00::53/128' } }],
        },
      ],
    ],
  ])('resolves names at %s', (_, capabilities, egress) => {
    const { cluster } = blueprint('1.33', capabilities);
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'allow-dns'))).toEqual({
      podSelector: {},
      policyTypes: ['Egress'],
      egress,
    });
  });

  it('resolves no names where it is told so', () => {
    const { cluster } = blueprint();
    new DefaultDeny(new Chart(cluster, 'silent', { namespace: 'silent' }), 'deny', { dns: false });
    const names = cluster
      .synth()
      .manifests.filter(({ metadata }) => metadata?.namespace === 'silent')
      .map(({ metadata }) => metadata?.name);
    expect(names).toEqual(['default-deny']);
  });
});
