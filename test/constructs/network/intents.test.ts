import { Protocol } from 'cdk8s-plus-27';
import { Chart } from 'cdk8s';
import {
  ClusterTarget,
  DefaultDeny,
  Dns,
  HardenedDeployment,
  HardenedStatefulSet,
  Peer,
  type Tenant,
} from '../../../constructs';
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
