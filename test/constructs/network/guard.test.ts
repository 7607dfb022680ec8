import { Dns, HardenedDeployment, Tenant, type Blueprint } from '../../../constructs';
import { blueprint, objectOf, specOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';
const CAPABILITIES = { clusterNetworkPolicy: true };

function policiesOf(cluster: Blueprint): any[] {
  return cluster.synth().manifests.filter(({ kind }) => kind === 'ClusterNetworkPolicy');
}

describe('a cluster that knows ClusterNetworkPolicy', () => {
  it('guards each tenant against all others and the metadata, before any NetworkPolicy is asked', () => {
    const { cluster, web } = blueprint('1.33', CAPABILITIES);
    (web.node.scope as Tenant).namespace('data');
    const others = [
      {
        namespaces: {
          matchExpressions: [
            { key: 'cdk8s-bulwark/tenant', operator: 'Exists' },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop-data', 'shop-web'] },
          ],
        },
      },
    ];
    const policy = objectOf(cluster, 'ClusterNetworkPolicy', 'tenant-shop');
    expect(policy.metadata).toEqual({ name: 'tenant-shop' });
    expect(policy.spec).toEqual({
      tier: 'Admin',
      priority: 200,
      subject: {
        namespaces: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop-data', 'shop-web'] },
          ],
        },
      },
      ingress: [{ name: 'from other tenants', action: 'Deny', from: others }],
      egress: [
        { name: 'to other tenants', action: 'Deny', to: others },
        {
          name: 'to the metadata of the cloud',
          action: 'Deny',
          to: [{ networks: expect.arrayContaining(['169.254.169.254/32', '168.63.129.16/32']) }],
        },
      ],
    });
  });

  it('passes what tenants agree on, port by port, and leaves it to their NetworkPolicies', () => {
    const { cluster, web } = blueprint('1.33', CAPABILITIES);
    const jobs = new Tenant(cluster, 'analytics').namespace('jobs');
    const api = new HardenedDeployment(web, 'api', {
      containers: [{ image: IMAGE, ports: [{ number: 8080 }, { number: 7005 }] }],
    });
    const report = new HardenedDeployment(jobs, 'report', { containers: [{ image: IMAGE }] });
    report.allowTo(api, { ports: [8080] });
    report.allowTo(api, { ports: [{ port: 7000, endPort: 7010, protocol: 'TCP' }] });
    api.offerTo('every-tenant', { ports: [8080, { port: 7000, endPort: 7010 }] });
    const pods = (namespace: string, name: string) => ({
      pods: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        podSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
      },
    });
    const protocols = [
      { tcp: { destinationPort: { range: { start: 7000, end: 7010 } } } },
      { tcp: { destinationPort: { number: 8080 } } },
    ];
    expect(specOf(objectOf(cluster, 'ClusterNetworkPolicy', 'agreement.shop-web.api'))).toEqual({
      tier: 'Admin',
      priority: 100,
      subject: pods('shop-web', 'api'),
      ingress: [
        {
          name: 'from analytics/jobs/report',
          action: 'Pass',
          from: [pods('analytics-jobs', 'report')],
          protocols,
        },
      ],
    });
    expect(specOf(objectOf(cluster, 'ClusterNetworkPolicy', 'agreement.analytics-jobs.report'))).toEqual({
      tier: 'Admin',
      priority: 100,
      subject: pods('analytics-jobs', 'report'),
      egress: [{ name: 'to shop/web/api', action: 'Pass', to: [pods('shop-web', 'api')], protocols }],
    });
  });

  it('writes a further policy for every 25 partners', () => {
    const { cluster, web } = blueprint('1.33', CAPABILITIES);
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, port: 8080 }] });
    api.offerTo('every-tenant');
    for (let number = 1; number <= 26; number += 1) {
      const tenant = new Tenant(cluster, `team-${String(number).padStart(2, '0')}`);
      tenant.namespace('jobs');
      tenant.allowTo(api);
      tenant.allowTo(api);
    }
    const agreements = policiesOf(cluster).filter(({ metadata }) => metadata.name.includes('.api'));
    const partners = agreements.map(({ metadata, spec }) => [
      metadata.name,
      spec.ingress.map(({ name }: { name: string }) => name),
    ]);
    const from = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, at) => `from team-${String(first + at).padStart(2, '0')}`);
    expect(partners).toEqual([
      ['agreement.shop-web.api', from(1, 25)],
      ['agreement.shop-web.api.2', from(26, 26)],
    ]);
  });

  it('refuses an agreement on more ports than a rule can hold', () => {
    const { cluster, web } = blueprint('1.33', CAPABILITIES);
    const jobs = new Tenant(cluster, 'analytics').namespace('jobs');
    const ports = Array.from({ length: 26 }, (_, at) => ({ number: 8000 + 2 * at }));
    const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, ports }] });
    new HardenedDeployment(jobs, 'report', { containers: [{ image: IMAGE }] }).allowTo(api);
    api.offerTo('every-tenant');
    expect(() => cluster.synth()).toThrow(
      /- shop\/web\/api: the agreement with analytics\/jobs\/report is about 26 ports.*holds 25. Name a range/,
    );
  });

  it('refuses an agreement on a name, which would stand for ports of every protocol', () => {
    const { cluster, web } = blueprint('1.33', CAPABILITIES);
    const analytics = new Tenant(cluster, 'analytics');
    analytics.namespace('jobs');
    analytics.allowTo(web, { ports: ['metrics'] });
    web.offerTo(analytics, { ports: ['metrics'] });
    expect(() => cluster.synth()).toThrow(
      /- shop\/web: the agreement with analytics is about the port 'metrics'.*any protocol.*Name the number/,
    );
  });

  it('lets names be resolved where the cloud answers at its metadata address', () => {
    const { cluster } = blueprint('1.33', { ...CAPABILITIES, dns: Dns.atAddresses('169.254.169.254') });
    const { egress } = specOf(objectOf(cluster, 'ClusterNetworkPolicy', 'tenant-shop'));
    expect(egress.map(({ name, action, protocols }: any) => [name, action, protocols])).toEqual([
      ['to other tenants', 'Deny', undefined],
      [
        'to DNS',
        'Pass',
        [{ udp: { destinationPort: { number: 53 } } }, { tcp: { destinationPort: { number: 53 } } }],
      ],
      ['to the metadata of the cloud', 'Deny', undefined],
    ]);
  });
});

it('a cluster that does not know ClusterNetworkPolicy gets none', () => {
  const { cluster, web } = blueprint();
  const jobs = new Tenant(cluster, 'analytics').namespace('jobs');
  const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, port: 8080 }] });
  new HardenedDeployment(jobs, 'report', { containers: [{ image: IMAGE }] }).allowTo(api);
  api.offerTo('every-tenant');
  expect(policiesOf(cluster)).toEqual([]);
});
