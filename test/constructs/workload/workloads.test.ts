import { Cron, JsonPatch, Testing } from 'cdk8s';
import { Capability } from 'cdk8s-plus-27';
import {
  HardenedCronJob,
  HardenedDaemonSet,
  HardenedDeployment,
  HardenedJob,
  HardenedStatefulSet,
  LockedServiceAccount,
  Waivers,
} from '../../../constructs';
import { toYaml } from '../../../src/manifest/yaml';
import { blueprint, objectOf, specOf } from '../support';

const CONTAINERS = [{ name: 'app', image: 'registry.example/app:1.0.0', port: 8080 }];

/** What a construct makes in a chart of a stock cdk8s app, as YAML. */
function yamlOf(build: (chart: ReturnType<typeof Testing.chart>) => void): string {
  const chart = Testing.chart();
  build(chart);
  return `\n${toYaml(Testing.synth(chart) as object[])}`;
}

describe('what each workload is in a stock cdk8s app', () => {
  it.each([
    [
      'Deployment',
      (chart) => new HardenedDeployment(chart, 'app', { containers: CONTAINERS, writablePaths: ['/tmp'] }),
    ],
    ['StatefulSet', (chart) => new HardenedStatefulSet(chart, 'app', { containers: CONTAINERS })],
    ['DaemonSet', (chart) => new HardenedDaemonSet(chart, 'app', { containers: CONTAINERS })],
    ['Job', (chart) => new HardenedJob(chart, 'app', { containers: CONTAINERS })],
    [
      'CronJob',
      (chart) => new HardenedCronJob(chart, 'app', { schedule: Cron.daily(), containers: CONTAINERS }),
    ],
    ['ServiceAccount', (chart) => new LockedServiceAccount(chart, 'app')],
  ] as [string, (chart: ReturnType<typeof Testing.chart>) => void][])('%s', (_kind, build) => {
    expect(yamlOf(build)).toMatchSnapshot();
  });
});

describe('useApiToken', () => {
  it('mounts a short-lived token with the certificate authority, and the automatic one stays off', () => {
    const { cluster, web } = blueprint();
    const app = new HardenedDeployment(web, 'app', { containers: CONTAINERS });
    app.useApiToken({ audience: 'vault', expirationSeconds: 600, path: '/var/run/vault' });
    const { spec } = specOf(objectOf(cluster, 'Deployment', 'app')).template;
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.volumes[0].projected.sources[0]).toEqual({
      serviceAccountToken: { audience: 'vault', expirationSeconds: 600, path: 'token' },
    });
    expect(spec.containers[0].volumeMounts).toEqual([
      { mountPath: '/var/run/vault', name: 'token-vault', readOnly: true },
    ]);
    expect(spec.securityContext.fsGroup).toBe(65532);
  });

  it.each([599, 86401, 1.5])('refuses a lifetime of %d seconds', (expirationSeconds) => {
    const app = new HardenedDeployment(blueprint().web, 'app', { containers: CONTAINERS });
    expect(() => app.useApiToken({ expirationSeconds })).toThrow(/600 to 86400/);
  });
});

describe('what is explicitly unsafe', () => {
  it('fails the synthesis with path, control, reason and fix, all of it at once', () => {
    const { cluster, web } = blueprint();
    new HardenedDeployment(web, 'app', {
      hostNetwork: true,
      containers: [
        { ...CONTAINERS[0]!, securityContext: { privileged: true, allowPrivilegeEscalation: true } },
      ],
    });
    expect(() => cluster.synth()).toThrow(
      /The blueprint has 4 problems[^]*shop\/web\/app\/Resource \(Deployment shop-web\/app\): spec\.template\.spec\.containers\[0\]\.securityContext\.privileged breaks no-privileged-container\. .*Fix: Remove it/,
    );
  });

  it('passes where it is waived, and says so on the object', () => {
    const { cluster, web } = blueprint();
    for (const control of ['no-host-network', 'no-way-out-of-tenant']) {
      Waivers.of(web).waive(control, { reason: 'announces routes of the node', expires: '2999-12-31' });
    }
    new HardenedDaemonSet(web, 'router', { hostNetwork: true, containers: [{ ...CONTAINERS[0]! }] });
    expect(objectOf(cluster, 'DaemonSet', 'router').metadata?.annotations).toEqual({
      'cdk8s-bulwark/waive.no-host-network': 'announces routes of the node; expires 2999-12-31',
      'cdk8s-bulwark/waive.no-way-out-of-tenant': 'announces routes of the node; expires 2999-12-31',
    });
  });

  it('fails once the waiver has expired', () => {
    const { cluster, web } = blueprint();
    Waivers.of(web).waive('no-host-network', {
      reason: 'announces routes of the node',
      expires: '2020-01-31',
    });
    new HardenedDaemonSet(web, 'router', { hostNetwork: true, containers: CONTAINERS });
    expect(() => cluster.synth()).toThrow(/waiver of 'no-host-network' expired on 2020-01-31/);
  });

  it.each([
    ['no-such-control', 'a reason of some length', /is no control/],
    ['no-host-network', 'short', /10 characters/],
  ])('cannot be waived as %s because of "%s"', (control, reason, message) => {
    expect(() => Waivers.of(blueprint().web).waive(control, { reason })).toThrow(message);
  });

  it('is not the one capability that restricted allows, in the spelling of cdk8s-plus', () => {
    const { cluster, web } = blueprint();
    const securityContext = { capabilities: { add: [Capability.NET_BIND_SERVICE] } };
    new HardenedDeployment(web, 'app', { containers: [{ ...CONTAINERS[0]!, securityContext }] });
    const [container] = specOf(objectOf(cluster, 'Deployment', 'app')).template.spec.containers;
    expect(container.securityContext.capabilities).toEqual({ add: ['NET_BIND_SERVICE'], drop: ['ALL'] });
  });
});

describe('LockedServiceAccount', () => {
  it('is made for each workload, with its name', () => {
    const { cluster, web } = blueprint();
    new HardenedJob(web, 'app', { containers: CONTAINERS });
    expect(objectOf(cluster, 'ServiceAccount', 'app').automountServiceAccountToken).toBe(false);
    expect(specOf(objectOf(cluster, 'Job', 'app')).template.spec.serviceAccountName).toBe('app');
  });

  it('takes no Secret', () => {
    const account = new LockedServiceAccount(Testing.chart(), 'app');
    expect(() => account.addSecret()).toThrow(/token that never expires/);
  });
});

describe('a patch', () => {
  const patched = (...operations: JsonPatch[]) => {
    const chart = Testing.chart();
    const app = new HardenedDeployment(chart, 'app', { containers: CONTAINERS });
    app.addJsonPatch(...operations);
    const made = () => Testing.synth(chart).find(({ kind }) => kind === 'Deployment');
    return { chart, pod: () => made().spec.template.spec };
  };

  it('says what cdk8s-plus knows nothing of', () => {
    const { pod } = patched(JsonPatch.add('/spec/template/spec/resizePolicyOfTomorrow', 'Always'));
    expect(pod()).toMatchObject({ resizePolicyOfTomorrow: 'Always', automountServiceAccountToken: false });
  });

  it('is hardened, and judged, like the rest', () => {
    const sidecar = { name: 'sidecar', image: 'registry.example/sidecar:1.0.0' };
    const { pod } = patched(JsonPatch.add('/spec/template/spec/containers/-', sidecar));
    expect(pod().containers[1].securityContext).toMatchObject({ allowPrivilegeEscalation: false });
    const { chart } = patched(JsonPatch.add('/spec/template/spec/hostPID', true));
    expect(() => Testing.synth(chart)).toThrow(/no-host-pid/);
  });

  it('that leads nowhere is told with the workload', () => {
    const { chart } = patched(JsonPatch.add('/spec/nothing/below', 1));
    expect(() => Testing.synth(chart)).toThrow(/a patch of addJsonPatch does not fit the object/);
  });
});
