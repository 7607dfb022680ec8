import { Cron, Size } from 'cdk8s';
import { EnvValue, PersistentVolumeAccessMode, PersistentVolumeClaim, Probe, Volume } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { HardenedCronJob, HardenedStatefulSet, Tenant, Waivers } from '../../constructs';
import { SSO } from './people';
import { redisExporter, resources, sealed } from './shop';

/** A team that counts events: a small store that keeps its data, and a job that writes a report every night. */
export class Analytics extends Tenant {
  readonly store: HardenedStatefulSet;

  constructor(scope: Construct) {
    super(scope, 'analytics', {
      owner: 'analytics',
      groups: { viewers: [SSO.group('analytics')] },
      quota: { cpu: '2', memory: '4Gi', storage: '20Gi', pods: 20 },
      // What is waived below has to be let through by the API server as well.
      allowances: { waivedControls: ['apparmor-profile'] },
    });
    Waivers.of(this).waive('apparmor-profile', {
      reason: 'the analytics nodes run an SELinux distribution without AppArmor',
    });
    const namespace = this.namespace('reports');

    const claim = new PersistentVolumeClaim(namespace, 'event-store-data', {
      accessModes: [PersistentVolumeAccessMode.READ_WRITE_ONCE],
      storage: Size.gibibytes(10),
    });
    this.store = new HardenedStatefulSet(namespace, 'event-store', {
      securityContext: { user: 999, group: 1000, fsGroup: 1000 },
      containers: [
        {
          name: 'valkey',
          image: 'docker.io/valkey/valkey:7.2.6-alpine',
          args: ['valkey-server', '--appendonly', 'yes', '--dir', '/data'],
          ports: [{ name: 'store', number: 6379 }],
          resources: resources([50, 250], [128, 256]),
          readiness: Probe.fromTcpSocket({ port: 6379 }),
          liveness: Probe.fromTcpSocket({ port: 6379 }),
          volumeMounts: [
            {
              path: '/data',
              volume: Volume.fromPersistentVolumeClaim(namespace, 'event-store-volume', claim),
            },
          ],
        },
        redisExporter(),
      ],
    });

    const report = new HardenedCronJob(namespace, 'nightly-report', {
      schedule: new Cron({ minute: '15', hour: '2' }),
      securityContext: { user: 1000, group: 1000 },
      writablePaths: [{ path: '/tmp', sizeLimit: '1Gi' }],
      dockerRegistryAuth: sealed(namespace, 'registry'),
      containers: [
        {
          name: 'report',
          image: 'registry.example.com/analytics/report:2.8.1',
          envVariables: { STORE_ADDR: EnvValue.fromValue(`${this.store.service.name}:6379`) },
          resources: resources([100, 500], [256, 512]),
        },
      ],
    });
    report.allowTo(this.store, { ports: [6379] });
  }
}
