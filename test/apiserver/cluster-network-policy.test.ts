import { join } from 'node:path';
import { Blueprint, ClusterTarget, HardenedDeployment, Tenant } from '../../constructs';
import { corpusFile, describeWithApiServer, describeWithCustomResources, serverMinor } from './harness';

const CRD = corpusFile('crds', 'policy.networking.k8s.io_clusternetworkpolicies.yaml');
const IMAGE = 'registry.example.com/app:1';

/** Two tenants with every form of agreement that a guard has a rule for. */
function cluster(folder: string): Blueprint {
  const blueprint = new Blueprint({
    target: ClusterTarget.kubernetes('1.31', {
      clusterNetworkPolicy: true,
      ipFamilies: ['IPv4', 'IPv6'],
    }),
    outdir: join(folder, 'dist'),
  });
  const shop = new Tenant(blueprint, 'shop');
  const analytics = new Tenant(blueprint, 'analytics');
  shop.namespace('data');
  const ports = [{ name: 'http', number: 8080 }, { number: 7005 }];
  const api = new HardenedDeployment(shop.namespace('web'), 'api', { containers: [{ image: IMAGE, ports }] });
  const report = new HardenedDeployment(analytics.namespace('jobs'), 'report', {
    containers: [{ image: IMAGE }],
  });
  report.allowTo(api, { ports: ['http', { port: 7000, endPort: 7010 }] });
  api.offerTo(report, { ports: [{ port: 7000, endPort: 7010 }, 8080] });
  analytics.allowTo(shop, {
    ports: [9090, { port: 53, protocol: 'UDP' }, { port: 38, protocol: 'SCTP' }],
  });
  shop.allowFrom(analytics, {
    ports: [9090, { port: 53, protocol: 'UDP' }, { port: 38, protocol: 'SCTP' }],
  });
  return blueprint;
}

if (CRD && (serverMinor() ?? 37) < 31) {
  describeWithApiServer('a cluster that is too old for ClusterNetworkPolicy', (server) => {
    it('does not take its definition, and the target is refused for the same reason', () => {
      const { stderr } = server().kubectl(['apply', '--server-side', '-f', CRD], { allowFailure: true });
      expect(stderr).toContain("undeclared reference to 'isCIDR'");
      const target = ClusterTarget.kubernetes(`1.${serverMinor()}`, { clusterNetworkPolicy: true });
      const tenant = new Tenant(new Blueprint({ target }), 'shop');
      expect(() => tenant.namespace('web')).toThrow(/^shop: .*needs Kubernetes 1.31/);
    });
  });
} else {
  describeWithCustomResources(
    'the guards of tenants in a cluster with ClusterNetworkPolicy',
    { definitions: [CRD], cluster },
    ({ server, manifests, apply }) => {
      it('are taken by strict validation together with everything else', () => {
        const lines = apply();
        expect(lines.filter((line) => !line.endsWith(' created'))).toEqual([]);
        expect(lines.filter((line) => line.startsWith('clusternetworkpolicy.'))).toHaveLength(
          manifests().filter(({ kind }) => kind === 'ClusterNetworkPolicy').length,
        );
      });

      it('have nothing to change when they are applied again', () => {
        expect(apply().filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      });

      it('are stored as they were written, no field dropped and none added', async () => {
        const guards = manifests().filter(({ kind }) => kind === 'ClusterNetworkPolicy');
        expect(guards.map(({ metadata }) => metadata?.name).sort()).toEqual([
          'agreement.analytics-jobs.report',
          'agreement.shop-web.api',
          'agreement.tenant-analytics',
          'agreement.tenant-shop',
          'tenant-analytics',
          'tenant-shop',
        ]);
        const path = '/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies';
        const { body } = await server().request('GET', path);
        const specs = (objects: readonly any[]) =>
          Object.fromEntries(objects.map(({ metadata, spec }) => [metadata.name, spec]));
        expect(specs(body.items)).toEqual(specs(guards));
      });
    },
  );
}
