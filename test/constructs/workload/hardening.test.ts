import fs from 'node:fs';
import path from 'node:path';
import { ApiObject, App, Chart, Cron, Helm, Include, Testing, YamlOutputType } from 'cdk8s';
import {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  Pod,
  RestartPolicy,
  Service,
  StatefulSet,
  type ContainerProps,
} from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { BulwarkError, ClusterTarget, HardenedDeployment, Hardening, Waivers } from '../../../constructs';
import { manifestsIn, manifestsOf, useTemporaryFolder } from '../../support/folders';
import { errorOf, pod } from '../../support/objects';

const IMAGE = 'registry.example/app:1.4.2';
const folder = useTemporaryFolder();

function stockApp(yamlOutputType?: YamlOutputType): App {
  return new App({ outdir: path.join(folder.path, 'dist'), yamlOutputType });
}

/** The pod's spec of a manifest of any kind. */
function podSpecOf(manifest: any): any {
  return manifest.spec?.jobTemplate?.spec.template.spec ?? manifest.spec?.template?.spec ?? manifest.spec;
}

/** What every hardened pod has at Kubernetes 1.33, whatever it is in. */
const HARDENED = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  hostUsers: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      },
      resources: { limits: { cpu: expect.anything() }, requests: { memory: expect.anything() } },
    },
  ],
};
const TARGET = ClusterTarget.kubernetes('1.33');

const containers: ContainerProps[] = [{ image: IMAGE, portNumber: 8080 }];

/** Every way in which a pod gets into a chart. */
const WORKLOADS: Readonly<Record<string, (chart: Chart) => void>> = {
  Deployment: (chart) => new Deployment(chart, 'w', { containers }),
  StatefulSet: (chart) =>
    new StatefulSet(chart, 'w', {
      containers,
      service: new Service(chart, 'service', { ports: [{ port: 80 }] }),
    }),
  DaemonSet: (chart) => new DaemonSet(chart, 'w', { containers }),
  Job: (chart) => new Job(chart, 'w', { containers }),
  CronJob: (chart) => new CronJob(chart, 'w', { containers, schedule: Cron.daily() }),
  Pod: (chart) => new Pod(chart, 'w', { containers, restartPolicy: RestartPolicy.ALWAYS }),
  'plain ApiObject': (chart) => pod(chart, 'w'),
  Include: (chart) => {
    const file = path.join(folder.path, 'included.yaml');
    fs.writeFileSync(file, YAML);
    new Include(chart, 'w', { url: file });
  },
  'Helm chart': (chart) => {
    const helm = path.join(folder.path, 'helm');
    fs.writeFileSync(helm, `#!/bin/sh\ntest "$1" = template || exit 1\ncat <<'END'\n${YAML}END\n`);
    fs.chmodSync(helm, 0o755);
    new Helm(chart, 'w', { chart: 'any', helmExecutable: helm });
  },
};

const YAML = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: included
spec:
  selector:
    matchLabels: { app: included }
  template:
    metadata:
      labels: { app: included }
    spec:
      containers:
        - name: main
          image: ${IMAGE}
`;

describe('Hardening.apply in a stock App', () => {
  it.each(Object.entries(WORKLOADS))('hardens a %s in the files', (_, make) => {
    const app = stockApp();
    make(new Chart(app, 'chart'));
    Hardening.apply(app, { target: TARGET });
    app.synth();
    const pods = manifestsIn(app.outdir).filter((manifest) => podSpecOf(manifest)?.containers);
    expect(pods).toHaveLength(1);
    expect(podSpecOf(pods[0])).toMatchObject(HARDENED);
  });

  it.each(Object.entries(WORKLOADS))(
    'hardens a %s that is added after it, in every way of synthesis',
    (_, make) => {
      const app = stockApp();
      Hardening.apply(app, { target: TARGET });
      const chart = new Chart(app, 'chart');
      make(chart);
      const results = [Testing.synth(chart), manifestsOf(app.synthYaml())];
      app.synth();
      results.push(manifestsIn(app.outdir));
      for (const manifests of results) {
        const pods = manifests.filter((manifest: any) => podSpecOf(manifest)?.containers);
        expect(pods).toHaveLength(1);
        expect(podSpecOf(pods[0])).toMatchObject(HARDENED);
      }
    },
  );

  it.each([
    YamlOutputType.FILE_PER_APP,
    YamlOutputType.FILE_PER_RESOURCE,
    YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
  ])('works with yamlOutputType %s', (type) => {
    const app = stockApp(type);
    pod(new Chart(app, 'chart'), 'w');
    Hardening.apply(app);
    app.synth();
    const files = fs.readdirSync(app.outdir, { recursive: true, encoding: 'utf8' });
    const file = files.find((name) => name.endsWith('.yaml'))!;
    const [manifest] = manifestsOf(fs.readFileSync(path.join(app.outdir, file), 'utf8'));
    expect(podSpecOf(manifest).automountServiceAccountToken).toBe(false);
  });

  it('writes fields that the typed objects of cdk8s-plus do not know', () => {
    const app = stockApp();
    Hardening.apply(app, { target: TARGET });
    const chart = new Chart(app, 'chart');
    new Deployment(chart, 'w', { containers });
    const spec = podSpecOf(Testing.synth(chart)[0]);
    expect(spec.securityContext.appArmorProfile).toEqual({ type: 'RuntimeDefault' });
    expect(spec.hostUsers).toBe(false);
  });

  it('keeps the newer fields that somebody set', () => {
    const app = stockApp();
    Hardening.apply(app, { target: TARGET });
    const chart = new Chart(app, 'chart');
    const appArmorProfile = { type: 'Localhost', localhostProfile: 'mine' };
    pod(
      chart,
      'w',
      { resourceClaims: [{ name: 'gpu' }] },
      { securityContext: { appArmorProfile }, restartPolicy: 'Always' },
    );
    const [manifest] = Testing.synth(chart);
    expect(podSpecOf(manifest)).toMatchObject({
      resourceClaims: [{ name: 'gpu' }],
      containers: [{ restartPolicy: 'Always', securityContext: { appArmorProfile } }],
    });
  });

  it('touches only what is below it', () => {
    const app = stockApp();
    const [inside, outside] = [new Chart(app, 'inside'), new Chart(app, 'outside')];
    pod(inside, 'a');
    pod(outside, 'b', { hostNetwork: true });
    Hardening.apply(inside);
    expect(podSpecOf(Testing.synth(inside)[0])).toHaveProperty('automountServiceAccountToken', false);
    expect(Testing.synth(outside)[0].spec).toEqual({
      hostNetwork: true,
      containers: [{ name: 'main', image: IMAGE.replace('1.4.2', '1.0.0') }],
    });
  });

  it('leaves objects without pods as they are', () => {
    const chart = new Chart(stockApp(), 'chart');
    new ApiObject(chart, 's', { apiVersion: 'v1', kind: 'Service', spec: { externalIPs: [], b: 1, a: 2 } });
    const before = Testing.synth(chart);
    Hardening.apply(chart);
    expect(Testing.synth(chart)).toEqual(before);
  });

  it('gives the same when it is applied again and synthesized again', () => {
    const app = stockApp();
    const chart = new Chart(app, 'chart');
    new Deployment(chart, 'w', { containers });
    Hardening.apply(app);
    const first = app.synthYaml();
    Hardening.apply(app);
    Hardening.apply(chart);
    expect(app.synthYaml()).toBe(first);
    expect(app.synthYaml()).toBe(first);
  });

  it('runs after the JSON patches of an object, so that a patch cannot take back what it did', () => {
    const chart = new Chart(stockApp(), 'chart');
    const object = pod(chart, 'w');
    object.addJsonPatch({ _toJson: () => ({ op: 'add', path: '/spec/hostPID', value: true }) } as never);
    Hardening.apply(chart);
    expect(() => void Testing.synth(chart)).toThrow('spec.hostPID breaks no-host-pid');
  });

  it('takes the target of the nearest construct that has one', () => {
    const app = stockApp();
    Hardening.apply(app, { target: ClusterTarget.kubernetes('1.27') });
    const newer = new Chart(app, 'newer');
    Hardening.apply(newer, { target: TARGET });
    pod(newer, 'a');
    const older = new Chart(app, 'older');
    pod(older, 'b');
    const [a, b]: any[] = [Testing.synth(newer)[0], Testing.synth(older)[0]];
    expect(a.spec).toMatchObject({
      hostUsers: false,
      securityContext: { appArmorProfile: { type: 'RuntimeDefault' } },
    });
    expect(b.spec).not.toHaveProperty('hostUsers');
    expect(b.spec.securityContext).not.toHaveProperty('appArmorProfile');
    expect(b.metadata.annotations).toEqual({
      'container.apparmor.security.beta.kubernetes.io/main': 'runtime/default',
    });
  });

  it('judges by Kubernetes 1.30 where nobody named a target', () => {
    const chart = new Chart(stockApp(), 'chart');
    pod(chart, 'w');
    Hardening.apply(chart);
    const { spec } = Testing.synth(chart)[0];
    expect(spec.securityContext.appArmorProfile).toEqual({ type: 'RuntimeDefault' });
    expect(spec).not.toHaveProperty('hostUsers');
  });
});

describe('what is explicitly unsafe', () => {
  function unsafeApp(): App {
    const app = stockApp();
    pod(new Chart(app, 'one'), 'rooted', { hostNetwork: true, hostIPC: true });
    const two = new Chart(app, 'two');
    new Deployment(two, 'w', {
      containers: [{ image: IMAGE, securityContext: { privileged: true, allowPrivilegeEscalation: true } }],
      automountServiceAccountToken: true,
    });
    return app;
  }

  const LINES = [
    "one/rooted (Pod rooted): spec.hostNetwork breaks no-host-network. In the node's network no NetworkPolicy applies, and the pod can reach services that listen on the node only, such as the kubelet and cloud metadata. Fix: Remove it, and expose the port with a Service. Or, with a reason: Waivers.of(scope).waive('no-host-network', { reason: '...' }).",
    'one/rooted (Pod rooted): spec.hostIPC breaks no-host-ipc.',
    'spec.template.spec.containers[0].securityContext.privileged breaks no-privileged-container.',
    'spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation breaks no-privilege-escalation.',
    'spec.template.spec.automountServiceAccountToken breaks no-automounted-token.',
  ];

  it.each([
    ['synth', (app: App) => app.synth()],
    ['synthYaml', (app: App) => void app.synthYaml()],
    ['Testing.synth of any chart', (app: App) => void Testing.synth(app.charts[0]!)],
  ])('fails %s, with every problem: path, field, control, reason and fix, once', (_, synthesize) => {
    const app = unsafeApp();
    Hardening.apply(app);
    const { message } = errorOf(() => synthesize(app));
    for (const line of LINES) expect(message.split(line)).toHaveLength(2);
    expect(message.match(/ breaks [a-z-]+\. /g)).toHaveLength(LINES.length);
    expect(message.match(/ Fix: /g)).toHaveLength(LINES.length);
  });

  it('is told once where a hardened workload is below, and also without Hardening.apply there', () => {
    for (const isApplied of [true, false]) {
      const app = stockApp();
      const chart = new Chart(app, 'chart');
      new HardenedDeployment(chart, 'w', { hostNetwork: true, containers: [{ image: IMAGE, port: 80 }] });
      if (isApplied) Hardening.apply(app);
      const { message } = errorOf(() => app.synth());
      expect(message.match(/breaks no-host-network/g)).toHaveLength(1);
    }
  });

  it('fails when a single object is asked for its JSON, too', () => {
    const chart = new Chart(stockApp(), 'chart');
    const object = pod(chart, 'rooted', { hostPID: true });
    Hardening.apply(chart);
    expect(errorOf(() => void object.toJson())).toBeInstanceOf(BulwarkError);
  });

  it('fails a second synthesis when it was set after a first good one', () => {
    const app = stockApp();
    const object = pod(new Chart(app, 'chart'), 'w');
    Hardening.apply(app);
    app.synth();
    object.addJsonPatch({ _toJson: () => ({ op: 'add', path: '/spec/hostPID', value: true }) } as never);
    expect(() => app.synth()).toThrow('spec.hostPID breaks no-host-pid');
  });

  it('lets an error of the user come through in its own words', () => {
    const chart = new Chart(stockApp(), 'chart');
    new ApiObject(chart, 'o', {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        get containers(): never {
          throw new Error('no containers today');
        },
      },
    });
    Hardening.apply(chart);
    expect(() => void Testing.synth(chart)).toThrow('no containers today');
  });
});

describe('a waiver', () => {
  const REASON = 'the vendor image needs it until 2.0';
  const synthesize = (app: App) => {
    Hardening.apply(app);
    return manifestsOf(app.synthYaml());
  };
  const annotations = (manifest: any) => manifest.metadata.annotations;

  afterEach(() => jest.useRealTimers());

  it('lifts a control for a construct and everything below it, and stays on each object', () => {
    const app = stockApp();
    const chart = new Chart(app, 'chart');
    const group = new Construct(chart, 'group');
    pod(group, 'a', { hostNetwork: true });
    Waivers.of(chart).waive('no-host-network', { reason: REASON, expires: '2999-12-31' });
    const [manifest] = synthesize(app);
    expect(manifest!.spec).toMatchObject({ hostNetwork: true, automountServiceAccountToken: false });
    expect(annotations(manifest)).toEqual({
      'cdk8s-bulwark/waive.no-host-network': `${REASON}; expires 2999-12-31`,
    });
  });

  it('that excuses nothing is refused once nothing else is wrong, wherever it was granted', () => {
    const app = stockApp();
    const chart = new Chart(app, 'chart');
    new Chart(app, 'other');
    const open = pod(chart, 'a', { hostNetwork: true });
    const used = new HardenedDeployment(new Chart(app, 'web'), 'api', { containers });
    for (const scope of [chart, open, used]) Waivers.of(scope).waive('no-host-network', { reason: REASON });
    Waivers.of(app).waive('no-host-pid', { reason: REASON });
    // Only a blueprint asks this one, and the same chart may be in one.
    Waivers.of(app).waive('pod-network-isolated', { reason: REASON });
    const unused = (place: string, control: string) =>
      `[] ${place}: the waiver of '${control}' (${REASON}) excuses`;
    const { message } = errorOf(() => synthesize(app));
    expect(message.match(/^ {2}.*? excuses/gm)).toEqual([
      `  ${unused('the app', 'no-host-pid')}`,
      `  ${unused('chart', 'no-host-network')}`,
      `  ${unused('web/api', 'no-host-network')}`,
    ]);
    pod(chart, 'b', { hostIPC: true });
    expect(errorOf(() => app.synthYaml()).message).not.toContain('excuses nothing');
  });

  it('that excuses nothing is refused above a hardened workload too, and passed over where nothing is hardened', () => {
    const make = (isNeeded: boolean) => {
      const app = stockApp();
      const [chart, plain] = [new Chart(app, 'chart'), new Chart(app, 'plain')];
      pod(plain, 'a', { hostNetwork: true });
      Waivers.of(plain).waive('no-host-network', { reason: REASON });
      Waivers.of(chart).waive('no-host-network', { reason: REASON });
      new HardenedDeployment(chart, 'api', { containers, hostNetwork: isNeeded });
      return app;
    };
    expect(() => make(true).synth()).not.toThrow();
    expect(errorOf(() => make(false).synth()).message).toMatch(
      /^ {2}\[\] chart: the waiver of 'no-host-network'/m,
    );
  });

  it('that an object brings and that excuses nothing is refused', () => {
    const app = stockApp();
    new ApiObject(new Chart(app, 'chart'), 'settings', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { annotations: { 'cdk8s-bulwark/waive.no-host-pid': REASON } },
    });
    expect(() => synthesize(app)).toThrow(/chart\/settings .*The waiver of 'no-host-pid' excuses nothing/s);
  });

  it('lifts no other control and nothing beside it', () => {
    const app = stockApp();
    const [one, two] = [new Chart(app, 'one'), new Chart(app, 'two')];
    pod(one, 'a', { hostNetwork: true, hostPID: true });
    pod(two, 'b', { hostNetwork: true });
    Waivers.of(one).waive('no-host-network', { reason: REASON });
    const { message } = errorOf(() => synthesize(app));
    expect(message).toContain('one/a (Pod a): spec.hostPID breaks no-host-pid');
    expect(message).toContain('two/b (Pod b): spec.hostNetwork breaks no-host-network');
    expect(message).not.toContain('one/a (Pod a): spec.hostNetwork');
  });

  it('keeps the control from repairing as well', () => {
    const app = stockApp();
    const object = pod(new Chart(app, 'chart'), 'a');
    Waivers.of(object).waive('read-only-root-filesystem', { reason: REASON });
    const [manifest] = synthesize(app);
    expect(podSpecOf(manifest).containers[0].securityContext).not.toHaveProperty('readOnlyRootFilesystem');
  });

  it('of the nearest construct wins, in whatever order they were granted', () => {
    const app = stockApp();
    const chart = new Chart(app, 'chart');
    const object = pod(chart, 'a');
    Waivers.of(object).waive('no-service-links', { reason: 'the nearest reason' });
    Waivers.of(app).waive('no-service-links', { reason: 'the farthest reason' });
    Waivers.of(chart).waive('no-service-links', { reason: 'a reason in between' });
    pod(chart, 'b');
    pod(new Chart(app, 'other'), 'c');
    expect(synthesize(app).map(annotations)).toEqual(
      ['the nearest reason', 'a reason in between', 'the farthest reason'].map((reason) => ({
        'cdk8s-bulwark/waive.no-service-links': reason,
      })),
    );
  });

  it('that has expired is outdone by a nearer one that has not, and then excuses nothing', () => {
    const app = stockApp();
    const object = pod(new Chart(app, 'chart'), 'a');
    Waivers.of(app).waive('no-service-links', { reason: REASON, expires: '2001-01-01' });
    Waivers.of(object).waive('no-service-links', { reason: REASON, expires: '2999-01-01' });
    expect(errorOf(() => synthesize(app)).message).toMatch(
      /following errors:\n {2}\[\] the app: .* excuses nothing.*$/,
    );
    expect(annotations(object.toJson())).toEqual({
      'cdk8s-bulwark/waive.no-service-links': `${REASON}; expires 2999-01-01`,
    });
  });

  it('keeps the annotations that are there', () => {
    const app = stockApp();
    const object = pod(new Chart(app, 'chart'), 'a');
    object.metadata.addAnnotation('team', 'shop');
    Waivers.of(object)
      .waive('no-service-links', { reason: REASON })
      .waive('resource-limits', { reason: REASON });
    expect(annotations(synthesize(app)[0])).toEqual({
      'cdk8s-bulwark/waive.no-service-links': REASON,
      'cdk8s-bulwark/waive.resource-limits': REASON,
      team: 'shop',
    });
  });

  it.each([
    ['2031-03-31T23:59:59.999Z', true],
    ['2031-04-01T00:00:00.000Z', false],
    // Still the last day in Honolulu, and over in UTC, which counts.
    ['2031-03-31T14:30:00.000-10:00', false],
  ])('until 2031-03-31 holds at %s: %s', (now, holds) => {
    const app = stockApp();
    pod(new Chart(app, 'chart'), 'a');
    Waivers.of(app).waive('no-service-links', { reason: REASON, expires: '2031-03-31' });
    jest.useFakeTimers({ now: new Date(now), doNotFake: ['nextTick', 'setImmediate'] });
    if (holds) {
      expect(synthesize(app)).toHaveLength(1);
      return;
    }
    expect(() => synthesize(app)).toThrow(
      `chart/a: the waiver of 'no-service-links' expired on 2031-03-31 (${REASON}). Remove it and meet the control, or agree on a new date with whoever granted it.`,
    );
  });

  it.each([
    [
      'an unknown control',
      'no-such-control',
      { reason: REASON },
      "waives 'no-such-control', which is no control, so nothing would be waived. Use one of: ",
    ],
    [
      'a short reason',
      'no-host-pid',
      { reason: ' because   ' },
      "the waiver of 'no-host-pid' says 'because' as its reason",
    ],
    [
      'a day that is none',
      'no-host-pid',
      { reason: REASON, expires: '2031-02-30' },
      "expires on '2031-02-30', which is no day. Write YYYY-MM-DD",
    ],
    ['a time', 'no-host-pid', { reason: REASON, expires: '2031-02-03T00:00Z' }, 'which is no day'],
  ])('with %s is refused at once, with the path', (_, control, options, message) => {
    const chart = new Chart(stockApp(), 'chart');
    const error = errorOf(() => Waivers.of(chart).waive(control, options));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toMatch(/^chart: /);
    expect(error.message).toContain(message);
  });
});
