import { checkManifests } from '../../../src/controls/check';
import { NETWORK_LINT_CONTROLS } from '../../../src/controls/network-lint';
import type { JsonObject, Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';

const DUAL = ClusterTarget.kubernetes('1.37', { ipFamilies: ['IPv4', 'IPv6'] });
const IPV4 = ClusterTarget.kubernetes('1.37');

/** `policy field` of every finding of a control. */
function places(id: string, manifests: readonly Manifest[], target = DUAL): string[] {
  const controls = NETWORK_LINT_CONTROLS.filter((control) => control.id === id);
  expect(controls).toHaveLength(1);
  return checkManifests(manifests, { target, controls }).map(
    ({ manifest, field }) => `${manifest.metadata?.name} ${field}`,
  );
}

function policy(name: string, spec: JsonObject, namespace = 'shop'): Manifest {
  const podSelector = { matchLabels: { app: 'api' } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector, ...spec },
  };
}

function pod(place: string, ports: readonly JsonObject[] = [], rest: JsonObject = {}): Manifest {
  const [namespace, name] = place.split('/') as [string, string];
  const metadata = { namespace, name, labels: { app: name } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name, ports }], ...rest } };
}

const app = (name: string) => ({ matchLabels: { app: name } });
const named = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
const http = [{ port: 80 }];

describe('network-policy-rule-counts', () => {
  const ID = 'network-policy-rule-counts';
  const from = (...peers: JsonObject[]) => ({ from: peers, ports: http });

  it.each<[string, JsonObject, JsonObject]>([
    ['the same rule', from({ podSelector: app('web') }), from({ podSelector: app('web') })],
    ['everybody', { ports: http }, from({ podSelector: app('web') })],
    ['all pods of the namespace', from({ podSelector: {} }), from({ podSelector: app('web') })],
    [
      'its own namespace by name',
      from({ namespaceSelector: named('shop') }),
      from({ podSelector: app('web') }),
    ],
    [
      'every pod',
      from({ namespaceSelector: {} }),
      from({ namespaceSelector: named('a'), podSelector: app('web') }),
    ],
    [
      'all pods of other namespaces',
      from({ namespaceSelector: { matchLabels: { team: 'a' } } }),
      from({ namespaceSelector: { matchLabels: { team: 'a' } }, podSelector: app('web') }),
    ],
    ['more ports', { from: [{ podSelector: app('web') }] }, from({ podSelector: app('web') })],
    [
      'a range',
      { from: [{ podSelector: app('web') }], ports: [{ port: 1, endPort: 100 }] },
      from({ podSelector: app('web') }),
    ],
    ['a larger block', from({ ipBlock: { cidr: '10.0.0.0/8' } }), from({ ipBlock: { cidr: '10.1.0.0/16' } })],
    [
      'a larger IPv6 block',
      from({ ipBlock: { cidr: 'fd00::/8' } }),
      from({ ipBlock: { cidr: 'fd00:1::/32' } }),
    ],
  ])('finds a rule behind %s, wherever it stands', (_name, wide, narrow) => {
    expect(places(ID, [policy('one', { ingress: [wide, narrow] })])).toEqual(['one spec.ingress[1]']);
    const last = _name === 'the same rule' ? 1 : 0;
    expect(places(ID, [policy('one', { ingress: [narrow, wide] })])).toEqual([`one spec.ingress[${last}]`]);
  });

  it('finds one in another policy on the same pods, or on all', () => {
    const rule = from({ podSelector: app('web') });
    const wide = policy('wide', { podSelector: {}, ingress: [rule] });
    expect(places(ID, [policy('one', { ingress: [rule] }), wide])).toEqual(['one spec.ingress[0]']);
    expect(places(ID, [wide, policy('one', { ingress: [rule] }, 'blog')])).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['other peers', from({ podSelector: app('web') }), from({ podSelector: app('job') })],
    [
      'other ports',
      from({ podSelector: app('web') }),
      { from: [{ podSelector: app('web') }], ports: [{ port: 81 }] },
    ],
    [
      'a peer more',
      from({ podSelector: {} }),
      from({ podSelector: app('web') }, { namespaceSelector: named('a') }),
    ],
    [
      'what a block excepts',
      from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }),
      from({ ipBlock: { cidr: '10.1.0.0/16' } }),
    ],
    ['pods, beside addresses', from({ ipBlock: { cidr: '0.0.0.0/0' } }), from({ podSelector: app('web') })],
    [
      'a port by name',
      from({ podSelector: {} }),
      { from: [{ podSelector: app('web') }], ports: [{ port: 'http' }] },
    ],
    [
      'another protocol',
      from({ podSelector: {} }),
      { from: [{ podSelector: {} }], ports: [{ protocol: 'UDP', port: 80 }] },
    ],
  ])('leaves %s', (_name, wide, narrow) => {
    expect(places(ID, [policy('one', { ingress: [wide, narrow] })])).toEqual([]);
  });

  it('finds a cluster-wide rule behind one that decides first, and not before it', () => {
    const cluster = (name: string, priority: number, action: string, rest: JsonObject = {}) => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name },
      spec: {
        tier: 'Admin',
        priority,
        subject: { namespaces: {} },
        ingress: [{ action, from: [{ namespaces: named('a') }], ...rest }],
      },
    });
    const tcp = { protocols: [{ tcp: { destinationPort: { number: 80 } } }] };
    expect(places(ID, [cluster('late', 2, 'Accept', tcp), cluster('early', 1, 'Deny')])).toEqual([
      'late spec.ingress[0]',
    ]);
    expect(places(ID, [cluster('late', 2, 'Deny'), cluster('early', 1, 'Accept', tcp)])).toEqual([]);
    expect(places(ID, [cluster('one', 1, 'Deny'), cluster('two', 1, 'Accept', tcp)])).toEqual([]);
  });
});

describe('network-policy-peer-not-split', () => {
  const ID = 'network-policy-peer-not-split';
  const split = policy('one', {
    ingress: [{ from: [{ namespaceSelector: named('monitoring') }, { podSelector: app('prometheus') }] }],
  });

  it('finds selectors that only together name somebody', () => {
    expect(places(ID, [pod('shop/api'), pod('monitoring/prometheus'), split])).toEqual([
      'one spec.ingress[0].from',
    ]);
  });

  it('leaves two peers that both are somebody, and what the manifests do not show', () => {
    const both = [pod('shop/api'), pod('shop/prometheus'), pod('monitoring/prometheus'), split];
    expect(places(ID, both)).toEqual([]);
    expect(places(ID, [pod('monitoring/prometheus'), split])).toEqual([]);
    expect(places(ID, [pod('shop/api'), split])).toEqual([]);
  });
});

describe('network-policy-ip-families', () => {
  const ID = 'network-policy-ip-families';
  const to = (...cidrs: string[]) =>
    policy('one', {
      policyTypes: ['Egress'],
      egress: [{ to: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }],
    });

  it('finds a rule for every address of one family where pods have both', () => {
    expect(places(ID, [to('0.0.0.0/0')])).toEqual(['one spec.egress[0].to']);
    expect(places(ID, [to('::/0')])).toEqual(['one spec.egress[0].to']);
    expect(places(ID, [to('::/0')], IPV4)).toEqual(['one spec.egress[0].to']);
  });

  it('leaves both, one that pods have alone, and one host', () => {
    expect(places(ID, [to('0.0.0.0/0', '::/0')])).toEqual([]);
    expect(places(ID, [to('0.0.0.0/0')], IPV4)).toEqual([]);
    expect(places(ID, [to('192.0.2.1/32')])).toEqual([]);
  });
});

describe('network-policy-port-declared', () => {
  const ID = 'network-policy-port-declared';
  const declared = pod('shop/api', [{ name: 'http', containerPort: 8080 }]);
  const ingress = (port: number | string, more: JsonObject = {}) =>
    policy('one', { ingress: [{ ports: [{ port, ...more }] }] });

  it('finds numbers and names that no container declares', () => {
    expect(places(ID, [declared, ingress(80)])).toEqual(['one spec.ingress[0].ports']);
    expect(places(ID, [declared, ingress('web')])).toEqual(['one spec.ingress[0].ports']);
    expect(places(ID, [declared, ingress(8080, { protocol: 'UDP' })])).toEqual(['one spec.ingress[0].ports']);
    const egress = { to: [{ podSelector: app('api') }], ports: [{ port: 80 }] };
    const from = policy('one', { podSelector: {}, policyTypes: ['Egress'], egress: [egress] });
    expect(places(ID, [declared, from])).toEqual(['one spec.egress[0].ports']);
  });

  it('leaves declared ones, ranges around them, whole protocols, pods that declare none, and peers elsewhere', () => {
    expect(places(ID, [declared, ingress(8080)])).toEqual([]);
    expect(places(ID, [declared, ingress('http')])).toEqual([]);
    expect(places(ID, [declared, ingress(8000, { endPort: 8100 })])).toEqual([]);
    expect(places(ID, [declared, policy('one', { ingress: [{ ports: [{ protocol: 'UDP' }] }] })])).toEqual(
      [],
    );
    expect(places(ID, [pod('shop/api'), ingress(80)])).toEqual([]);
    const outside = {
      to: [{ namespaceSelector: named('a') }, { ipBlock: { cidr: '10.0.0.0/8' } }],
      ports: http,
    };
    const from = policy('one', { policyTypes: ['Egress'], egress: [outside] });
    expect(places(ID, [declared, from])).toEqual([]);
  });
});

it.each<[string, JsonObject, string[]]>([
  [
    'network-policy-pod-label-trust',
    { namespaceSelector: {}, podSelector: app('web') },
    ['one spec.ingress[0].from'],
  ],
  [
    'network-policy-pod-label-trust',
    {
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] },
      podSelector: app('web'),
    },
    ['one spec.ingress[0].from'],
  ],
  ['network-policy-pod-label-trust', { namespaceSelector: named('a'), podSelector: app('web') }, []],
  ['network-policy-pod-label-trust', { podSelector: app('web') }, []],
  ['network-policy-pod-label-trust', { namespaceSelector: {} }, []],
  [
    'network-policy-namespace-label-trust',
    { namespaceSelector: { matchLabels: { team: 'a' } } },
    ['one spec.ingress[0].from'],
  ],
  [
    'network-policy-namespace-label-trust',
    { namespaceSelector: { matchLabels: { 'example.com/team': 'a' } } },
    [],
  ],
  ['network-policy-namespace-label-trust', { namespaceSelector: named('a') }, []],
  ['network-policy-namespace-label-trust', { namespaceSelector: {} }, []],
])('%s: %j', (id, peer, expected) => {
  expect(places(id, [policy('one', { ingress: [{ from: [peer] }] })])).toEqual(expected);
});
