import type { DeclaredConnection } from '../../../src/network/declared';
import { networkAsDeclared } from '../../../src/network/prove';
import { targetFor } from '../../../src/target/target';
import { deployment, denyAll, namespace, podsOf, policy } from './cluster';

const DECLARED: readonly DeclaredConnection[] = [
  {
    source: { type: 'pods', namespaces: ['a'], labels: { app: 'x' } },
    destination: { type: 'pods', namespaces: ['b'], labels: { app: 'y' } },
    ports: [{ port: 8080, protocol: 'TCP' }],
    opens: 'both',
    path: 'cluster/a/x',
  },
];
const OBJECTS = [
  ...[namespace('a', 'one'), namespace('b', 'two'), deployment('a', 'x'), deployment('b', 'y')],
  ...[denyAll('a'), denyAll('b')],
];
const OUT = policy('a', 'x', {
  podSelector: { matchLabels: { app: 'x' } },
  policyTypes: ['Egress'],
  egress: [{ to: [podsOf('b', 'y')], ports: [{ port: 8080 }] }],
});
const INTO = policy('b', 'y', {
  podSelector: { matchLabels: { app: 'y' } },
  policyTypes: ['Ingress'],
  ingress: [{ from: [podsOf('a', 'x')], ports: [{ port: 8080 }] }],
});
const prove = (...policies: typeof OBJECTS) =>
  networkAsDeclared(() => DECLARED)([...OBJECTS, ...policies], targetFor());

describe('The network of tenants is proved to be what was declared', () => {
  it('when the policies allow exactly that', () => {
    expect(prove(OUT, INTO)).toEqual([]);
  });

  it('and not when a policy that a declared connection needs is missing', () => {
    expect(prove(OUT)).toEqual([
      expect.objectContaining({
        what: 'a/x[Deployment] => b/y[Deployment] is declared on TCP 8080 by cluster/a/x, and the policies on b/y block its ingress',
        fix: 'Take the declaration back, or leave the rule for the ingress of b/y in the NetworkPolicy that allowFrom and allowTo have made.',
      }),
    ]);
  });

  it('and not when a policy allows more, which is named', () => {
    const open = policy('a', 'open', { podSelector: {}, egress: [{}], policyTypes: ['Egress'] });
    const problems = prove(OUT, INTO, open);
    expect(problems).toContainEqual(
      expect.objectContaining({
        manifest: open,
        field: 'spec.egress[0]',
        what: 'a/x[Deployment] => 0.0.0.0-255.255.255.255[External] is allowed on All Connections, and nobody declared it',
      }),
    );
  });

  it('and not when a metadata address is reached, which is said beside', () => {
    const blocks = [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }];
    const wide = policy('a', 'wide', { podSelector: {}, egress: [{ to: blocks, ports: [{ port: 80 }] }] });
    expect(prove(OUT, INTO, { ...wide })).toContainEqual(
      expect.objectContaining({
        manifest: wide,
        field: 'spec.egress[0]',
        what: 'a/x[Deployment] reaches the metadata address 100.100.100.200 on TCP 80',
        fix: expect.stringContaining('spec.egress[0] of NetworkPolicy a/wide') as string,
      }),
    );
  });

  it('with a fix that names the rule which is too much', () => {
    const open = policy('b', 'open', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] });
    const out = policy('a', 'out', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] });
    const fixes = prove(OUT, INTO, open, out).map(({ fix }) => fix);
    expect(fixes).toContain(
      'Declare it with allowFrom or allowTo, or remove spec.egress[0] of NetworkPolicy a/out.',
    );
  });

  it('even where one side alone is wider than declared, as long as nothing else is reachable', () => {
    const wider = policy('b', 'wider', {
      podSelector: {},
      ingress: [{ from: [podsOf('a', 'x')], ports: [{ port: 9999 }] }],
    });
    expect(prove(OUT, INTO, wider)).toEqual([]);
  });
});
