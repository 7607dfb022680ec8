import fc from 'fast-check';
import type { Manifest } from '../../../src/manifest/manifest';
import { analyzeNetwork } from '../../../src/network';
import type { DeclaredConnection } from '../../../src/network/declared';
import { targetFor } from '../../../src/target/target';
import { proveTenancy } from '../../../src/tenancy/theorem';
import { denyAll, deployment, namespace, podsOf, policy } from '../network/cluster';

const target = targetFor('1.33');
const NAMES = ['a', 'b', 'c'] as const;
const CLOSED = NAMES.flatMap((name) => [
  namespace(name, `tenant-${name}`),
  deployment(name, 'x'),
  denyAll(name),
]);

const pods = (name: string) => ({ type: 'pods', namespaces: [name], labels: { app: 'x' } }) as const;
const connection = (from: string, to: string, opens: DeclaredConnection['opens']): DeclaredConnection => ({
  source: pods(from),
  destination: pods(to),
  ports: [{ port: 8080, protocol: 'TCP' }],
  opens,
  path: from,
});
const out = (from: string, to: string, port = 8080) =>
  policy(from, `to-${to}-${port}`, {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ to: [podsOf(to, 'x')], ports: [{ port }] }],
  });
const into = (from: string, to: string, port = 8080) =>
  policy(to, `from-${from}-${port}`, {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [podsOf(from, 'x')], ports: [{ port }] }],
  });

/** Lets the ServiceAccounts of one namespace read the Secrets of another. */
function reads(from: string, to: string, annotations: Record<string, string> = {}): Manifest[] {
  const rbac = (kind: string, rest: object) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { namespace: to, name: 'reader', annotations },
    ...rest,
  });
  return [
    rbac('Role', { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }),
    rbac('RoleBinding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', namespace: from, name: 'default' }],
    }),
  ];
}

describe('The theorem of tenancy', () => {
  it('is true where neither network nor rights lead across', () => {
    expect(proveTenancy(CLOSED, { target, declared: [] })).toMatchObject({
      holds: true,
      counterExamples: [],
      tenants: ['tenant-a', 'tenant-b', 'tenant-c'],
      network: { declared: 0, isAsDeclared: true, agreed: [], holes: [], metadata: [] },
      rights: { agreed: [], holes: [] },
    });
  });

  it('is false with a hole in the network, which is shown', () => {
    const { holds, counterExamples } = proveTenancy([...CLOSED, out('a', 'b'), into('a', 'b')], {
      target,
      declared: [],
    });
    expect(holds).toBe(false);
    expect(counterExamples).toEqual([
      'The tenant tenant-a reaches the tenant tenant-b: a/x[Deployment] => b/x[Deployment] on TCP 8080',
    ]);
  });

  it('is true with an agreement of both, and counts it', () => {
    const declared = [connection('a', 'b', 'egress'), connection('a', 'b', 'ingress')];
    const { holds, network } = proveTenancy([...CLOSED, out('a', 'b'), into('a', 'b')], { target, declared });
    expect(holds).toBe(true);
    expect(network.agreed.map(({ from, to }) => [from, to])).toEqual([['tenant-a', 'tenant-b']]);
  });

  it('is false where only one has agreed', () => {
    const declared = [connection('a', 'b', 'egress')];
    const all = [...CLOSED, out('a', 'b'), into('a', 'b')];
    expect(proveTenancy(all, { target, declared }).holds).toBe(false);
  });

  it('is false on ports beyond those agreed to', () => {
    const declared = [connection('a', 'b', 'both')];
    const ways = [out('a', 'b'), into('a', 'b'), out('a', 'b', 22), into('a', 'b', 22)];
    expect(proveTenancy([...CLOSED, ...ways], { target, declared }).counterExamples).toEqual([
      expect.stringContaining('on TCP 22'),
    ]);
  });

  it('is false with a chain of rights, which is shown, and true once it is agreed to', () => {
    const { holds, counterExamples } = proveTenancy([...CLOSED, ...reads('a', 'b')], {
      target,
      declared: [],
    });
    expect(holds).toBe(false);
    expect(counterExamples).toEqual([
      expect.stringContaining('from the tenant tenant-a into the tenant tenant-b'),
    ]);
    const waiver = { 'cdk8s-bulwark/waive.no-way-out-of-tenant': 'both tenants have agreed to it' };
    const agreed = proveTenancy([...CLOSED, ...reads('a', 'b', waiver)], { target, declared: [] });
    expect(agreed).toMatchObject({ holds: true, rights: { agreed: [expect.anything()], holes: [] } });
  });

  it('agrees with asking for every pair, on random policies and declarations', () => {
    const pair = fc
      .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES))
      .filter(([from, to]) => from !== to);
    const side = fc.tuple(pair, fc.constantFrom(8080, 22), fc.boolean());
    const declaration = fc.tuple(pair, fc.constantFrom('ingress', 'egress', 'both'));
    let apart = 0;
    fc.assert(
      fc.property(
        fc.uniqueArray(side, { maxLength: 10, selector: String }),
        fc.array(declaration, { maxLength: 4 }),
        (sides, declarations) => {
          const policies = sides.map(([[from, to], port, isOut]) => (isOut ? out : into)(from, to, port));
          const declared = declarations.map(([[from, to], opens]) => connection(from, to, opens));
          const all = [...CLOSED, ...policies];
          const reachability = analyzeNetwork(all, { target });
          const has = (from: string, to: string, opens: string) =>
            declarations.some(
              ([ends, own]) => ends.join() === `${from},${to}` && [opens, 'both'].includes(own),
            );
          const isHole = (from: string, to: string, port: number) =>
            from !== to &&
            reachability.allows(`${from}/x`, `${to}/x`, 'TCP', port) &&
            !(port === 8080 && has(from, to, 'egress') && has(from, to, 'ingress'));
          const holes = NAMES.flatMap((from) =>
            NAMES.filter((to) => isHole(from, to, 8080) || isHole(from, to, 22)).map((to) => `${from} ${to}`),
          );
          const { network, holds } = proveTenancy(all, { target, declared });
          expect(network.holes.map(({ from, to }) => `${from.at(-1)} ${to.at(-1)}`)).toEqual(holes);
          expect(holds).toBe(holes.length === 0);
          apart += holes.length === 0 ? 1 : 0;
        },
      ),
      { numRuns: 300, seed: 20_261_124 },
    );
    expect(apart).toBeGreaterThan(30);
    expect(apart).toBeLessThan(270);
  });
});
