import { podControls } from '../../../src/controls/profiles';
import { bindControl } from '../../../src/controls/judge';
import { APP_ARMOR_ANNOTATION } from '../../../src/controls/repairs';
import { apiToken } from '../../../src/hardening/api-token';
import { fileGroup } from '../../../src/hardening/file-group';
import { hardenManifest, type HardenOptions } from '../../../src/hardening/harden';
import { writablePaths } from '../../../src/hardening/writable-paths';
import type { Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';
import { WORKLOAD_KINDS, workloadOf } from '../../support/pod-arbitrary';

const V29 = ClusterTarget.kubernetes('1.29');
const V30 = ClusterTarget.kubernetes('1.30');
const V33 = ClusterTarget.kubernetes('1.33');
const V35 = ClusterTarget.kubernetes('1.35');

const APPLICABLE = podControls().filter((control) => bindControl(control, V33));

type Fields = Record<string, any>;

/** A container that meets every control, with some fields of its own. A field that is undefined is left out. */
function container({ securityContext, ...fields }: Fields = {}): Fields {
  return defined({
    name: 'app',
    image: 'registry.example/shop:1.0.0',
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    ...fields,
    securityContext: defined({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      ...securityContext,
    }),
  });
}

/** The spec of a pod that meets every control on 1.33, with some fields of its own. */
function spec({ securityContext, ...fields }: Fields = {}): Fields {
  return defined({
    containers: [container()],
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostUsers: false,
    ...fields,
    securityContext: defined({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'RuntimeDefault' },
      ...securityContext,
    }),
  });
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function pod(podSpec: Fields, annotations?: Fields): Manifest {
  const metadata = { name: 'shop', ...(annotations && { annotations }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec };
}

function harden(manifest: Manifest, options: Partial<HardenOptions> = {}) {
  const { changes, violations, ...rest } = hardenManifest(manifest, { target: V33, ...options });
  const named = (list: typeof changes) => list.map(({ control, path }) => `${control.id} ${path}`);
  return { ...rest, changes: named(changes), violations: named(violations) };
}

/** What is left of the profile of AppArmor in a pod: annotations, the pod's field, and each container's. */
function appArmorOf(manifest: Manifest) {
  const { securityContext, containers } = manifest.spec as Fields;
  return {
    annotations: manifest.metadata?.annotations,
    pod: securityContext?.appArmorProfile?.type,
    containers: containers.map((one: Fields) => one.securityContext?.appArmorProfile?.type),
  };
}

describe('a pod of which nobody said anything', () => {
  const input = { containers: [{ name: 'app', image: 'registry.example/shop:1.0.0' }] };

  it('gets everything that a hardened pod has', () => {
    const { manifest, violations, held } = harden(pod(input));
    expect(manifest).toEqual(pod(spec()));
    expect(violations).toEqual([]);
    expect(held).toBe(APPLICABLE.length);
  });

  it.each(WORKLOAD_KINDS)('gets it as the pod of a %s as well', (kind) => {
    const { manifest } = harden(workloadOf(kind, { spec: input }));
    expect(manifest).toEqual(workloadOf(kind, { spec: spec() }));
  });

  it('gets nothing more on the second time', () => {
    const { manifest } = harden(pod(input));
    expect(harden(manifest).manifest).toBe(manifest);
  });

  it('tells what it got, by the path in the object', () => {
    const { changes } = harden(workloadOf('CronJob', { spec: input }));
    expect(changes).toContain('no-service-links spec.jobTemplate.spec.template.spec.enableServiceLinks');
    expect(changes).toContain(
      'no-privilege-escalation spec.jobTemplate.spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation',
    );
  });
});

describe('an object', () => {
  it.each<[string, object]>([
    ['that makes no pods', { apiVersion: 'v1', kind: 'ConfigMap', data: {} }],
    [
      'of another group with the name of a workload',
      { apiVersion: 'apps.example/v1', kind: 'Deployment', spec: {} },
    ],
    ['that is a hardened pod', pod(spec())],
  ])('%s comes back as the very same object', (_name, manifest) => {
    const result = harden(manifest as Manifest);
    expect(result.manifest).toBe(manifest);
    expect(result).toMatchObject({ changes: [], violations: [] });
  });
});

describe('what is unset', () => {
  it.each<[string, Fields, Fields]>([
    ['capabilities-drop-all', { securityContext: { capabilities: undefined } }, {}],
    ['capabilities-drop-all', { securityContext: { capabilities: { drop: [] } } }, {}],
    ['capabilities-drop-all', { securityContext: { capabilities: { drop: ['NET_RAW'] } } }, {}],
    [
      'capabilities-drop-all',
      { securityContext: { capabilities: { add: ['NET_BIND_SERVICE'] } } },
      { securityContext: { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } } },
    ],
    [
      'capabilities-add-limited',
      { securityContext: { capabilities: { add: ['CAP_NET_BIND_SERVICE'], drop: ['ALL'] } } },
      { securityContext: { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } } },
    ],
    ['no-privilege-escalation', { securityContext: { allowPrivilegeEscalation: undefined } }, {}],
    ['no-privilege-escalation', { securityContext: { allowPrivilegeEscalation: null } }, {}],
    ['read-only-root-filesystem', { securityContext: { readOnlyRootFilesystem: undefined } }, {}],
    [
      'resource-requests',
      { resources: { limits: { cpu: '2', memory: '1Gi' } } },
      { resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '2', memory: '1Gi' } } },
    ],
    [
      'resource-limits',
      { resources: { requests: { cpu: '100m', memory: '1Gi' } } },
      { resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '500m', memory: '1Gi' } } },
    ],
    [
      'resource-limits',
      { resources: { requests: { cpu: 4, memory: '1Gi' }, limits: { memory: '2Gi' } } },
      { resources: { requests: { cpu: 4, memory: '1Gi' }, limits: { cpu: 4, memory: '2Gi' } } },
    ],
  ])('of %s is set in a container: %j', (id, input, expected) => {
    const { manifest, changes, violations } = harden(pod(spec({ containers: [container(input)] })));
    expect(manifest).toEqual(pod(spec({ containers: [container(expected)] })));
    expect(changes.map((change) => change.split(' ')[0])).toEqual([id]);
    expect(violations).toEqual([]);
  });

  it.each<[string, Fields, Fields]>([
    ['run-as-non-root', { securityContext: { runAsNonRoot: undefined } }, {}],
    ['seccomp-profile', { securityContext: { seccompProfile: undefined } }, {}],
    ['apparmor-profile', { securityContext: { appArmorProfile: undefined } }, {}],
    ['no-automounted-token', { automountServiceAccountToken: undefined }, {}],
    ['no-service-links', { enableServiceLinks: undefined }, {}],
    ['user-namespace', { hostUsers: undefined }, {}],
    ['user-namespace', { hostUsers: null }, {}],
    [
      'supplemental-groups-strict',
      { securityContext: { supplementalGroupsPolicy: undefined } },
      { securityContext: { supplementalGroupsPolicy: 'Strict' } },
    ],
    [
      'empty-dir-size-limit',
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', emptyDir: { medium: 'Memory' } },
        ],
      },
      {
        volumes: [
          { name: 'a', emptyDir: { sizeLimit: '1Gi' } },
          { name: 'b', emptyDir: { medium: 'Memory' } },
        ],
      },
    ],
  ])('of %s is set on the pod: %j', (id, input, expected) => {
    const target = id === 'supplemental-groups-strict' ? V35 : V33;
    const { manifest, changes, violations } = harden(pod(spec(input)), { target });
    expect(manifest).toEqual(pod(spec(expected)));
    expect(changes.map((change) => change.split(' ')[0])).toEqual([id]);
    expect(violations).toEqual([]);
  });

  it.each([
    ['names no source', {}],
    ['names one with nothing behind it', { emptyDir: null }],
  ])('of a volume that %s is an emptyDir, as the API server makes it, with a limit', (_name, source) => {
    const { manifest, changes, violations } = harden(pod(spec({ volumes: [{ name: 'a', ...source }] })));
    expect(manifest).toEqual(pod(spec({ volumes: [{ name: 'a', emptyDir: { sizeLimit: '1Gi' } }] })));
    expect(changes).toEqual(['empty-dir-size-limit spec.volumes']);
    expect(violations).toEqual([]);
  });

  it('is set in init and ephemeral containers too, but resources only where the API server takes them', () => {
    const input = spec({ initContainers: [{ name: 'init' }], ephemeralContainers: [{ name: 'debug' }] });
    const { initContainers, ephemeralContainers } = harden(pod(input)).manifest.spec as Fields;
    const { securityContext, resources } = container();
    expect(initContainers).toEqual([{ name: 'init', securityContext, resources }]);
    expect(ephemeralContainers).toEqual([{ name: 'debug', securityContext }]);
  });

  it('is set for the other containers when one of them chose something unsafe', () => {
    const root = container({ name: 'root', securityContext: { runAsNonRoot: false } });
    const input = spec({ containers: [root, container()], securityContext: { runAsNonRoot: undefined } });
    const { manifest, changes, violations } = harden(pod(input));
    expect(manifest).toEqual(pod(spec({ containers: [root, container()] })));
    expect(changes).toEqual(['run-as-non-root spec.securityContext.runAsNonRoot']);
    expect(violations).toEqual(['run-as-non-root spec.containers[0].securityContext.runAsNonRoot']);
  });

  it('keeps other resources that are set', () => {
    const resources = {
      requests: { 'ephemeral-storage': '1Gi' },
      limits: { 'nvidia.com/gpu': 1 },
      claims: [{ name: 'x' }],
    };
    const { manifest } = harden(pod(spec({ containers: [container({ resources })] })));
    expect((manifest.spec as Fields).containers[0].resources).toEqual({
      requests: { 'ephemeral-storage': '1Gi', cpu: '50m', memory: '128Mi' },
      limits: { 'nvidia.com/gpu': 1, cpu: '500m', memory: '128Mi' },
      claims: [{ name: 'x' }],
    });
  });

  it.each(['lots', { a: 1 }, ['2'], true])(
    'is set beside a request that is no quantity, which the API server refuses: %j',
    (cpu) => {
      const resources = { requests: { cpu, memory: '1Gi' } };
      const { manifest } = harden(pod(spec({ containers: [container({ resources })] })));
      expect((manifest.spec as Fields).containers[0].resources).toEqual({
        requests: { cpu, memory: '1Gi' },
        limits: { cpu: '500m', memory: '1Gi' },
      });
    },
  );

  it('is also what YAML writes as a field with nothing behind it', () => {
    const input = {
      securityContext: null,
      hostNetwork: null,
      volumes: null,
      initContainers: null,
      containers: [
        {
          name: 'app',
          image: 'registry.example/shop:1.0.0',
          securityContext: { privileged: null, capabilities: null },
          resources: { requests: { cpu: null }, limits: null },
          ports: null,
          livenessProbe: null,
        },
      ],
    };
    expect(harden(pod(input))).toMatchObject({ manifest: pod(spec()), violations: [] });
  });

  it('is set beside entries of a list that are none', () => {
    const mount = { name: 'database', mountPath: '/run/secrets/database' };
    const volume = { name: 'database', secret: { secretName: 'database', defaultMode: 0o440 } };
    const podOf = (volumes: unknown[], volumeMounts: unknown[]) =>
      pod(spec({ volumes, containers: [container({ volumeMounts })] }));
    for (const none of [null, 'database']) {
      const amongVolumes = harden(podOf([none, volume], [mount]));
      expect(amongVolumes.manifest).toEqual(podOf([none, volume], [{ readOnly: true, ...mount }]));
      const amongMounts = podOf([volume], [none, mount]);
      // No rule holds for such a mount, so nothing is set for good, and that is told.
      expect(harden(amongMounts)).toMatchObject({
        manifest: amongMounts,
        violations: ['secret-mount-read-only spec.containers'],
      });
    }
  });

  it('is not set twice where YAML anchors make two containers share a part', () => {
    const securityContext = {};
    const input = {
      containers: [container({ name: 'a', securityContext }), container({ name: 'b', securityContext })],
    };
    const { manifest } = harden(pod(spec(input)));
    const [a, b] = (manifest.spec as Fields).containers;
    expect(a.securityContext).toEqual(b.securityContext);
    expect(securityContext).toEqual({});
  });
});

describe('what somebody chose', () => {
  const bad = (id: string, path: string, podFields: Fields, containerFields?: Fields) =>
    [
      id,
      path,
      { ...podFields, ...(containerFields && { containers: [container(containerFields)] }) },
    ] as const;
  const inContainer = 'spec.containers[0].securityContext';

  it.each([
    bad(
      'no-privileged-container',
      `${inContainer}.privileged`,
      {},
      { securityContext: { privileged: true } },
    ),
    bad('no-host-network', 'spec.hostNetwork', { hostNetwork: true }),
    bad('no-host-pid', 'spec.hostPID', { hostPID: true }),
    bad('no-host-ipc', 'spec.hostIPC', { hostIPC: true }),
    bad('restricted-volume-types', 'spec.volumes', { volumes: [{ name: 'a', hostPath: { path: '/data' } }] }),
    bad('no-host-port', 'spec.containers[0].ports', {}, { ports: [{ containerPort: 80, hostPort: 80 }] }),
    bad(
      'capabilities-add-limited',
      `${inContainer}.capabilities.add`,
      {},
      {
        securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'], drop: ['ALL'] } },
      },
    ),
    bad(
      'no-privilege-escalation',
      `${inContainer}.allowPrivilegeEscalation`,
      {},
      {
        securityContext: { allowPrivilegeEscalation: true },
      },
    ),
    bad('run-as-non-root', 'spec.securityContext.runAsNonRoot', { securityContext: { runAsNonRoot: false } }),
    bad('run-as-non-root', `${inContainer}.runAsNonRoot`, {}, { securityContext: { runAsNonRoot: false } }),
    bad('run-as-user-not-zero', `${inContainer}.runAsUser`, {}, { securityContext: { runAsUser: 0 } }),
    bad('run-as-user-not-zero', 'spec.securityContext.runAsUser', { securityContext: { runAsUser: 0 } }),
    bad(
      'seccomp-profile',
      `${inContainer}.seccompProfile.type`,
      {},
      {
        securityContext: { seccompProfile: { type: 'Unconfined' } },
      },
    ),
    bad(
      'selinux-options',
      `${inContainer}.seLinuxOptions`,
      {},
      { securityContext: { seLinuxOptions: { type: 'spc_t' } } },
    ),
    bad('selinux-options', 'spec.securityContext.seLinuxOptions', {
      securityContext: { seLinuxOptions: { user: 'root' } },
    }),
    bad('default-proc-mount', `${inContainer}.procMount`, {}, { securityContext: { procMount: 'Unmasked' } }),
    bad('safe-sysctls', 'spec.securityContext.sysctls', {
      securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
    }),
    bad(
      'no-windows-host-process',
      `${inContainer}.windowsOptions.hostProcess`,
      {},
      {
        securityContext: { windowsOptions: { hostProcess: true } },
      },
    ),
    bad(
      'no-probe-host',
      'spec.containers[0].livenessProbe, readinessProbe, startupProbe or lifecycle',
      {},
      {
        livenessProbe: { httpGet: { host: '10.0.0.1', port: 80 } },
      },
    ),
    bad(
      'no-probe-host',
      'spec.containers[0].livenessProbe, readinessProbe, startupProbe or lifecycle',
      {},
      {
        lifecycle: { preStop: { tcpSocket: { host: '10.0.0.1', port: 80 } } },
      },
    ),
    bad(
      'read-only-root-filesystem',
      `${inContainer}.readOnlyRootFilesystem`,
      {},
      {
        securityContext: { readOnlyRootFilesystem: false },
      },
    ),
    bad(
      'apparmor-profile',
      `${inContainer}.appArmorProfile.type`,
      {},
      {
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
      },
    ),
    bad('no-automounted-token', 'spec.automountServiceAccountToken', { automountServiceAccountToken: true }),
    bad('no-service-links', 'spec.enableServiceLinks', { enableServiceLinks: true }),
    bad('user-namespace', 'spec.hostUsers', { hostUsers: true }),
  ])('and is unsafe is reported, and stays as it is: %s at %s', (id, path, fields) => {
    const input = pod(spec(fields));
    const { manifest, changes, violations } = harden(input);
    expect(violations).toEqual([`${id} ${path}`]);
    expect(changes).toEqual([]);
    expect(manifest).toBe(input);
  });

  it('is reported for every container that chose it, in the lists where they are', () => {
    const privileged = (name: string) => container({ name, securityContext: { privileged: true } });
    const { violations } = harden(
      pod(spec({ containers: [container(), privileged('b')], initContainers: [privileged('c')] })),
    );
    expect(violations).toEqual([
      'no-privileged-container spec.initContainers[0].securityContext.privileged',
      'no-privileged-container spec.containers[1].securityContext.privileged',
    ]);
  });

  it.each([
    [
      'image volumes',
      '1.30',
      '1.31',
      { volumes: [{ name: 'a', image: { reference: 'registry.example/a:1' } }] },
    ],
    [
      'container_engine_t',
      '1.30',
      '1.31',
      { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } },
    ],
    [
      'keepalive sysctls',
      '1.28',
      '1.29',
      { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_keepalive_time', value: '1' }] } },
    ],
    [
      'memory sysctls',
      '1.31',
      '1.32',
      { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } },
    ],
  ])('is judged by the version: %s break in %s and hold in %s', (_name, before, since, fields) => {
    const violations = (version: string) =>
      harden(pod(spec(fields)), { target: ClusterTarget.kubernetes(version, { appArmor: 'none' }) })
        .violations;
    expect(violations(before)).toHaveLength(1);
    expect(violations(since)).toEqual([]);
  });
});

describe('AppArmor', () => {
  const key = (name: string) => `${APP_ARMOR_ANNOTATION}${name}`;
  const none = (fields: Fields = {}) =>
    spec({ ...fields, securityContext: { appArmorProfile: undefined, ...fields.securityContext } });
  const two = { containers: [container({ name: 'a' }), container({ name: 'b' })] };
  const style = (version: string, appArmor: 'field' | 'annotation' | 'both' | 'none') =>
    ClusterTarget.kubernetes(version, { appArmor });

  it.each<[string, ClusterTarget, Fields, Fields]>([
    [
      'annotations up to 1.29',
      V29,
      none(two),
      {
        annotations: { [key('a')]: 'runtime/default', [key('b')]: 'runtime/default' },
        pod: undefined,
        containers: [undefined, undefined],
      },
    ],
    [
      'the field of the pod from 1.30',
      V30,
      none(two),
      { annotations: undefined, pod: 'RuntimeDefault', containers: [undefined, undefined] },
    ],
    [
      'annotations and the field for a fleet in migration',
      style('1.31', 'both'),
      none(),
      { annotations: { [key('app')]: 'runtime/default' }, pod: 'RuntimeDefault', containers: [undefined] },
    ],
    [
      'annotations alone where a policy engine reads nothing else',
      style('1.31', 'annotation'),
      none(),
      { annotations: { [key('app')]: 'runtime/default' }, pod: undefined, containers: [undefined] },
    ],
    [
      'nothing on nodes without AppArmor',
      style('1.31', 'none'),
      none(),
      { annotations: undefined, pod: undefined, containers: [undefined] },
    ],
    [
      'annotations in the place of a field that 1.29 does not know',
      V29,
      spec(two),
      {
        annotations: { [key('a')]: 'runtime/default', [key('b')]: 'runtime/default' },
        pod: undefined,
        containers: [undefined, undefined],
      },
    ],
    [
      'the annotation of a profile of its own in the place of its field for 1.29',
      V29,
      none({
        containers: [
          container({
            securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'shop' } },
          }),
        ],
      }),
      { annotations: { [key('app')]: 'localhost/shop' }, pod: undefined, containers: [undefined] },
    ],
    [
      'the annotation of the container, not of the pod, where both have a field',
      V29,
      spec({
        containers: [
          container({
            securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'shop' } },
          }),
        ],
      }),
      { annotations: { [key('app')]: 'localhost/shop' }, pod: undefined, containers: [undefined] },
    ],
  ])('is asked for by %s', (_name, target, input, expected) => {
    const { manifest, violations } = harden(pod(input), { target });
    expect(violations).toEqual([]);
    expect(appArmorOf(manifest)).toEqual(expected);
  });

  it.each<[string, ClusterTarget, Fields, Fields, Fields]>([
    [
      'in 1.29',
      V29,
      none(),
      { [key('app')]: 'localhost/shop' },
      { annotations: { [key('app')]: 'localhost/shop' }, pod: undefined, containers: [undefined] },
    ],
    [
      'in 1.30, where the kubelet still honours it',
      V30,
      none(),
      { [key('app')]: 'localhost/shop' },
      { annotations: { [key('app')]: 'localhost/shop' }, pod: undefined, containers: [undefined] },
    ],
    [
      'by giving only the other container the field',
      V30,
      none(two),
      { [key('a')]: 'localhost/shop' },
      {
        annotations: { [key('a')]: 'localhost/shop' },
        pod: undefined,
        containers: [undefined, 'RuntimeDefault'],
      },
    ],
    [
      'by saying the same in the field where both are asked for',
      style('1.31', 'both'),
      none(),
      { [key('app')]: 'localhost/shop' },
      { annotations: { [key('app')]: 'localhost/shop' }, pod: undefined, containers: ['Localhost'] },
    ],
    [
      'that is not about AppArmor',
      V29,
      none(),
      { team: 'shop' },
      {
        annotations: { team: 'shop', [key('app')]: 'runtime/default' },
        pod: undefined,
        containers: [undefined],
      },
    ],
  ])('respects an annotation %s', (_name, target, input, annotations, expected) => {
    const { manifest, violations } = harden(pod(input, annotations), { target });
    expect(violations).toEqual([]);
    expect(appArmorOf(manifest)).toEqual(expected);
  });

  it.each<[string, ClusterTarget, Fields, Fields | undefined]>([
    ['the annotation unconfined in 1.29', V29, none(), { [key('app')]: 'unconfined' }],
    ['the annotation unconfined in 1.30', V30, none(), { [key('app')]: 'unconfined' }],
    ['the annotation unconfined beside a good field', V30, spec(), { [key('app')]: 'unconfined' }],
    [
      'the field of the pod',
      V30,
      spec({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
      undefined,
    ],
    [
      'the field of the pod although every container has a good one, since Pod Security refuses it as well',
      V30,
      spec({
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
        containers: [container({ securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } })],
      }),
      undefined,
    ],
    [
      'an annotation and a field that contradict each other where both are asked for',
      style('1.31', 'both'),
      spec(),
      { [key('app')]: 'localhost/shop' },
    ],
    [
      'a field that 1.29 does not know',
      V29,
      spec({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }),
      undefined,
    ],
  ])('reports %s', (_name, target, input, annotations) => {
    const { violations } = harden(pod(input, annotations), { target });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(
      /^apparmor-profile spec\.(containers\[0\]\.)?securityContext\.appArmorProfile\.type$/,
    );
  });

  it('does not take a profile without a name for a name', () => {
    const input = none({ securityContext: { appArmorProfile: { type: 'Localhost' } } });
    expect(JSON.stringify(harden(pod(input), { target: V29 }))).not.toContain('undefined');
  });
});

describe('a user namespace', () => {
  const without = (fields: Fields = {}) => pod(spec({ hostUsers: undefined, ...fields }));
  const hostUsers = (manifest: Manifest, target: ClusterTarget) =>
    (harden(manifest, { target }).manifest.spec as Fields).hostUsers;

  it.each([
    ['1.32', undefined],
    ['1.33', false],
    ['1.37', false],
  ])('is asked for in %s: %s', (version, expected) => {
    expect(hostUsers(without(), ClusterTarget.kubernetes(version))).toBe(expected);
  });

  it('is asked for as the cluster says, whatever the version', () => {
    expect(hostUsers(without(), ClusterTarget.kubernetes('1.33', { userNamespaces: false }))).toBeUndefined();
    expect(hostUsers(without(), ClusterTarget.kubernetes('1.30', { userNamespaces: true }))).toBe(false);
  });

  it.each<[string, Fields]>([
    ['the network of the node', { hostNetwork: true }],
    ['the processes of the node', { hostPID: true }],
    ['the IPC of the node', { hostIPC: true }],
    ['an NFS volume', { volumes: [{ name: 'a', nfs: { server: 'nfs.example', path: '/' } }] }],
    [
      'a raw block device',
      { containers: [container({ volumeDevices: [{ name: 'a', devicePath: '/dev/xvda' }] })] },
    ],
    [
      'a raw block device in an init container',
      { initContainers: [container({ name: 'i', volumeDevices: [] })] },
    ],
  ])('is not asked for beside %s, with which no kubelet could start it', (_name, fields) => {
    expect(hostUsers(without(fields), V33)).toBeUndefined();
    expect(harden(without(fields)).violations.join()).not.toContain('user-namespace');
  });
});

describe('a Windows pod', () => {
  const input = {
    os: { name: 'windows' },
    containers: [{ name: 'app', image: 'registry.example/shop:1.0.0' }],
  };

  it.each([V29, V30, V33])(
    'gets none of the fields that the API server refuses in it, on $version',
    (target) => {
      const { manifest, violations } = harden(pod(input), { target });
      const { resources } = container();
      expect(violations).toEqual([]);
      expect(manifest).toEqual(
        pod({
          os: { name: 'windows' },
          containers: [{ name: 'app', image: 'registry.example/shop:1.0.0', resources }],
          securityContext: { runAsNonRoot: true },
          automountServiceAccountToken: false,
          enableServiceLinks: false,
        }),
      );
    },
  );

  it('keeps a Linux-only field that somebody set, for the API server to refuse', () => {
    const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } };
    const { manifest } = harden(pod({ ...input, securityContext }), { target: V29 });
    expect(manifest.spec).toMatchObject({ securityContext });
  });

  it('may not be a HostProcess pod', () => {
    const securityContext = { windowsOptions: { hostProcess: true } };
    expect(harden(pod({ ...input, securityContext })).violations).toEqual([
      'no-windows-host-process spec.securityContext.windowsOptions.hostProcess',
    ]);
  });
});

describe('a waived control', () => {
  const waiving = (...ids: string[]) => ({ waived: new Set(ids) });

  it.each(podControls())('is neither repaired nor judged: $id', ({ id }) => {
    const unsafe = {
      hostPID: true,
      volumes: [{ name: 'a', hostPath: { path: '/' } }],
      containers: [{ name: 'a', securityContext: { privileged: true, runAsUser: 0 } }, { name: 'b' }],
    };
    const { changes, violations } = harden(pod(unsafe), waiving(id));
    expect([...changes, ...violations].filter((entry) => entry.startsWith(`${id} `))).toEqual([]);
  });

  it.each([
    ['resource-limits', 'requests'],
    ['resource-requests', 'limits'],
  ])('is not repaired together with another one: %s leaves %s alone', (id, other) => {
    const { manifest } = harden(
      pod(spec({ containers: [container({ resources: undefined })] })),
      waiving(id),
    );
    expect(Object.keys((manifest.spec as Fields).containers[0].resources)).toEqual([other]);
  });

  it('keeps the field of AppArmor, which would otherwise move', () => {
    const input = spec({ enableServiceLinks: undefined });
    const { manifest } = harden(pod(input), { target: V29, ...waiving('apparmor-profile') });
    expect(appArmorOf(manifest)).toMatchObject({ annotations: undefined, pod: 'RuntimeDefault' });
  });

  it('does not count as held', () => {
    expect(harden(pod(spec()), waiving('no-host-pid')).held).toBe(APPLICABLE.length - 1);
  });
});

describe('writable paths', () => {
  const add = (paths: Parameters<typeof writablePaths>[0], fields: Fields = {}) =>
    harden(pod(spec(fields)), { additions: [writablePaths(paths)] }).manifest.spec as Fields;

  it('give each container a volume of its own, with a limit', () => {
    const { volumes, containers, initContainers } = add(['/tmp'], {
      initContainers: [container({ name: 'init' })],
    });
    expect(volumes).toEqual([
      { name: 'writable-init-tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'writable-app-tmp', emptyDir: { sizeLimit: '64Mi' } },
    ]);
    expect(initContainers[0].volumeMounts).toEqual([{ mountPath: '/tmp', name: 'writable-init-tmp' }]);
    expect(containers[0].volumeMounts).toEqual([{ mountPath: '/tmp', name: 'writable-app-tmp' }]);
  });

  it('take a size, a medium and the names of containers', () => {
    const { volumes, containers } = add(
      [{ path: '/cache/', sizeLimit: '1Gi', medium: 'Memory', containers: ['b'] }],
      { containers: [container({ name: 'a' }), container({ name: 'b' })] },
    );
    expect(volumes).toEqual([{ name: 'writable-b-cache', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }]);
    expect(containers.map((one: Fields) => one.volumeMounts)).toEqual([
      undefined,
      [{ mountPath: '/cache', name: 'writable-b-cache' }],
    ]);
  });

  it('leave a path alone where something is mounted already', () => {
    const volumeMounts = [{ mountPath: '/tmp', name: 'scratch' }];
    const volumes = [{ name: 'scratch', emptyDir: {} }];
    const result = add(['/tmp'], { volumes, containers: [container({ volumeMounts })] });
    expect(result).toMatchObject({ volumes, containers: [{ volumeMounts }] });
  });

  it('have names that the API server takes and that are never the same', () => {
    const long = `/var/${'deep/'.repeat(30)}Data_1`;
    const { volumes, containers } = add(['/b/c', '/c', '/__', '/a.b', '/a-b', long], {
      containers: [container({ name: 'a' }), container({ name: 'a-b' })],
    });
    const names = volumes.map(({ name }: Fields) => name);
    expect(new Set(names).size).toBe(12);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    expect(containers.flatMap((one: Fields) => one.volumeMounts).map(({ name }: Fields) => name)).toEqual(
      names,
    );
  });

  it('are not for ephemeral containers, in which the API server allows no new volume', () => {
    const { ephemeralContainers } = add(['/tmp'], { ephemeralContainers: [{ name: 'debug' }] });
    expect(ephemeralContainers[0].volumeMounts).toBeUndefined();
  });

  it.each(['tmp', '', '/', './tmp', '/a/../etc', '/a:b'])('refuse %j and say what a path is', (path) => {
    expect(() => writablePaths([path])).toThrow(`writablePaths holds '${path}': name the absolute path`);
  });

  it('refuse a size that is no quantity', () => {
    expect(() => writablePaths([{ path: '/tmp', sizeLimit: 'big' }])).toThrow("'big' is not a quantity");
  });
});

describe('a token of the API server', () => {
  const add = (token: Parameters<typeof apiToken>[0], fields: Fields = {}) =>
    harden(pod(spec(fields)), { additions: [apiToken(token)] }).manifest.spec as Fields;

  it('is short-lived, mounted where clients look for it, and does not turn the automatic one on', () => {
    const { volumes, containers, automountServiceAccountToken } = add({});
    expect(automountServiceAccountToken).toBe(false);
    expect(volumes).toEqual([
      {
        name: 'api-token',
        projected: {
          defaultMode: 0o440,
          sources: [
            { serviceAccountToken: { expirationSeconds: 1800, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [
                  { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
                ],
              },
            },
          ],
        },
      },
    ]);
    expect(containers[0].volumeMounts).toEqual([
      { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', name: 'api-token', readOnly: true },
    ]);
  });

  it('takes an audience, a lifetime, a path and the names of containers', () => {
    const { volumes, containers } = add(
      { audience: 'https://Vault.example:8200/', expirationSeconds: 600, path: '/vault', containers: ['b'] },
      { containers: [container({ name: 'a' }), container({ name: 'b' })] },
    );
    expect(volumes[0].name).toBe('token-https-vault-example-8200');
    expect(volumes[0].projected.sources[0]).toEqual({
      serviceAccountToken: { audience: 'https://Vault.example:8200/', expirationSeconds: 600, path: 'token' },
    });
    expect(containers.map((one: Fields) => one.volumeMounts?.length)).toEqual([undefined, 1]);
  });

  it.each([0, 599, 86401, 600.5, NaN, Infinity])(
    'refuses %d seconds and names the bounds',
    (expirationSeconds) => {
      expect(() => apiToken({ expirationSeconds })).toThrow('use 600 to 86400');
    },
  );

  it.each([600, 86400])('takes %d seconds', (expirationSeconds) => {
    expect(() => apiToken({ expirationSeconds })).not.toThrow();
  });
});

describe('the group of files', () => {
  const add = (fields: Fields) =>
    harden(pod(spec(fields)), { additions: [fileGroup] }).manifest.spec as Fields;

  it('is set where the pod names none, and kept where it does', () => {
    expect(add({}).securityContext.fsGroup).toBe(65532);
    expect(add({ securityContext: { fsGroup: 2000 } }).securityContext.fsGroup).toBe(2000);
  });

  it('is not for Windows pods, in which the API server refuses it', () => {
    expect(add({ os: { name: 'windows' } }).securityContext).not.toHaveProperty('fsGroup');
  });
});
