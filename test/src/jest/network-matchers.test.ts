import '../../../src/jest';
import { TWO_TENANTS } from '../network/cluster';

describe('expect(manifests)', () => {
  it('.toAllow passes for a connection that policies allow', () => {
    expect(TWO_TENANTS).toAllow('shop-web/web', 'stats/api', 'TCP 8080');
    expect(TWO_TENANTS).toAllow('shop-web/web', 'stats/api', 8080);
    expect(TWO_TENANTS).not.toAllow('shop-web/web', 'stats/api', 'UDP 8080');
    expect(TWO_TENANTS).not.toAllow('shop-web/db', 'stats/api', 'TCP 8080');
  });

  it('.toAllow takes a Service as the destination, on its own port', () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'stats', name: 'front' },
      spec: { selector: { app: 'api' }, ports: [{ port: 80, targetPort: 'http' }] },
    };
    expect([...TWO_TENANTS, service]).toAllow('shop-web/web', 'svc/stats/front', 80);
    expect([...TWO_TENANTS, service]).not.toAllow('shop-web/db', 'svc/stats/front', 80);
    expect(() => expect([...TWO_TENANTS, service]).toAllow('shop-web/db', 'svc/stats/front', 80)).toThrow(
      'Service stats/front sends TCP 80 to TCP 8080 of stats/api[Deployment].',
    );
  });

  it('.toAllow tells why it fails', () => {
    expect(() => expect(TWO_TENANTS).toAllow('shop-web/web', 'shop-web/db', 5432)).toThrow(
      'no rule lets TCP 5432 into it',
    );
    expect(() => expect(TWO_TENANTS).not.toAllow('shop-web/web', 'stats/api', 8080)).toThrow(
      'NetworkPolicy stats/api lets it into stats/api, by spec.ingress[0].',
    );
  });

  it('.toBeIsolated passes for tenants or namespaces that do not reach each other', () => {
    const separate = TWO_TENANTS.filter(({ metadata }) => metadata?.name !== 'web' || !metadata.namespace);
    expect(separate).toBeIsolated('shop', 'analytics');
    expect(separate).toBeIsolated('shop-web', 'stats');
    expect(TWO_TENANTS).not.toBeIsolated('shop', 'analytics');
    expect(() => expect(TWO_TENANTS).toBeIsolated('shop', 'analytics')).toThrow(
      '- shop-web/web[Deployment] may connect to stats/api[Deployment]: TCP 8080',
    );
    expect(() => expect(TWO_TENANTS).toBeIsolated('shop', 'nobody')).toThrow(
      "There is no tenant and no namespace 'nobody'",
    );
  });
});
