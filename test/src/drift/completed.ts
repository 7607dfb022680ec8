import * as fc from 'fast-check';
import type { Manifest } from '../../../src/manifest/manifest';

const name = fc.stringMatching(/^[a-z]([-a-z0-9]{0,6}[a-z0-9])?$/);
const label = fc.dictionary(name, name, { maxKeys: 3 });
const amount = fc.constantFrom('100m', '0.5', '1', '64Mi', '1Gi', '128974848');
const port = fc.integer({ min: 1, max: 65_535 });
const byKey = <T>(item: fc.Arbitrary<T>, key: (item: T) => unknown, maxLength = 3) =>
  fc.uniqueArray(item, { selector: key, maxLength });

const probe = fc.record(
  {
    httpGet: fc.record({ path: fc.constant('/ready'), port }),
    periodSeconds: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: ['httpGet'] },
);

const container = fc.record(
  {
    name,
    image: fc.constantFrom(
      'registry.example/api:1.0.0',
      'registry.example:5000/api',
      'registry.example/api:latest',
      `registry.example/api@sha256:${'0'.repeat(64)}`,
    ),
    args: fc.array(name, { minLength: 1, maxLength: 3 }),
    env: byKey(fc.record({ name, value: name }), (one) => one.name),
    ports: byKey(
      fc.record({ containerPort: port, name }, { requiredKeys: ['containerPort'] }),
      (one) => one.containerPort,
    ),
    readinessProbe: probe,
    resources: fc.record({ requests: fc.record({ cpu: amount }), limits: fc.record({ memory: amount }) }),
    securityContext: fc.record({
      runAsNonRoot: fc.boolean(),
      privileged: fc.boolean(),
      capabilities: fc.record({ drop: fc.constant(['ALL']) }),
    }),
    volumeMounts: byKey(
      fc.record({ name, mountPath: name.map((text) => `/${text}`), readOnly: fc.constant(true) }),
      (one) => one.mountPath,
    ),
  },
  { requiredKeys: ['name', 'image'] },
);

/** Deployments as people declare them: with some of the fields, or all. */
export const deployment: fc.Arbitrary<Manifest> = fc
  .record({
    labels: label,
    replicas: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    containers: fc.uniqueArray(container, { selector: (one) => one.name, minLength: 1, maxLength: 3 }),
    account: fc.option(name, { nil: undefined }),
    hostNetwork: fc.constantFrom(undefined, true),
    volumes: byKey(fc.record({ name, configMap: fc.record({ name }) }), (one) => one.name),
  })
  .map(({ labels, replicas, containers, account, hostNetwork, volumes }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', namespace: 'web', labels },
    spec: {
      ...(replicas && { replicas }),
      selector: { matchLabels: { app: 'api' } },
      template: {
        metadata: { labels: { app: 'api' } },
        spec: {
          containers,
          ...(volumes.length > 0 && { volumes }),
          ...(account && { serviceAccountName: account }),
          ...(hostNetwork && { hostNetwork }),
        },
      },
    },
  }));

/** A Deployment as the API server gives it back: its defaults, written down once more and not out of the sources. */
export function completed(declared: Manifest): any {
  // What is one value in the declared object is as many as it is places in JSON.
  const live: any = JSON.parse(JSON.stringify(declared));
  live.metadata = {
    ...live.metadata,
    uid: '1',
    generation: 3,
    resourceVersion: '9',
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations: { 'deployment.kubernetes.io/revision': '1' },
  };
  live.status = { replicas: 1 };
  live.spec = {
    progressDeadlineSeconds: 600,
    replicas: 1,
    revisionHistoryLimit: 10,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    ...live.spec,
  };
  const template = live.spec.template;
  template.metadata.creationTimestamp = null;
  const account = template.spec.serviceAccountName;
  template.spec = {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...(account && { serviceAccount: account }),
    ...template.spec,
  };
  template.spec.containers.forEach(completeContainer);
  for (const { configMap } of template.spec.volumes ?? []) configMap.defaultMode = 420;
  return live;
}

function completeContainer(one: any): void {
  const isLatest = one.image.endsWith(':latest') || one.image === 'registry.example:5000/api';
  one.imagePullPolicy = isLatest ? 'Always' : 'IfNotPresent';
  one.terminationMessagePath = '/dev/termination-log';
  one.terminationMessagePolicy = 'File';
  one.resources ??= {};
  for (const each of one.ports ?? []) each.protocol = 'TCP';
  if (one.readinessProbe) {
    one.readinessProbe = {
      failureThreshold: 3,
      periodSeconds: 10,
      successThreshold: 1,
      timeoutSeconds: 1,
      ...one.readinessProbe,
    };
    one.readinessProbe.httpGet.scheme = 'HTTP';
  }
  for (const list of ['env', 'ports', 'volumeMounts']) if (one[list]?.length === 0) delete one[list];
}
