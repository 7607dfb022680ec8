import { ApiObject, type App, Chart, Cron, Duration, Size } from 'cdk8s';
import {
  Capability,
  ConfigMap,
  type ContainerProps,
  Cpu,
  CronJob,
  DaemonSet,
  Deployment,
  DeploymentStrategy,
  EmptyDirMedium,
  EnvFieldPaths,
  EnvValue,
  Handler,
  ImagePullPolicy,
  Job,
  PersistentVolumeAccessMode,
  PersistentVolumeClaim,
  Pod,
  PodManagementPolicy,
  Probe,
  RestartPolicy,
  Secret,
  ServiceAccount,
  StatefulSet,
  Volume,
} from 'cdk8s-plus-27';

/** How many workloads {@link stockWorkloads} declares. */
export const STOCK_WORKLOADS = 33;

/** The one of them that is hardened by its author. */
export const ALREADY_COMPLIANT = 'raw-compliant';

const IMAGE = 'registry.example.com/app:1.0.0';
const PORT = { image: IMAGE, portNumber: 8080 };

/** The kinds and features that people use of cdk8s-plus, and raw objects beside them, by somebody who never heard of hardening. */
export function stockWorkloads(app: App, namespace: string): Chart {
  const chart = new Chart(app, 'stock', { namespace, disableResourceNameHashes: true });
  deployments(chart);
  statefulSets(chart);
  daemonSets(chart);
  jobs(chart);
  pods(chart);
  rawObjects(chart);
  return chart;
}

function deployments(chart: Chart): void {
  new Deployment(chart, 'web', { containers: [PORT] });
  new Deployment(chart, 'web-exposed', { containers: [PORT], replicas: 3 }).exposeViaService();
  new Deployment(chart, 'web-recreated', { containers: [PORT], strategy: DeploymentStrategy.recreate() });

  const config = new ConfigMap(chart, 'settings', { data: { 'app.conf': 'debug = false\n', EMPTY: '' } });
  const secret = Secret.fromSecretName(chart, 'credentials', 'credentials');
  new Deployment(chart, 'web-configured', {
    containers: [
      {
        ...PORT,
        args: ['--verbose'],
        workingDir: '/srv',
        envVariables: {
          MODE: EnvValue.fromValue('production'),
          EMPTY: EnvValue.fromValue(''),
          NODE: EnvValue.fromFieldRef(EnvFieldPaths.NODE_NAME),
          PASSWORD: EnvValue.fromSecretValue({ secret, key: 'password' }),
        },
        volumeMounts: [
          {
            path: '/etc/app',
            volume: Volume.fromConfigMap(chart, 'settings-volume', config),
            readOnly: true,
          },
          { path: '/etc/credentials', volume: Volume.fromSecret(chart, 'credentials-volume', secret) },
        ],
      },
    ],
  });

  const scratch = Volume.fromEmptyDir(chart, 'scratch-volume', 'scratch', {
    medium: EmptyDirMedium.MEMORY,
    sizeLimit: Size.gibibytes(1),
  });
  new Deployment(chart, 'web-with-sidecar', {
    containers: [
      { ...PORT, name: 'main', volumeMounts: [{ path: '/scratch', volume: scratch }] },
      { ...PORT, name: 'sidecar', portNumber: 9090, volumeMounts: [{ path: '/scratch', volume: scratch }] },
    ],
    initContainers: [
      {
        image: IMAGE,
        name: 'prepare',
        command: ['prepare'],
        volumeMounts: [{ path: '/s', volume: scratch }],
      },
      { image: IMAGE, command: ['migrate'] },
    ],
  });

  new Deployment(chart, 'web-on-port-80', {
    containers: [
      {
        image: IMAGE,
        portNumber: 80,
        securityContext: { capabilities: { add: [Capability.NET_BIND_SERVICE] } },
      },
    ],
  });
  new Deployment(chart, 'web-with-some-dropped', {
    containers: [
      {
        ...PORT,
        securityContext: { capabilities: { add: [Capability.NET_BIND_SERVICE], drop: [Capability.NET_RAW] } },
      },
    ],
  });
  new Deployment(chart, 'web-as-user', {
    securityContext: { user: 1000, group: 3000, fsGroup: 2000 },
    containers: [{ ...PORT, securityContext: { user: 1001, group: 3001 } }],
  });
  new Deployment(chart, 'web-writing-to-its-root', {
    containers: [{ ...PORT, resources: sized(1000, 1024), imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT }],
  });
  new Deployment(chart, 'web-with-requests-only', {
    containers: [
      { ...PORT, resources: { cpu: { request: Cpu.units(2) }, memory: { request: Size.gibibytes(2) } } },
    ],
  });
  new Deployment(chart, 'web-with-limits-only', {
    containers: [
      { ...PORT, resources: { cpu: { limit: Cpu.millis(20) }, memory: { limit: Size.mebibytes(32) } } },
    ],
  });
  new Deployment(chart, 'web-with-account', {
    serviceAccount: new ServiceAccount(chart, 'account'),
    containers: [{ ...PORT, resources: { ephemeralStorage: { limit: Size.gibibytes(1) } } }],
  });
  new Deployment(chart, 'web-probed', {
    minReady: Duration.seconds(5),
    terminationGracePeriod: Duration.seconds(0),
    containers: [
      {
        ...PORT,
        liveness: Probe.fromHttpGet('/healthz', { port: 8080, initialDelaySeconds: Duration.seconds(0) }),
        readiness: Probe.fromTcpSocket({ port: 8080 }),
        startup: Probe.fromCommand(['true'], { failureThreshold: 30 }),
        lifecycle: {
          postStart: Handler.fromHttpGet('/started', { port: 8080 }),
          preStop: Handler.fromCommand(['sleep', '1']),
        },
      },
    ],
  });
}

function statefulSets(chart: Chart): void {
  new StatefulSet(chart, 'store', { containers: [PORT] });
  new StatefulSet(chart, 'store-parallel', {
    replicas: 0,
    podManagementPolicy: PodManagementPolicy.PARALLEL,
    containers: [PORT],
  });
  const claim = new PersistentVolumeClaim(chart, 'data', {
    accessModes: [PersistentVolumeAccessMode.READ_WRITE_ONCE],
    storage: Size.gibibytes(1024),
  });
  const volume = Volume.fromPersistentVolumeClaim(chart, 'data-volume', claim);
  new StatefulSet(chart, 'store-on-disk', {
    securityContext: { user: 999, fsGroup: 999 },
    containers: [{ ...PORT, volumeMounts: [{ path: '/data', volume, readOnly: false }] }],
    initContainers: [{ image: IMAGE, volumeMounts: [{ path: '/data', volume, subPath: 'lost' }] }],
  });
}

function daemonSets(chart: Chart): void {
  new DaemonSet(chart, 'agent', { containers: [{ image: IMAGE }] });
  new DaemonSet(chart, 'agent-with-many', {
    minReadySeconds: 10,
    containers: ['a', 'b', 'c'].map((name) => ({ image: IMAGE, name })),
  });
}

function jobs(chart: Chart): void {
  const once = { containers: [{ image: IMAGE }] };
  new Job(chart, 'job', { ...once, backoffLimit: 0 });
  new Job(chart, 'job-with-deadline', {
    ...once,
    restartPolicy: RestartPolicy.ON_FAILURE,
    activeDeadline: Duration.minutes(5),
    ttlAfterFinished: Duration.seconds(30),
    initContainers: [{ image: IMAGE }],
  });
  new CronJob(chart, 'nightly', { ...once, schedule: Cron.daily() });
  new CronJob(chart, 'hourly', {
    containers: [{ image: IMAGE, resources: sized(100, 64) }],
    schedule: Cron.hourly(),
    timeZone: 'Etc/UTC',
    suspend: true,
    successfulJobsRetained: 0,
  });
}

function pods(chart: Chart): void {
  new Pod(chart, 'pod', { containers: [{ image: IMAGE }] });
  new Pod(chart, 'pod-with-token', { automountServiceAccountToken: false, containers: [{ image: IMAGE }] });
  const projected = Volume.fromCsi(chart, 'csi-volume', 'csi.example.com', { attributes: { share: 'a' } });
  new Pod(chart, 'pod-with-csi', {
    restartPolicy: RestartPolicy.NEVER,
    containers: [{ image: IMAGE, volumeMounts: [{ path: '/csi', volume: projected }] }],
  });
  const pod = new Pod(chart, 'pod-tolerating', { containers: [{ image: IMAGE }] });
  pod.metadata.addLabel('app', 'tolerating');
  pod.dns.addNameserver('192.0.2.53');
}

function rawObjects(chart: Chart): void {
  const containers = [{ name: 'app', image: IMAGE }];
  const template = (name: string, spec: object) => ({ metadata: { labels: { app: name } }, spec });
  const controller = (kind: string, name: string, spec: object, more: object = {}) =>
    new ApiObject(chart, name, {
      apiVersion: kind === 'ReplicationController' ? 'v1' : 'apps/v1',
      kind,
      metadata: { name },
      spec: {
        ...more,
        selector: kind === 'ReplicationController' ? { app: name } : { matchLabels: { app: name } },
        template: template(name, spec),
      },
    });
  controller('ReplicaSet', 'raw-replica-set', { containers }, { replicas: 2 });
  controller('ReplicationController', 'raw-replication-controller', { containers }, { replicas: 0 });
  controller('Deployment', 'raw-deployment', { containers, securityContext: {}, hostPID: false });
  controller('DaemonSet', 'raw-daemon-set', {
    // A sidecar in the sense of KEP-753: an init container that stays.
    initContainers: [{ name: 'proxy', image: IMAGE, restartPolicy: 'Always' }],
    containers: [{ name: 'app', image: IMAGE, securityContext: { runAsUser: 1000 }, resources: {} }],
  });
  controller(
    'StatefulSet',
    'raw-stateful-set',
    { containers: [{ ...containers[0], volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
    {
      serviceName: 'raw-stateful-set',
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  );
  const batch = (kind: string, name: string, spec: object) =>
    new ApiObject(chart, name, { apiVersion: 'batch/v1', kind, metadata: { name }, spec });
  const podSpec = { containers, restartPolicy: 'Never' };
  batch('CronJob', 'raw-cron-job', {
    schedule: '0 0 * * *',
    jobTemplate: { spec: { template: { spec: podSpec } } },
  });
  new ApiObject(chart, ALREADY_COMPLIANT, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: ALREADY_COMPLIANT },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          ...containers[0],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
}

function sized(millis: number, mebibytes: number): ContainerProps['resources'] {
  const cpu = { request: Cpu.millis(millis), limit: Cpu.millis(millis) };
  const memory = { request: Size.mebibytes(mebibytes), limit: Size.mebibytes(mebibytes) };
  return { cpu, memory };
}
