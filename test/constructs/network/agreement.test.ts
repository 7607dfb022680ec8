import { HardenedDeployment, Peer, Tenant } from '../../../constructs';
import { blueprint, objectOf, specOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';

/** A shop whose api serves two ports, and an analytics team that wants to read it. */
function twoTenants(capabilities: object = {}) {
  const { cluster, web } = blueprint('1.33', capabilities);
  const shop = web.node.scope as Tenant;
  const analytics = new Tenant(cluster, 'analytics');
  const jobs = analytics.namespace('jobs');
  const ports = [
    { name: 'http', number: 8080 },
    { name: 'metrics', number: 9090 },
  ];
  const api = new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE, ports }] });
  const report = new HardenedDeployment(jobs, 'report', { containers: [{ image: IMAGE, port: 1 }] });
  return { cluster, shop, web, analytics, jobs, api, report };
}

type World = ReturnType<typeof twoTenants>;

describe('a connection between two tenants', () => {
  it.each<[string, (world: World) => void]>([
    [
      'allowTo of the source and allowFrom of the destination',
      ({ api, report }) => {
        report.allowTo(api);
        api.allowFrom(report);
      },
    ],
    [
      'an offer to the workload',
      ({ api, report }) => {
        api.offerTo(report);
        report.allowTo(api);
      },
    ],
    [
      'an offer to its namespace, said after it was used',
      ({ api, report, jobs }) => {
        report.allowTo(api);
        api.offerTo(jobs);
      },
    ],
    [
      'an offer to its tenant',
      ({ api, report, analytics }) => {
        report.allowTo(api);
        api.offerTo(analytics);
      },
    ],
    [
      'an offer to every tenant',
      ({ api, report }) => {
        report.allowTo(api);
        api.offerTo('every-tenant');
      },
    ],
    [
      'an offer of the whole tenant',
      ({ api, report, shop }) => {
        report.allowTo(api);
        shop.offerTo(report, { ports: ['http', 9090] });
      },
    ],
    [
      'an offer of its namespace, in parts',
      ({ api, report, web }) => {
        report.allowTo(api);
        web.offerTo(report, { ports: [8080] });
        web.offerTo(report, { ports: [{ port: 9000, endPort: 9100 }] });
      },
    ],
  ])('is opened on both sides by %s', (_, agree) => {
    const world = twoTenants();
    agree(world);
    const ports = [8080, 9090].map((port) => ({ port, protocol: 'TCP' }));
    const other = (namespace: string, name: string) => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      podSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
    });
    expect(specOf(objectOf(world.cluster, 'NetworkPolicy', 'api')).ingress).toEqual([
      { from: [other('analytics-jobs', 'report')], ports },
    ]);
    expect(specOf(objectOf(world.cluster, 'NetworkPolicy', 'report')).egress).toEqual([
      { to: [other('shop-web', 'api')], ports },
    ]);
  });

  it.each<[string, (world: World) => void, string]>([
    [
      'the source alone',
      ({ api, report }) => report.allowTo(api, { ports: ['http'] }),
      '- analytics/jobs/report: connects analytics/jobs/report to shop/web/api on TCP 8080, across the border between two tenants, ' +
        'and shop has not agreed to it. Fix: where shop is declared, add api.offerTo(report, { ports: [8080] }).',
    ],
    [
      'the destination alone',
      ({ api, report }) => api.allowFrom(report, { ports: ['metrics'] }),
      '- shop/web/api: connects analytics/jobs/report to shop/web/api on TCP 9090, across the border between two tenants, ' +
        'and analytics has not agreed to it. Fix: where analytics is declared, add report.allowTo(api, { ports: [9090] }).',
    ],
    [
      'a destination that offered another port',
      ({ api, report }) => {
        api.offerTo(report, { ports: [9090] });
        report.allowTo(api);
      },
      'shop has not agreed to it. Fix: where shop is declared, add api.offerTo(report, { ports: [8080] }).',
    ],
    [
      'a destination that offered itself to somebody else',
      ({ api, report, jobs }) => {
        const other = new HardenedDeployment(jobs, 'other', { containers: [{ image: IMAGE }] });
        api.offerTo(other);
        report.allowTo(api);
      },
      'shop has not agreed to it',
    ],
    [
      'a destination whose neighbour was offered',
      ({ api, report, web }) => {
        const other = new HardenedDeployment(web, 'other', { containers: [{ image: IMAGE, port: 8080 }] });
        other.offerTo(report);
        report.allowTo(api);
      },
      'shop has not agreed to it',
    ],
    [
      'the offer of the source, which agrees to be reached and not to reach',
      ({ api, report }) => {
        report.offerTo(api);
        api.allowFrom(report);
      },
      'analytics has not agreed to it',
    ],
    [
      'a whole tenant that wants to come in',
      ({ shop, api, report }) => {
        report.allowFrom(shop);
        api.offerTo('every-tenant');
      },
      'shop has not agreed to it. Fix: where shop is declared, add shop.allowTo(report, { ports: [1] }).',
    ],
    [
      'somebody who names the other by its labels',
      ({ report }) =>
        report.allowTo(Peer.pods({ 'app.kubernetes.io/name': 'api' }, { namespace: 'shop-web' }), {
          ports: [8080],
        }),
      '- analytics/jobs/report: names the namespace shop-web, which belongs to the tenant shop, and nobody there has agreed to it. ' +
        'Fix: pass the workload, its namespace or its tenant instead of a Peer, and let both sides say it.',
    ],
    [
      'somebody who names the whole namespace',
      ({ report }) => report.allowFrom(Peer.namespace('shop-web')),
      'names the namespace shop-web, which belongs to the tenant shop',
    ],
  ])('is not opened by %s', (_, declare, message) => {
    const world = twoTenants();
    declare(world);
    expect(() => world.cluster.synth()).toThrow(message);
  });

  it('tells every way out and in that is missing at once', () => {
    const { cluster, api, report, shop } = twoTenants();
    report.allowTo(api);
    api.allowTo(report);
    shop.allowTo(report, { ports: [1] });
    expect(() => cluster.synth()).toThrow(/The blueprint has 3 problems/);
  });

  it('is none between a tenant and what belongs to nobody', () => {
    const { cluster, report } = twoTenants();
    report.allowTo(Peer.namespace('kube-system'), { ports: [443] });
    report.allowTo(Peer.pods({ app: 'registry' }, { namespace: 'registry' }), { ports: [5000] });
    expect(specOf(objectOf(cluster, 'NetworkPolicy', 'report')).egress).toHaveLength(2);
  });
});
