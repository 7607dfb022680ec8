import { ApiObject, Cron } from 'cdk8s';
import { HardenedCronJob, HardenedDeployment, Tenant } from '../../../constructs';
import { blueprint, objectOf, specOf } from '../support';

const IMAGE = 'registry.example/app:1.0.0';

describe('a namespace of a tenant', () => {
  it('holds pods to restricted, at the version of the target', () => {
    const { cluster } = blueprint('1.31');
    expect(objectOf(cluster, 'Namespace', 'shop-web').metadata).toEqual({
      name: 'shop-web',
      labels: {
        'cdk8s-bulwark/tenant': 'shop',
        'cdk8s-bulwark/trust': 'semi-trusted',
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/enforce-version': 'v1.31',
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/audit-version': 'v1.31',
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'v1.31',
      },
    });
  });

  it('cannot be given the label of another tenant or of another level', () => {
    const { cluster } = blueprint();
    const tenant = new Tenant(cluster, 'other');
    tenant.namespace('x', {
      labels: {
        'cdk8s-bulwark/tenant': 'shop',
        'pod-security.kubernetes.io/enforce': 'privileged',
        team: 'x',
      },
    });
    expect(objectOf(cluster, 'Namespace', 'other-x').metadata?.labels).toMatchObject({
      'cdk8s-bulwark/tenant': 'other',
      'pod-security.kubernetes.io/enforce': 'restricted',
      team: 'x',
    });
  });

  it('is weaker with a reason only, and keeps the reason', () => {
    const { cluster } = blueprint();
    const tenant = new Tenant(cluster, 'legacy');
    expect(() => tenant.namespace('a', { podSecurity: { level: 'baseline', reason: 'old' } })).toThrow(
      /10 characters/,
    );
    tenant.namespace('b', { podSecurity: { level: 'baseline', reason: 'the vendor image starts as root' } });
    expect(objectOf(cluster, 'Namespace', 'legacy-b').metadata).toMatchObject({
      labels: {
        'pod-security.kubernetes.io/enforce': 'baseline',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
      annotations: { 'cdk8s-bulwark/pod-security': 'the vendor image starts as root' },
    });
  });

  it('names objects by their place, and CronJobs within 52 characters', () => {
    const { cluster, web } = blueprint();
    new HardenedDeployment(web, 'Cart_Service', { containers: [{ image: IMAGE }] });
    expect(objectOf(cluster, 'Deployment', 'cart-service').metadata?.namespace).toBe('shop-web');
    const long = 'a'.repeat(53);
    expect(
      () => new HardenedCronJob(web, long, { schedule: Cron.daily(), containers: [{ image: IMAGE }] }),
    ).toThrow(/has 53 characters, and a CronJob may have 1 to 52/);
    expect(() => new ApiObject(web, 'b'.repeat(64), { apiVersion: 'v1', kind: 'ConfigMap' })).toThrow(
      /1 to 63/,
    );
  });

  it('is the same one at each call, and takes properties at the first only', () => {
    const { cluster } = blueprint();
    const tenant = new Tenant(cluster, 'twice');
    const first = tenant.namespace('x', { quota: { cpu: '1' } });
    expect(tenant.namespace('x')).toBe(first);
    expect(() => tenant.namespace('x', { quota: { cpu: '2' } })).toThrow(/declared already/);
  });

  it.each(['Shop', 'shop_1', '-shop', 'a'.repeat(64)])('cannot belong to a tenant named %s', (name) => {
    expect(() => new Tenant(blueprint().cluster, name)).toThrow(/cannot name a namespace/);
  });
});

describe('the quota of a tenant', () => {
  it('is divided among its namespaces, after the parts that are named', () => {
    const { cluster } = blueprint();
    const tenant = new Tenant(cluster, 'team', { quota: { cpu: '10', memory: '12Gi', pods: 31 } });
    tenant.namespace('big', { quota: { cpu: '5', memory: '6Gi' } });
    tenant.namespace('a');
    tenant.namespace('b');
    const hard = (name: string) => specOf(objectOf(cluster, 'ResourceQuota', 'quota', `team-${name}`)).hard;
    expect(hard('big')).toMatchObject({
      'limits.cpu': '5',
      'requests.cpu': '5',
      'limits.memory': '6Gi',
      pods: '10',
    });
    expect(hard('a')).toMatchObject({ 'limits.cpu': '2500m', 'limits.memory': '3Gi', pods: '10' });
    expect(hard('b')).toEqual(hard('a'));
    expect(hard('a')).toMatchObject({ 'services.nodeports': '0', 'services.loadbalancers': '0' });
  });

  it('cannot be exceeded by its namespaces together', () => {
    const { cluster } = blueprint();
    const tenant = new Tenant(cluster, 'team', { quota: { cpu: '4' } });
    tenant.namespace('a', { quota: { cpu: '3' } });
    tenant.namespace('b', { quota: { cpu: '1500m' } });
    expect(() => cluster.synth()).toThrow(
      /^The blueprint has a problem, .*\n- team: Its parts have a quota of 4500m cpu together, and the tenant has 4/,
    );
  });
});

it('refuses two workloads of one name in a namespace, whatever their kind', () => {
  const { web } = blueprint();
  new HardenedDeployment(web, 'api', { containers: [{ image: IMAGE }] });
  expect(
    () =>
      new HardenedCronJob(web, 'job', {
        metadata: { name: 'api' },
        schedule: Cron.daily(),
        containers: [{ image: IMAGE }],
      }),
  ).toThrow(/there is a workload named 'api' at shop\/web\/api already/);
});
