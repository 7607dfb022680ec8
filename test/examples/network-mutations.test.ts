import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { declaredConnections } from '../../constructs';
import { secureCluster } from '../../examples/secure-cluster/main';
import { checkManifests } from '../../src/controls/check';
import { CONTROLS } from '../../src/controls/catalogue';
import type { Manifest } from '../../src/manifest/manifest';
import { analyzeNetwork, formatConnections } from '../../src/network';
import { networkAsDeclared } from '../../src/network/prove';

interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports?: readonly object[];
}

interface Spec {
  readonly podSelector: object;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

interface Mutation {
  readonly what: string;
  readonly manifests: readonly Manifest[];
}

const outdir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-mutations-')), 'dist');
const cluster = secureCluster(undefined, outdir);
const { manifests } = cluster.synth();
const declared = declaredConnections(cluster);
const prove = networkAsDeclared(() => declared);

const isPolicy = ({ kind }: Manifest) => kind === 'NetworkPolicy';
const nameOf = ({ metadata }: Manifest) => `${metadata!.namespace}/${metadata!.name}`;
const reachable = (all: readonly Manifest[]) =>
  formatConnections(analyzeNetwork(all, { target: cluster.target }).connections());

/** The list without each of its items in turn. */
function without<T>(list: readonly T[]): { readonly at: number; readonly rest: readonly T[] }[] {
  return list.map((_, at) => ({ at, rest: list.filter((_item, index) => index !== at) }));
}

/** Every rule with one of its peers or ports less. A rule that has none left allows all of them. */
function smallerRules(rule: Rule): { readonly what: string; readonly rule: Rule }[] {
  return (['from', 'to', 'ports'] as const).flatMap((field) =>
    without(rule[field] ?? []).map(({ at, rest }) => ({
      what: `${field}[${at}]`,
      rule: { ...rule, [field]: rest },
    })),
  );
}

function smallerSpecs(spec: Spec): { readonly what: string; readonly spec: Spec }[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const rules = spec[direction] ?? [];
    const inside = rules.flatMap((rule, at) =>
      smallerRules(rule).map(({ what, rule: smaller }) => ({
        what: `${direction}[${at}].${what}`,
        spec: { ...spec, [direction]: rules.map((other, index) => (index === at ? smaller : other)) },
      })),
    );
    const removed = without(rules).map(({ at, rest }) => ({
      what: `${direction}[${at}]`,
      spec: { ...spec, [direction]: rest },
    }));
    return [...inside, ...removed];
  });
}

function removals(policy: Manifest): Mutation[] {
  const rest = manifests.filter((manifest) => manifest !== policy);
  return [
    { what: `${nameOf(policy)} is removed`, manifests: rest },
    ...smallerSpecs(policy.spec as Spec).map(({ what, spec }) => ({
      what: `${what} of ${nameOf(policy)} is removed`,
      manifests: [...rest, { ...policy, spec }],
    })),
  ];
}

const ALLOW_ALL: readonly Partial<Spec>[] = [
  { policyTypes: ['Ingress'], ingress: [{}] },
  { policyTypes: ['Egress'], egress: [{}] },
  { policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
];

function additions({ metadata }: Manifest): Mutation[] {
  return ALLOW_ALL.map((spec) => {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: metadata!.name, name: 'allow-all' },
      spec: { podSelector: {}, ...spec },
    };
    return {
      what: `all ${spec.policyTypes!.join(' and ')} of ${metadata!.name} is allowed`,
      manifests: [...manifests, policy],
    };
  });
}

const REMOVED = manifests.filter(isPolicy).flatMap(removals);
const MUTATIONS = [...REMOVED, ...manifests.filter(({ kind }) => kind === 'Namespace').flatMap(additions)];
const before = reachable(manifests);
const isProved = (mutation: Mutation) => prove(mutation.manifests, cluster.target).length === 0;
const proved = MUTATIONS.filter(isProved);
const noticed = MUTATIONS.length - proved.length;

describe(`of ${MUTATIONS.length} changes to the policies of the example`, () => {
  it(`${noticed} are noticed, and after the other ${proved.length} exactly the same is reachable`, () => {
    expect(prove(manifests, cluster.target)).toEqual([]);
    expect(proved.filter((mutation) => reachable(mutation.manifests) !== before)).toEqual([]);
    expect(noticed).toBeGreaterThanOrEqual(136);
  });

  it('none that takes a whole policy or allows everything gets through the synthesis', () => {
    const coarse = MUTATIONS.filter(({ what }) => !what.includes('['));
    expect(coarse.length).toBeGreaterThan(30);
    const controls = CONTROLS.filter(({ id }) => id === 'namespace-default-deny');
    const passes = (mutation: Mutation) =>
      isProved(mutation) &&
      checkManifests(mutation.manifests, { target: cluster.target, controls }).length === 0;
    expect(coarse.filter(passes)).toEqual([]);
  });
});
