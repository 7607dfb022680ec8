import { ApiObject, JsonPatch } from 'cdk8s';
import {
  Blueprint,
  ClusterTarget,
  Guardrails,
  type GuardrailsProps,
  HardenedDeployment,
  Tenant,
  type TenantProps,
} from '../../../constructs';
import { findControl } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import type { Manifest } from '../../../src/manifest/manifest';
import { DEFAULT_TARGET } from '../../../src/target/target';
import { blueprint, objectOf, specOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';

function target(capabilities: object = {}): Blueprint {
  return blueprint('1.33', capabilities).cluster;
}

/** A cluster with only the tenants of the test. */
function cluster(version = '1.33', capabilities: object = {}, tenancy: object = {}): Blueprint {
  const { outdir } = blueprint().cluster;
  return new Blueprint({ target: ClusterTarget.kubernetes(version, capabilities), outdir, tenancy });
}

describe('the quota of a tenant', () => {
  it('limits every kind of object that the multi-tenancy benchmarks name, and those that are counted by name', () => {
    const all = cluster();
    new Tenant(all, 'team', { quota: { objects: { 'widgets.example.com': 3 } } }).namespace('web');
    expect(specOf(objectOf(all, 'ResourceQuota', 'quota', 'team-web')).hard).toMatchObject({
      pods: '100',
      services: '50',
      replicationcontrollers: '10',
      resourcequotas: '2',
      secrets: '200',
      configmaps: '202',
      persistentvolumeclaims: '50',
      'services.nodeports': '0',
      'count/widgets.example.com': '3',
      'count/jobs.batch': '1k',
    });
  });

  it('is divided among namespaces and teams, and that of a team again', () => {
    const all = cluster();
    const team = new Tenant(all, 'team', { quota: { cpu: '12', pods: 40 } });
    team.namespace('web');
    const payments = new Tenant(team, 'payments', { quota: { cpu: '8' } });
    payments.namespace('api');
    payments.namespace('jobs', { quota: { cpu: '2' } });
    const hard = (namespace: string) => specOf(objectOf(all, 'ResourceQuota', 'quota', namespace)).hard;
    expect(hard('team-web')).toMatchObject({ 'limits.cpu': '4', pods: '20' });
    expect(hard('team-payments-api')).toMatchObject({ 'limits.cpu': '6', pods: '10' });
    expect(hard('team-payments-jobs')).toMatchObject({ 'limits.cpu': '2', pods: '10' });
  });

  it('is refused for a part that it does not hold, and told once', () => {
    const all = cluster();
    const team = new Tenant(all, 'team', { quota: { cpu: '4' } });
    const payments = new Tenant(team, 'payments', { quota: { cpu: '8' } });
    payments.namespace('api');
    payments.namespace('jobs');
    expect(() => all.synth()).toThrow(
      /^The blueprint has a problem.*\n- team: Its parts have a quota of 8 cpu together, and the tenant has 4\. Raise/,
    );
  });

  it('is refused where nothing is left for a namespace that asks for nothing of its own', () => {
    const all = cluster();
    const team = new Tenant(all, 'team', { quota: { loadBalancers: 1 } });
    ['a', 'b'].forEach((name) => team.namespace(name));
    expect(() => all.synth()).toThrow(
      /Of 1 loadBalancers, 1 are left for 2 parts of it, which is nothing for each/,
    );
  });

  it('follows from the Services that may be load balancers', () => {
    const all = cluster();
    new Tenant(all, 'team', { allowances: { loadBalancers: ['ingress'] } }).namespace('web');
    const { hard } = specOf(objectOf(all, 'ResourceQuota', 'quota', 'team-web'));
    expect(hard['services.loadbalancers']).toBe('1');
  });

  it('of all tenants together fits into the cluster', () => {
    const make = (capacity: object) => {
      const all = cluster('1.33', { capacity });
      new Tenant(all, 'a', { quota: { cpu: '40', memory: '1Gi' } });
      const b = new Tenant(all, 'b', { quota: { cpu: '30', memory: '1Gi' } });
      new Tenant(b, 'team', { quota: { cpu: '30' } });
      return all;
    };
    expect(() => make({ cpu: '70', memory: '2Gi' }).synth()).not.toThrow();
    expect(() => make({ cpu: '35', overcommit: 2 }).synth()).not.toThrow();
    expect(() => make({ cpu: '64' }).synth()).toThrow(
      'The quotas of 2 tenants add up to 70 cpu, and the cluster has 64: the last to start would not, though their quota says that ' +
        'they may. Most is claimed by a (40), b (30).',
    );
    expect(() => make({ memory: '1Gi' }).synth()).toThrow(/add up to 2Gi memory, and the cluster has 1Gi/);
  });

  it.each([
    [{ quota: { cpu: '-1' } }, /team: quota\.cpu is -1/],
    [{ quota: { objects: { jobs: 1 } } }, /counts 'jobs', which is no PLURAL\.GROUP/],
  ])('refuses what is no amount: %j', (props, message) => {
    expect(() => new Tenant(cluster(), 'team', props)).toThrow(message);
  });
});

describe('owner and cost center', () => {
  it('are labels of every namespace, which nothing else can set', () => {
    const all = cluster();
    const team = new Tenant(all, 'team', {
      owner: 'team-shop',
      costCenter: 'cc-4711',
      labels: { 'example.com/data': 'personal', 'cdk8s-bulwark/owner': 'somebody' },
    });
    team.namespace('web', { labels: { 'cdk8s-bulwark/cost-center': 'cc-0' } });
    expect(objectOf(all, 'Namespace', 'team-web').metadata?.labels).toMatchObject({
      'cdk8s-bulwark/owner': 'team-shop',
      'cdk8s-bulwark/cost-center': 'cc-4711',
      'example.com/data': 'personal',
    });
  });

  it('are those of all tenants, or of none', () => {
    const all = cluster();
    new Tenant(all, 'a', { costCenter: 'cc-1' });
    new Tenant(all, 'b');
    expect(() => all.synth()).toThrow(
      "b: has no costCenter, and a has one, and a list that leaves some out is no list. Add costCenter: '...' to the properties of the tenant.",
    );
  });

  it('are required of every tenant where the blueprint says so, as is any other label', () => {
    const all = cluster('1.33', {}, { requiredLabels: ['owner', 'example.com/data'] });
    new Tenant(all, 'a', { owner: 'ann' });
    expect(() => all.synth()).toThrow(
      "a: has no example.com/data, and the blueprint requires it of every tenant. Add labels: { 'example.com/data': '...' }",
    );
    const complete = cluster('1.33', {}, { requiredLabels: ['owner', 'example.com/data'] });
    const a = new Tenant(complete, 'a', { owner: 'ann', labels: { 'example.com/data': 'none' } });
    new Tenant(a, 'team').namespace('web');
    expect(objectOf(complete, 'Namespace', 'a-team-web').metadata?.labels).toMatchObject({
      'cdk8s-bulwark/owner': 'ann',
    });
  });

  it('refuses what cannot be a label', () => {
    const team = new Tenant(cluster(), 'team', { owner: 'ann@example.com' });
    expect(() => team.namespace('web')).toThrow(/'ann@example.com' cannot be the label cdk8s-bulwark\/owner/);
  });
});

describe('two tenants', () => {
  it('never share a Namespace', () => {
    const all = cluster();
    new Tenant(all, 'a').namespace('b-c');
    const other = new Tenant(all, 'a-b');
    expect(() => other.namespace('c')).toThrow("a-b: would get the Namespace 'a-b-c', and so does a");
  });

  it('never share a name', () => {
    const all = cluster();
    new Tenant(all, 'a-b');
    const a = new Tenant(all, 'a');
    expect(() => new Tenant(a, 'b')).toThrow("a/b: is the tenant 'a-b', and so is a-b");
  });

  it('never get a Namespace of Kubernetes itself', () => {
    expect(() => new Tenant(cluster(), 'kube').namespace('system')).toThrow(/where Kubernetes itself lives/);
  });

  it.each<[string, TenantProps, TenantProps, RegExp | undefined]>([
    ['one host', hosts('a.example.com'), hosts('a.example.com'), /may serve a.example.com/],
    ['a name below', hosts('*.example.com'), hosts('a.example.com'), /and a may serve \*\.example\.com/],
    ['a name far below', hosts('*.example.com'), hosts('x.y.example.com'), /may serve/],
    ['names below names', hosts('*.example.com'), hosts('*.a.example.com'), /may serve/],
    ['names beside', hosts('*.a.example.com'), hosts('a.example.com', 'b.example.com'), undefined],
    ['a block', owns('10.0.0.0/24'), owns('10.0.0.0/24'), /owns the addresses 10\.0\.0\.0\/24/],
    [
      'an inner block',
      owns('10.0.0.0/8'),
      owns('192.0.2.0/24', '10.1.0.0/16'),
      /owns the addresses 10\.1\.0\.0\/16, and a owns 10\.0\.0\.0\/8/,
    ],
    ['an IPv6 block', owns('fd00::/8'), owns('fd00:1::/32'), /fd00:1::/],
    ['blocks beside', owns('10.0.0.0/25', '10.0.1.0/24'), owns('10.0.0.128/25', 'fd00::/8'), undefined],
  ])('never own %s together', (_, a, b, problem) => {
    const all = cluster();
    new Tenant(all, 'a', a);
    new Tenant(all, 'b', b);
    if (problem) expect(() => all.synth()).toThrow(problem);
    else expect(() => all.synth()).not.toThrow();
  });
});

function hosts(...ingressHosts: string[]): TenantProps {
  return { allowances: { ingressHosts } };
}

function owns(...addresses: string[]): TenantProps {
  return { addresses };
}

describe('a team', () => {
  it('has what its tenant has, and is told apart from it', () => {
    const all = cluster();
    const shop = new Tenant(all, 'shop', {
      groups: { viewers: ['shop-leads'] },
      labels: { 'example.com/data': 'personal' },
      ...hosts('*.shop.example.com'),
    });
    const payments = new Tenant(shop, 'payments', {
      groups: { developers: ['payments'] },
      ...hosts('pay.shop.example.com'),
    });
    payments.namespace('api');
    expect(objectOf(all, 'Namespace', 'shop-payments-api').metadata?.labels).toMatchObject({
      'cdk8s-bulwark/tenant': 'shop-payments',
      'cdk8s-bulwark/parent-tenant': 'shop',
      'example.com/data': 'personal',
    });
    const holders = all
      .synth()
      .manifests.filter(({ kind }) => kind === 'RoleBinding')
      .map(({ metadata, subjects }) => [
        metadata?.name,
        (subjects as { name: string }[]).map(({ name }) => name),
      ]);
    expect(holders).toEqual([
      ['tenant-developer', ['payments']],
      ['tenant-viewer', ['shop-leads']],
    ]);
  });

  it('is trusted by a level that there is', () => {
    expect(() => new Tenant(cluster(), 'shop', { trust: 'Hostile' as 'hostile' })).toThrow(
      "shop: trust is 'Hostile', and there is no such level. Use one of: trusted, semi-trusted, hostile.",
    );
  });

  it('is trusted no more than its tenant', () => {
    const shop = new Tenant(cluster(), 'shop');
    expect(() => new Tenant(shop, 'payments', { trust: 'trusted' })).toThrow(
      /is trusted, and its tenant is semi-trusted/,
    );
  });
});

describe('a hostile tenant', () => {
  const CAPABLE = {
    sandboxRuntimeClass: 'gvisor',
    nodePools: {
      customers: {
        labels: { pool: 'customers' },
        taints: [{ key: 'pool', value: 'customers', effect: 'NoSchedule' as const }],
      },
      open: { labels: { pool: 'open' } },
      ill: {
        labels: { pool: 'ill' },
        taints: [{ key: 'node.kubernetes.io/ill', effect: 'NoSchedule' as const }],
      },
    },
  };

  it('has a kernel and nodes of its own', () => {
    const all = cluster('1.33', CAPABLE);
    const namespace = new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' }).namespace('app');
    new HardenedDeployment(namespace, 'app', { containers: [{ image: IMAGE }] });
    new Guardrails(all, 'guardrails');
    expect(specOf(objectOf(all, 'Deployment', 'app', 'acme-app')).template.spec).toMatchObject({
      runtimeClassName: 'gvisor',
      nodeSelector: { pool: 'customers' },
      tolerations: [{ key: 'pool', operator: 'Equal', value: 'customers', effect: 'NoSchedule' }],
    });
    expect(objectOf(all, 'Namespace', 'acme-app').metadata?.labels).toMatchObject({
      'cdk8s-bulwark/trust': 'hostile',
      'cdk8s-bulwark/node-pool': 'customers',
    });
    expect(objectOf(all, 'ConfigMap', 'tenant-allowances', 'acme-app').data).toMatchObject({
      sandboxes: 'gvisor',
      nodeLabels: 'pool=customers',
      tolerations: 'pool=customers',
    });
  });

  it('has guard rails in the cluster that keep its pods there, or the synthesis fails', () => {
    const synthesized = (guard?: GuardrailsProps) => {
      const all = cluster('1.33', CAPABLE);
      new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' }).namespace('app');
      if (guard) new Guardrails(all, 'guardrails', guard);
      return () => all.synth();
    };
    expect(synthesized()).toThrow(/hostile-tenant-confined: No policy in the cluster refuses pods outside/);
    expect(synthesized({ mode: 'warn' })).toThrow(/hostile-tenant-confined/);
    expect(synthesized({ profile: 'baseline' })).not.toThrow();
    expect(synthesized({})).not.toThrow();
  });

  it('is not confined by policies that are not told where to', () => {
    const all = cluster('1.33', CAPABLE);
    new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' }).namespace('app');
    new Guardrails(all, 'guardrails');
    const control = findControl('hostile-tenant-confined')!;
    const details = (change: (data: Record<string, string>) => void) => {
      const manifests = structuredClone(all.synth().manifests) as Manifest[];
      const allowances = manifests.find(({ metadata }) => metadata?.name === 'tenant-allowances')!;
      change(allowances.data as Record<string, string>);
      return checkManifests(manifests, { target: DEFAULT_TARGET, controls: [control] }).map(
        ({ message }) => message,
      );
    };
    expect(details(() => undefined)).toEqual([]);
    expect(details((data) => delete data.sandboxes)).toEqual([
      expect.stringContaining('does not say sandboxes, so that the policies ask nothing'),
    ]);
    expect(details((data) => delete data.nodeLabels)).toEqual([
      expect.stringContaining('does not say nodeLabels, so that the policies ask nothing'),
    ]);
    expect(details((data) => (data.waivedControls = 'no-node-name'))).toEqual([
      expect.stringContaining('No policy in the cluster refuses pods outside'),
    ]);
  });

  it.each<[string, TenantProps, RegExp | undefined]>([
    [
      'a tenant on the same nodes',
      { nodePool: 'customers' },
      /^bank: is on the nodePool 'customers', which is that of acme/,
    ],
    [
      'a hostile tenant on the same nodes',
      { nodePool: 'customers', trust: 'hostile' },
      /^bank: is on the nodePool 'customers'/,
    ],
    [
      'a tenant that tolerates its nodes',
      { allowances: { tolerations: ['pool=customers'] } },
      /^bank: tolerates the nodePool 'customers', .*Remove its taint from allowances\.tolerations/,
    ],
    [
      'a tenant that tolerates any nodes of that kind',
      { allowances: { tolerations: ['pool'] } },
      /^bank: tolerates the nodePool 'customers'/,
    ],
    ['a tenant that tolerates others', { allowances: { tolerations: ['pool=gpu'] } }, undefined],
  ])('has its nodes to itself: %s', (_, props, message) => {
    const all = cluster('1.33', CAPABLE);
    const acme = new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' });
    new Tenant(acme, 'team');
    new Tenant(all, 'bank', props);
    const problems = all.node.validate();
    expect(problems).toEqual(message ? [expect.stringMatching(message)] : []);
  });

  it.each([
    ['same', { pool: 'customers' }, 'customers', 1],
    ['a part', { zone: 'a' }, 'customers', 1],
    ['other', { pool: 'bank' }, 'customers', 0],
    ['a part', { zone: 'a' }, 'bank', 0],
  ])('shares no node by pools of two names: %s labels %j, taint %s', (_, labels, value, count) => {
    const bank = { labels, taints: [{ key: 'pool', value, effect: 'NoSchedule' as const }] };
    const all = cluster('1.33', { ...CAPABLE, nodePools: { ...CAPABLE.nodePools, bank } });
    new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' });
    new Tenant(all, 'bank', { nodePool: 'bank' });
    const problems = all.node.validate();
    expect(problems).toEqual(
      Array.from({ length: count }, () => expect.stringMatching(/^bank: may be on the nodePool 'customers'/)),
    );
  });

  it('keeps the pods of others from selecting its nodes', () => {
    const all = cluster('1.33', CAPABLE);
    new Tenant(all, 'bank').namespace('web');
    new Tenant(all, 'open', { nodePool: 'open' }).namespace('web');
    const allowances = (namespace: string) =>
      objectOf(all, 'ConfigMap', 'tenant-allowances', namespace).data as Record<string, string>;
    expect(allowances('bank-web').foreignNodeLabels).toBe('pool=customers');
    expect(allowances('open-web')).toMatchObject({
      foreignNodeLabels: 'pool=customers',
      nodeLabels: 'pool=open',
    });
  });

  it.each<[string, string, object, string | undefined, RegExp]>([
    ['a sandbox', '1.33', { nodePools: CAPABLE.nodePools }, 'customers', /sandboxRuntimeClass is unset/],
    ['a node pool', '1.33', CAPABLE, undefined, /nodePool of the tenant is unset/],
    ['a tainted pool', '1.33', CAPABLE, 'open', /the pool has no taint of effect NoSchedule/],
    ['a taint of its own', '1.33', CAPABLE, 'ill', /with a key outside of node\.kubernetes\.io/],
    ['guard rails', '1.29', CAPABLE, 'customers', /1\.29 has no ValidatingAdmissionPolicy/],
    [
      'the pool that it names',
      '1.33',
      CAPABLE,
      'gold',
      /nodePool 'gold' is none of the target's \(customers, open, ill\)/,
    ],
  ])('fails where the target lacks %s', (_, version, capabilities, nodePool, message) => {
    const all = cluster(version, capabilities);
    expect(() => new Tenant(all, 'acme', { trust: 'hostile', ...(nodePool && { nodePool }) })).toThrow(
      message,
    );
  });

  it.each<[TenantProps, RegExp]>([
    [{ quota: { nodePorts: 1 } }, /quota\.nodePorts/],
    [{ quota: { loadBalancers: 1 } }, /quota\.loadBalancers/],
    [{ selfService: { networkPolicies: true } }, /selfService\.networkPolicies/],
    [{ selfService: { roleBindings: true } }, /selfService\.roleBindings/],
    [{ allowances: { runtimeClasses: ['kata'] } }, /a way out of the sandbox/],
    [{ allowances: { sandboxes: ['kata'] } }, /those of the target/],
    [{ allowances: { waivedControls: ['run-as-non-root'] } }, /allowances\.waivedControls/],
  ])('is not given %j', (props, message) => {
    const make = () =>
      new Tenant(cluster('1.33', CAPABLE), 'acme', { trust: 'hostile', nodePool: 'customers', ...props });
    expect(make).toThrow(message);
  });

  it('cannot leave its sandbox by a RuntimeClass of another name', () => {
    const all = cluster('1.33', CAPABLE);
    const namespace = new Tenant(all, 'acme', { trust: 'hostile', nodePool: 'customers' }).namespace('app');
    const app = new HardenedDeployment(namespace, 'app', { containers: [{ image: IMAGE }] });
    ApiObject.of(app).addJsonPatch(JsonPatch.add('/spec/template/spec/runtimeClassName', 'runc'));
    expect(() => all.synth()).toThrow(/names the RuntimeClass "runc", out of the sandbox 'gvisor'/);
  });

  it('may not be a pool without a label', () => {
    expect(() => target({ nodePools: { x: { labels: {} } } })).toThrow(/nodePools\.x has no labels/);
    expect(() => target({ capacity: { cpu: 'much' } })).toThrow(/capacity\.cpu is 'much'/);
  });
});

it('keeps pods of other priorities out without any policy', () => {
  const all = cluster('1.27');
  new Tenant(all, 'a').namespace('web');
  new Tenant(all, 'b', { allowances: { priorityClasses: ['low'] } }).namespace('web');
  const selector = (namespace: string) =>
    specOf(objectOf(all, 'ResourceQuota', 'priority', namespace)).scopeSelector;
  expect(selector('a-web').matchExpressions).toEqual([{ scopeName: 'PriorityClass', operator: 'Exists' }]);
  expect(selector('b-web').matchExpressions).toEqual([
    { scopeName: 'PriorityClass', operator: 'Exists' },
    { scopeName: 'PriorityClass', operator: 'NotIn', values: ['low'] },
  ]);
  expect(all.synth().manifests.filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
});
