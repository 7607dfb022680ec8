import fc from 'fast-check';
import type { JsonObject, Manifest } from '../../src/manifest/manifest';
import { ClusterTarget, SUPPORTED_MINORS, type AppArmorStyle } from '../../src/target/target';

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/** Values of a field from safe to unsafe; `null` is how YAML writes a field that is unset. */
export interface Taste {
  /** Whether fields get values that break controls. */
  readonly unsafe: boolean;
}

/** A workload and the cluster it is for. */
export interface Case {
  readonly manifest: Manifest;
  readonly target: ClusterTarget;
}

/** Every kind that makes pods, and how its object is built around a pod template. */
const WORKLOADS: Readonly<Record<string, (template: JsonObject) => JsonObject>> = {
  Pod: (template) => ({ apiVersion: 'v1', kind: 'Pod', ...template }),
  PodTemplate: (template) => ({ apiVersion: 'v1', kind: 'PodTemplate', template }),
  ReplicationController: controller('v1', 'ReplicationController'),
  Deployment: controller('apps/v1', 'Deployment'),
  StatefulSet: controller('apps/v1', 'StatefulSet'),
  DaemonSet: controller('apps/v1', 'DaemonSet'),
  ReplicaSet: controller('apps/v1', 'ReplicaSet'),
  Job: controller('batch/v1', 'Job'),
  CronJob: (template) => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: { schedule: '@daily', jobTemplate: { spec: { template } } },
  }),
};

/** The kinds that make pods. */
export const WORKLOAD_KINDS = Object.keys(WORKLOADS);

function controller(apiVersion: string, kind: string) {
  return (template: JsonObject): JsonObject => ({ apiVersion, kind, spec: { replicas: 1, template } });
}

/** A workload of that kind around a pod template. */
export function workloadOf(kind: string, template: JsonObject): Manifest {
  return WORKLOADS[kind]!(template) as Manifest;
}

/** Every supported version with every way of AppArmor that it allows, with and without user namespaces. */
export const TARGETS: readonly ClusterTarget[] = Array.from(
  { length: SUPPORTED_MINORS.newest - SUPPORTED_MINORS.oldest + 1 },
  (_, index) => SUPPORTED_MINORS.oldest + index,
).flatMap((minor) => {
  const styles: AppArmorStyle[] =
    minor < 30 ? ['annotation', 'none'] : ['field', 'annotation', 'both', 'none'];
  return styles.flatMap((appArmor) =>
    [true, false].map((userNamespaces) =>
      ClusterTarget.kubernetes(`1.${minor}`, { appArmor, userNamespaces }),
    ),
  );
});

/** A workload as people write them: any of its fields unset, safe or, if asked for, unsafe. */
export function workloads(taste: Taste): fc.Arbitrary<Case> {
  return fc.record({
    manifest: fc
      .tuple(fc.constantFrom(...WORKLOAD_KINDS), podTemplates(taste))
      .map(([kind, template]) => workloadOf(kind, template)),
    target: fc.constantFrom(...TARGETS),
  });
}

/** A workload in which any number of values, wherever they stand, are replaced by any JSON. */
export function brokenWorkloads(): fc.Arbitrary<Case> {
  const replacements = fc.array(fc.tuple(fc.nat(), anyJson()), { minLength: 1, maxLength: 8 });
  return fc.tuple(workloads({ unsafe: true }), replacements).map(([{ manifest, target }, list]) => {
    const copy = structuredClone(manifest);
    for (const [position, value] of list) {
      const places = placesIn(copy, ['apiVersion', 'kind']);
      const [holder, key] = places[position % places.length]!;
      // Not by assignment, which would set the prototype for one name of a key.
      Object.defineProperty(holder, key, {
        value: structuredClone(value),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return { manifest: JSON.parse(JSON.stringify(copy)) as Manifest, target };
  });
}

/** Any JSON value, with the keys that JavaScript itself gives a meaning. */
export function anyJson(): fc.Arbitrary<unknown> {
  const key = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'length', 'spec', 'name', 'type'),
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.oneof(
        fc.constantFrom(null, true, false, 0, -0, 1, 1.5, '', 'ALL', 'constructor', 'RuntimeDefault'),
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));
  // Through text, so that only what JSON can hold is left.
  return json.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
}

function placesIn(value: unknown, kept: readonly string[]): [holder: object, key: string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !kept.includes(key))
    .flatMap(([key, member]) => [[value, key] as [object, string], ...placesIn(member, [])]);
}

function podTemplates(taste: Taste): fc.Arbitrary<JsonObject> {
  return podSpecs(taste).chain((spec) => {
    const names = [spec.containers, spec.initContainers, spec.ephemeralContainers]
      .flatMap((list) => (list ?? []) as { name: string }[])
      .map(({ name }) => name);
    const profile = fc.constantFrom(
      ...['runtime/default', 'localhost/shop'],
      ...(taste.unsafe ? ['unconfined', ''] : []),
    );
    const annotations = fc.record(
      Object.fromEntries([
        ['team', fc.constant('shop')],
        ...names.map((name) => [`${APP_ARMOR}${name}`, profile] as const),
      ]),
      { requiredKeys: [] },
    );
    return fields({ metadata: fields({ annotations, labels: fc.constant({ app: 'shop' }) }) }).map(
      (rest) => ({
        ...rest,
        spec,
      }),
    );
  });
}

function podSpecs({ unsafe }: Taste): fc.Arbitrary<JsonObject> {
  const { flag, chosen, list } = valuesFor(unsafe);
  const containers = (prefix: string, minLength: number) =>
    fc
      .array(containersWith(unsafe), { minLength, maxLength: minLength + 1 })
      .map((items) => items.map((item, index) => ({ name: `${prefix}${index}`, ...item })));
  const spec = fields({
    initContainers: containers('init', 0),
    ephemeralContainers: containers('debug', 0),
    securityContext: securityContexts(unsafe, {
      fsGroup: chosen([2000], [0]),
      supplementalGroups: list([3000], [0]),
      supplementalGroupsPolicy: chosen(['Strict'], ['Merge']),
      sysctls: list(
        [{ name: 'net.ipv4.tcp_syncookies', value: '1' }],
        [{ name: 'kernel.msgmax', value: '1' }],
      ),
    }),
    volumes: list(
      [
        { name: 'bare' },
        { name: 'scratch', emptyDir: {} },
        { name: 'config', configMap: { name: 'shop' } },
        { name: 'claim', persistentVolumeClaim: { claimName: 'shop' } },
      ],
      [
        { name: 'host', hostPath: { path: '/' } },
        { name: 'share', nfs: { server: 'nfs.example', path: '/' } },
      ],
    ),
    hostNetwork: flag(false),
    hostPID: flag(false),
    hostIPC: flag(false),
    hostUsers: flag(false),
    shareProcessNamespace: flag(false),
    nodeName: chosen([''], ['node-1']),
    tolerations: list(
      [{ key: 'spot', operator: 'Exists' }],
      [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }, { operator: 'Exists' }],
    ),
    automountServiceAccountToken: flag(false),
    enableServiceLinks: flag(false),
    os: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ name: 'linux' }) },
      { weight: 1, arbitrary: fc.constant({ name: 'windows' }) },
    ),
    serviceAccountName: chosen(['shop'], ['default']),
    restartPolicy: fc.constant('Always'),
  });
  return fc.tuple(containers('app', 1), spec).map(([apps, rest]) => ({ ...rest, containers: apps }));
}

function containersWith(unsafe: boolean): fc.Arbitrary<JsonObject> {
  const { flag, chosen, list } = valuesFor(unsafe);
  const handler = (host: fc.Arbitrary<unknown>) =>
    fc.oneof(
      fields({ httpGet: fields({ port: fc.constant(8080), host }) }),
      fields({ tcpSocket: fields({ port: fc.constant(8080), host }) }),
      fc.constant({ exec: { command: ['true'] } }),
    );
  const host = unsafe ? fc.constantFrom('', '10.0.0.1') : fc.constant('');
  const amounts = fields({
    cpu: fc.constantFrom<string | number>('10m', '250m', 2, '0.5', '2k'),
    memory: fc.constantFrom<string | number>('64Mi', '1Gi', 134217728, '1e9'),
    'ephemeral-storage': fc.constant('1Gi'),
  });
  return fields({
    image: chosen(
      ['registry.example/shop:1.0.0'],
      ['registry.example/shop', 'k8s.gcr.io/pause:3.6', 'registry.example/kubernetes-helm/tiller:v2.17.0'],
    ),
    command: list(['server', '--port=8080'], ['sudo']),
    args: list(['--verbose'], ['sudo']),
    env: list(
      [{ name: 'MODE', value: 'dark' }],
      [{ name: 'DATABASE_PASSWORD', value: 'correct-horse-battery' }],
    ),
    stdin: flag(false),
    tty: flag(false),
    ports: list(
      [{ containerPort: 8080 }, { containerPort: 80, hostPort: 0 }],
      [{ containerPort: 80, hostPort: 80 }],
    ),
    resources: fields({ requests: amounts, limits: amounts, claims: fc.constant([{ name: 'gpu' }]) }),
    securityContext: securityContexts(unsafe, {
      privileged: flag(false),
      allowPrivilegeEscalation: flag(false),
      readOnlyRootFilesystem: flag(true),
      procMount: chosen(['Default'], ['Unmasked']),
      capabilities: fields({
        add: list(['NET_BIND_SERVICE', 'CAP_NET_BIND_SERVICE'], ['SYS_ADMIN', 'CAP_CHOWN', 'NET_RAW']),
        drop: list(['ALL', 'NET_RAW', 'CHOWN', 'all'], []),
      }),
    }),
    livenessProbe: handler(host),
    readinessProbe: handler(host),
    startupProbe: handler(host),
    lifecycle: fields({ postStart: handler(host), preStop: handler(host) }),
    volumeMounts: list([{ name: 'scratch', mountPath: '/tmp' }], []),
    volumeDevices: list([{ name: 'claim', devicePath: '/dev/xvda' }], []),
  });
}

function securityContexts(
  unsafe: boolean,
  own: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<JsonObject> {
  const { flag, chosen } = valuesFor(unsafe);
  const profile = fc.oneof(
    fc.constantFrom({ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'shop' }),
    fc.constant({ type: unsafe ? 'Unconfined' : 'RuntimeDefault' }),
  );
  return fields({
    ...own,
    runAsNonRoot: flag(true),
    runAsUser: chosen([1, 1000], [0]),
    runAsGroup: chosen([1000], [0]),
    seccompProfile: profile,
    appArmorProfile: profile,
    seLinuxOptions: fields({
      type: chosen(['container_t', 'container_kvm_t', ''], ['spc_t']),
      user: chosen([''], ['root']),
      level: fc.constant('s0:c1'),
    }),
    windowsOptions: fields({ hostProcess: flag(false), runAsUserName: fc.constant('ContainerUser') }),
  });
}

/** An object with any of these fields; one in ten of those that are there is null. */
function fields(model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<JsonObject> {
  const orNull = Object.entries(model).map(
    ([key, value]) =>
      [key, fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) })] as const,
  );
  // Without the null prototype that fast-check mixes in, which no reader of YAML makes.
  return fc.record(Object.fromEntries(orNull), { requiredKeys: [], noNullPrototype: true });
}

function valuesFor(unsafe: boolean) {
  return {
    /** A boolean, one value of which is the safe one. */
    flag: (safe: boolean) => (unsafe ? fc.boolean() : fc.constant(safe)),
    chosen: <T>(safe: readonly T[], bad: readonly T[]) => fc.constantFrom(...safe, ...(unsafe ? bad : [])),
    list: (safe: readonly unknown[], bad: readonly unknown[]) =>
      fc.subarray([...safe, ...(unsafe ? bad : [])]),
  };
}
