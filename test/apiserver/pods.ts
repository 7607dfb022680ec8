import fc from 'fast-check';

/** What {@link podArbitrary} makes. */
export interface PodOptions {
  /** Minor version of the policy by which values are safe or not. */
  readonly minor: number;
  /** Whether some fields hold values that Pod Security forbids. */
  readonly unsafe: boolean;
}

type Field = fc.Arbitrary<unknown>;
type Fields = Record<string, Field>;

const UNSET = Symbol('unset');
const IMAGE = 'registry.example.com/app:1.0.0';
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * Pods that are valid for the API server, with every field that a control reads: unset, null, or with a value. Whether the
 * pods run is of no interest, so volumes are not mounted and names are made up.
 */
export function podArbitrary(options: PodOptions): fc.Arbitrary<any> {
  const fields = new PodFields(options);
  return fc.oneof({ weight: 9, arbitrary: fields.linuxPod() }, { weight: 1, arbitrary: fields.windowsPod() });
}

/** Sysctls that stay in the pod, and the policy version that first knew them as safe. */
const SYSCTLS: readonly (readonly [name: string, value: string, since: number])[] = [
  ['kernel.shm_rmid_forced', '1', 0],
  ['net.ipv4.ip_local_port_range', '1024 65535', 0],
  ['net.ipv4.ip_local_reserved_ports', '8080', 27],
  ['net.ipv4.tcp_keepalive_time', '600', 29],
  ['net.ipv4.tcp_rmem', '4096 87380 16777216', 32],
  ['net.ipv4.tcp_slow_start_after_idle', '0', 37],
  ['kernel.msgmax', '65536', Infinity],
  ['net.core.somaxconn', '1024', Infinity],
];

class PodFields {
  constructor(private readonly options: PodOptions) {}

  linuxPod(): fc.Arbitrary<any> {
    const spec = this.record({
      os: this.field([{ name: 'linux' }]),
      hostNetwork: this.field([false], [true]),
      hostPID: this.field([false], [true]),
      hostIPC: this.field([false], [true]),
      hostUsers: this.field([false], [true]),
      automountServiceAccountToken: this.field([false], [true]),
      enableServiceLinks: this.field([false], [true]),
      securityContext: this.nested({ ...this.contextFields(), ...this.podContextFields() }),
      volumes: this.list(this.volumeSource(), 3),
      initContainers: this.list(this.container({ isInit: true }), 2),
      containers: fc.array(this.container({ isInit: false }), { minLength: 1, maxLength: 3 }),
    });
    const annotation = this.field(
      [
        { team: 'a' },
        { [`${APP_ARMOR}c0`]: 'runtime/default' },
        { [`${APP_ARMOR}c0`]: 'localhost/profiles/a' },
      ],
      [{ [`${APP_ARMOR}c0`]: 'unconfined' }],
    );
    return fc
      .tuple(this.record({ annotations: annotation }), spec)
      .map(([metadata, body]) => valid(metadata, body));
  }

  windowsPod(): fc.Arbitrary<any> {
    const windowsOptions = this.field([{}, { runAsUserName: 'ContainerUser' }, { hostProcess: false }]);
    const contextFields = { runAsNonRoot: this.field([true], [false]), windowsOptions };
    const container = this.record({
      image: fc.constant(IMAGE),
      securityContext: this.nested(contextFields),
      resources: this.resources(),
      livenessProbe: this.probe(),
    });
    const plain = this.record({
      automountServiceAccountToken: this.field([false], [true]),
      securityContext: this.nested(contextFields),
      volumes: this.list(this.volumeSource(), 2),
      containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    }).map((spec) => valid({}, { ...spec, os: { name: 'windows' } }));
    // The API server takes HostProcess for all containers or none, and with the network of the node only.
    const hostProcess = plain.map((pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        hostNetwork: true,
        securityContext: {
          windowsOptions: { hostProcess: true, runAsUserName: 'NT AUTHORITY\\Local Service' },
        },
        containers: pod.spec.containers.map((one: any) => ({ ...one, securityContext: null })),
      },
    }));
    return this.options.unsafe ? fc.oneof(plain, hostProcess) : plain;
  }

  /** The fields that a pod's securityContext shares with a container's. */
  private contextFields(): Fields {
    const selinux = [
      {},
      { type: '' },
      { type: 'container_t' },
      { type: 'container_init_t', level: 's0:c1,c2' },
    ];
    const engine = { type: 'container_engine_t' };
    const isEngineSafe = this.options.minor >= 31;
    return {
      runAsNonRoot: this.field([true], [false]),
      runAsUser: this.field([1, 1000], [0]),
      runAsGroup: this.field([0, 1000]),
      seccompProfile: this.field(
        [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'profiles/a.json' }],
        [{ type: 'Unconfined' }],
      ),
      seLinuxOptions: this.field(isEngineSafe ? [...selinux, engine] : selinux, [
        { type: 'spc_t' },
        { user: 'sysadm_u' },
        { role: 'sysadm_r' },
        ...(isEngineSafe ? [] : [engine]),
      ]),
      appArmorProfile: this.field(
        [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'profiles/a' }],
        [{ type: 'Unconfined' }],
      ),
      windowsOptions: this.field([{}, { hostProcess: false }]),
    };
  }

  private podContextFields(): Fields {
    const isSafe = ([, , since]: (typeof SYSCTLS)[number]) => since <= this.options.minor;
    const known = SYSCTLS.filter((sysctl) => this.options.unsafe || isSafe(sysctl));
    const sysctls = fc
      .subarray(known, { maxLength: 2 })
      .map((all) => all.map(([name, value]) => ({ name, value })));
    return {
      fsGroup: this.field([2000]),
      sysctls: fc.oneof({ weight: 5, arbitrary: this.field([[]]) }, { weight: 1, arbitrary: sysctls }),
    };
  }

  private containerContextFields(): Fields {
    return {
      ...this.contextFields(),
      privileged: this.field([false], [true]),
      allowPrivilegeEscalation: this.field([false], [true]),
      readOnlyRootFilesystem: this.field([true], [false]),
      procMount: this.field(['Default'], ['Unmasked']),
      capabilities: this.nested({
        drop: this.field([[], ['ALL'], ['NET_RAW'], ['all'], ['KILL', 'ALL']]),
        add: this.field(
          [[], ['NET_BIND_SERVICE'], ['CAP_NET_BIND_SERVICE']],
          [['NET_ADMIN'], ['NET_BIND_SERVICE', 'SYS_PTRACE'], ['CAP_NET_RAW'], ['ALL'], ['CHOWN']],
        ),
      }),
    };
  }

  private container({ isInit }: { isInit: boolean }): Field {
    const always: Fields = {
      image: fc.constant(IMAGE),
      securityContext: this.nested(this.containerContextFields()),
      resources: this.resources(),
      ports: this.list(
        this.record({ containerPort: fc.constantFrom(80, 8080), hostPort: this.field([0], ['unique']) }),
        2,
      ),
    };
    const running: Fields = {
      livenessProbe: this.probe(),
      readinessProbe: this.probe(),
      startupProbe: this.probe(),
      lifecycle: this.nested({ postStart: this.hook(), preStop: this.hook() }),
    };
    if (!isInit) return this.record({ ...always, ...running });
    // An init container that stays (KEP-753) may be probed like any other.
    const sidecar = this.record({ ...always, ...running, restartPolicy: fc.constant('Always') });
    return fc.oneof(this.record(always), sidecar);
  }

  private resources(): Field {
    return this.field([
      {},
      { requests: null, limits: null },
      { requests: { cpu: '100m' } },
      { requests: { cpu: 2 }, limits: {} },
      { limits: { cpu: '10m' } },
      { limits: { memory: '1Gi' } },
      { requests: { memory: '1Gi' }, limits: { cpu: 0.5 } },
      { requests: { cpu: '1', memory: '1G' }, limits: { cpu: '2', memory: '2G' } },
      { limits: { 'ephemeral-storage': '1Gi' } },
      { limits: { 'example.com/gpu': 1 } },
    ]);
  }

  private probe(): Field {
    return this.field([...this.hooks(), { grpc: { port: 9000 } }], this.hooksToHost());
  }

  private hook(): Field {
    return this.field(this.hooks(), this.hooksToHost());
  }

  private hooks(): unknown[] {
    return [
      { exec: { command: ['true'] } },
      { httpGet: { port: 8080, path: '/' } },
      { httpGet: { port: 8080, host: '' } },
      { tcpSocket: { port: 8080, host: null } },
    ];
  }

  private hooksToHost(): unknown[] {
    return [
      { httpGet: { port: 8080, host: '127.0.0.1' } },
      { tcpSocket: { port: 80, host: 'host.example.com' } },
    ];
  }

  private volumeSource(): Field {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const safe = [
      // The API server makes an emptyDir of a volume that names no source.
      {},
      { emptyDir: null },
      { emptyDir: {} },
      { emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      { configMap: { name: 'settings' } },
      { secret: { secretName: 'credentials' } },
      { downwardAPI: { items: [] } },
      { projected: { sources: [] } },
      { persistentVolumeClaim: { claimName: 'data' } },
      { csi: { driver: 'csi.example.com' } },
      { ephemeral: { volumeClaimTemplate: { spec: claim } } },
      ...(this.options.minor >= 33 ? [{ image: { reference: IMAGE } }] : []),
    ];
    const unsafe = [
      { hostPath: { path: '/' } },
      { nfs: { server: 'nfs.example.com', path: '/' } },
      { iscsi: { targetPortal: '192.0.2.1:3260', iqn: 'iqn.2001-04.com.example:a', lun: 0 } },
    ];
    return this.choice([
      [10, safe],
      [1, unsafe],
    ]);
  }

  /** Values of a field, unset and null among them; unsafe ones are rare, so that most pods have few of them. */
  private field(safe: readonly unknown[], unsafe: readonly unknown[] = []): Field {
    return this.choice([
      [12, [UNSET]],
      [2, [null]],
      [10, safe],
      [1, unsafe],
    ]);
  }

  /** Weighted lists of values, the last of which is that of the unsafe ones. */
  private choice(weighted: readonly (readonly [weight: number, values: readonly unknown[]])[]): Field {
    const wanted = this.options.unsafe ? weighted : weighted.slice(0, -1);
    const filled = wanted.filter(([, values]) => values.length > 0);
    return fc.oneof(...filled.map(([weight, values]) => ({ weight, arbitrary: fc.constantFrom(...values) })));
  }

  private nested(fields: Fields): Field {
    return fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(UNSET, null, {}) },
      { weight: 4, arbitrary: this.record(fields) },
    );
  }

  private list(item: Field, maxLength: number): Field {
    return fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(UNSET, null, []) },
      { weight: 2, arbitrary: fc.array(item, { minLength: 1, maxLength }) },
    );
  }

  private record(fields: Fields): fc.Arbitrary<any> {
    return fc
      .record(fields)
      .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== UNSET)));
  }
}

/** Names everything, and takes back what the API server's validation, which knows nothing of policies, would refuse. */
function valid(metadata: any, body: any): any {
  // Not structuredClone, which keeps what is shared, such as a volume that was drawn twice.
  const spec = JSON.parse(JSON.stringify(body));
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const contexts = containers.map(({ securityContext }) => securityContext ?? {});
  spec.containers.forEach((container: any, index: number) => (container.name = `c${index}`));
  spec.initContainers?.forEach((container: any, index: number) => (container.name = `init${index}`));
  spec.volumes?.forEach((volume: any, index: number) => (volume.name = `v${index}`));
  containers
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort === 'unique')
    .forEach((port, index) => (port.hostPort = 9000 + index));

  if (spec.os?.name === 'linux') {
    for (const context of [spec.securityContext ?? {}, ...contexts]) delete context.windowsOptions;
  }
  if (spec.hostNetwork || spec.hostPID || spec.hostIPC) {
    if (spec.hostUsers === false) delete spec.hostUsers;
    delete spec.securityContext?.sysctls;
    for (const context of contexts) delete context.procMount;
  }
  // In the network of the node every port is a host port.
  if (spec.hostNetwork) for (const container of containers) delete container.ports;
  if (contexts.some(({ procMount }) => procMount === 'Unmasked')) spec.hostUsers = false;
  for (const context of contexts) if (context.privileged) context.allowPrivilegeEscalation = true;

  const hasField = [spec.securityContext, ...contexts].some((context) => context?.appArmorProfile);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    // A pod may not say one thing in an annotation and another in a field.
    metadata: hasField ? { name: 'pod' } : { ...metadata, name: 'pod' },
    spec,
  };
}
