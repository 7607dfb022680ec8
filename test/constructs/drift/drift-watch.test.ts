import { App, Chart, Duration } from 'cdk8s';
import { ConfigMap, Secret } from 'cdk8s-plus-27';
import {
  Blueprint,
  BulwarkError,
  DefaultDeny,
  DriftWatch,
  Guardrails,
  HardenedDeployment,
  Hardening,
  Peer,
  SealedSecret,
  Tenant,
  type DriftWatchProps,
} from '../../../constructs';
import { ClusterTarget } from '../../../src/target/target';
import { blueprint, CAPABILITIES, objectOf, specOf } from '../support';
import { join } from 'node:path';

const IMAGE = `registry.example/watch@sha256:${'a'.repeat(64)}`;
const SEALED = join(__dirname, '../fixtures/sealed-secret.yaml');

/** A cluster with a shop and a platform that watches it. */
function watched(props: Partial<DriftWatchProps> = {}) {
  const { cluster, web } = blueprint();
  const namespace = new Tenant(cluster, 'platform').namespace('ops');
  const watch = new DriftWatch(namespace, 'watch', { image: IMAGE, ...props });
  return { cluster, web, namespace, watch };
}
type Cluster = ReturnType<typeof watched>['cluster'];

const cronJobOf = (cluster: Cluster) => specOf(objectOf(cluster, 'CronJob', 'watch'));
const podOf = (cluster: Cluster) => cronJobOf(cluster).jobTemplate.spec.template.spec;
const argsOf = (cluster: Cluster): string[] => podOf(cluster).containers[0].args;
const egressOf = (cluster: Cluster): any[] =>
  specOf(objectOf(cluster, 'NetworkPolicy', 'watch', 'platform-ops')).egress;
const rulesOf = (cluster: Cluster, kind = 'ClusterRole', name = 'platform-ops-watch'): any[] =>
  (objectOf(cluster, kind, name) as any).rules;

describe('DriftWatch', () => {
  it('runs one comparison at a time, which ends, is not repeated and leaves a trace', () => {
    const { cluster } = watched();
    const { schedule, concurrencyPolicy, failedJobsHistoryLimit, jobTemplate } = cronJobOf(cluster);
    expect([schedule, concurrencyPolicy, failedJobsHistoryLimit]).toEqual(['*/15 * * * *', 'Forbid', 3]);
    expect(jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 420 });
    expect(podOf(cluster).restartPolicy).toBe('Never');
  });

  it('gives up in time to tell', () => {
    const { cluster } = watched({ timeout: Duration.minutes(10) });
    expect(argsOf(cluster)).toEqual(expect.arrayContaining(['--timeout', '600']));
    expect(cronJobOf(cluster).jobTemplate.spec.activeDeadlineSeconds).toBe(720);
  });

  it('passes over Secrets, and writes an Event about itself', () => {
    expect(argsOf(watched().cluster).join(' ')).toBe(
      'drift /manifests --timeout 300 --built-into platform-ops/watch --event platform-ops/watch --without-secrets',
    );
  });

  it('has an account of its own, whose token is mounted here and nowhere else', () => {
    const { cluster } = watched();
    expect(objectOf(cluster, 'ServiceAccount', 'watch')).toMatchObject({
      automountServiceAccountToken: false,
    });
    const { automountServiceAccountToken, serviceAccountName, containers } = podOf(cluster);
    expect([automountServiceAccountToken, serviceAccountName]).toEqual([false, 'watch']);
    expect(containers[0].volumeMounts).toEqual([
      { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', name: 'api-token', readOnly: true },
    ]);
  });

  it('may list what is declared anywhere, also later, and get declared ConfigMaps, and read no Secret', () => {
    const { cluster, web } = watched({ resources: ['widgets.example.com'], configMaps: ['elsewhere'] });
    new ConfigMap(web, 'flags', { data: { colour: 'blue' } });
    new SealedSecret(web, 'login', { file: SEALED });
    const rules = rulesOf(cluster);
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(['get', 'list']));
    const listed = rules.filter(({ verbs }) => verbs.includes('list'));
    expect(listed.every(({ resourceNames }) => resourceNames === undefined)).toBe(true);
    const resources = listed.flatMap((rule) =>
      rule.resources.map((one: string) => `${one}.${rule.apiGroups[0]}`),
    );
    expect(resources).toEqual(
      expect.arrayContaining(['pods.', 'sealedsecrets.bitnami.com', 'widgets.example.com']),
    );
    expect(resources.filter((one) => /secrets\.$|configmaps/.test(one))).toEqual([]);
    expect(rules.filter(({ verbs }) => verbs.includes('get'))).toEqual([
      {
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['elsewhere', 'flags', 'tenant-allowances'],
        verbs: ['get'],
      },
    ]);
  });

  it('may look at what Capsule puts into namespaces that people make', () => {
    const { outdir } = blueprint().cluster;
    const target = ClusterTarget.kubernetes('1.33', { ...CAPABILITIES, capsule: true });
    const cluster = new Blueprint({ target, outdir });
    const chart = new Chart(cluster, 'ops', { namespace: 'ops' });
    new DefaultDeny(chart, 'deny');
    const rights = () => JSON.stringify(rulesOf(cluster, 'ClusterRole', 'ops-watch'));
    new DriftWatch(chart, 'watch', { image: IMAGE });
    new Guardrails(cluster, 'guardrails');
    new Tenant(cluster, 'team', { selfService: { namespaces: { owners: ['leads'], atMost: 2 } } });
    expect(rights()).toContain('"limitranges"');
    expect(rights()).toContain('"resourceNames":["tenant-allowances"]');
  });

  it('writes its own Events and no others', () => {
    expect(rulesOf(watched().cluster, 'Role', 'watch-events')).toEqual([
      {
        apiGroups: [''],
        resources: ['events'],
        resourceNames: ['watch.driftfound', 'watch.driftunknown', 'watch.nodrift'],
        verbs: ['get', 'patch'],
      },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    ]);
  });

  it('reads Secrets only where they are named', () => {
    const { cluster } = watched({ secrets: { 'shop-web': ['login'] } });
    expect(objectOf(cluster, 'Role', 'watch-secrets')).toMatchObject({
      metadata: { namespace: 'shop-web' },
      rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['login'], verbs: ['get'] }],
    });
    expect(argsOf(cluster)).not.toContain('--without-secrets');
  });

  it('reaches the API server and nothing else', () => {
    expect(egressOf(watched().cluster).map(({ to }) => to)).toEqual([
      [{ ipBlock: { cidr: CAPABILITIES.apiServer.cidrs[0] } }],
    ]);
  });

  it('reaches a Pushgateway that is named, and DNS for its name', () => {
    const peer = Peer.namespace('monitoring');
    const url = 'http://pushgateway.monitoring:9091/metrics/job/drift/cluster/north';
    const { cluster } = watched({ pushgateway: { url, peer } });
    expect(argsOf(cluster)).toEqual(expect.arrayContaining(['--push', url]));
    const ports = egressOf(cluster).flatMap((rule) => rule.ports.map(({ port }: any) => port));
    expect(new Set(ports)).toEqual(new Set([443, 6443, 9091, 53]));
    const byAddress = watched({
      pushgateway: { url: 'https://192.0.2.9', peer: Peer.cidr('192.0.2.9/32'), port: 8443 },
    });
    const other = egressOf(byAddress.cluster).flatMap((rule) => rule.ports.map(({ port }: any) => port));
    expect(new Set(other)).toEqual(new Set([443, 6443, 8443]));
  });

  it('belongs to the platform with all of its objects', () => {
    const { manifests } = watched().cluster.synth();
    const own = manifests.filter(({ metadata }) => /^(platform-ops-)?watch/.test(metadata!.name!));
    expect(own.map(({ kind }) => kind).sort()).toEqual(
      [
        ...['ClusterRole', 'ClusterRoleBinding', 'CronJob', 'NetworkPolicy'],
        ...['Role', 'RoleBinding', 'ServiceAccount'],
      ].sort(),
    );
    for (const { metadata } of own) expect(metadata!.labels?.['cdk8s-bulwark/platform-owned']).toBe('true');
  });

  it('opens a Pushgateway of the same program as well', () => {
    const { cluster, namespace } = watched();
    const gateway = new HardenedDeployment(namespace, 'gateway', {
      containers: [{ image: 'registry.example/pushgateway:1.11.0', port: 9091 }],
    });
    const url = 'http://gateway.platform-ops:9091';
    new DriftWatch(namespace, 'other', { image: IMAGE, pushgateway: { url, peer: gateway } });
    const { ingress } = specOf(objectOf(cluster, 'NetworkPolicy', 'gateway', 'platform-ops'));
    expect(ingress).toEqual([
      {
        from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'other' } } }],
        ports: [{ port: 9091, protocol: 'TCP' }],
      },
    ]);
  });

  it('leaves tenants apart but for its own sight of them, which the waiver tells', () => {
    const { cluster } = watched();
    const { waivers } = cluster.synth().summary();
    expect(waivers.map(({ control, reason }) => [control, reason])).toEqual([
      ['no-way-out-of-tenant', expect.stringContaining('changes none but its own Events')],
    ]);
  });

  it.each<[string, Partial<DriftWatchProps>, string]>([
    ['an image by its tag', { image: 'registry.example/watch:1' }, 'is not named by its digest'],
    ['a short timeout', { timeout: Duration.seconds(59) }, 'timeout is 59 s'],
    ['a timeout of more than a day', { timeout: Duration.seconds(86_401) }, 'timeout is 86401 s'],
    ['no manifests', { manifests: [] }, 'manifests is empty'],
    ['Secrets without a name', { secrets: { shop: [] } }, 'would be the right to all of them'],
    ['a Pushgateway at no address', pushingTo('pushgateway:9091'), 'pushgateway.url is no address of HTTP'],
    ['a password in an address', pushingTo('http://me:hunter2@gateway'), 'without a password'],
  ])('refuses %s', (_title, props, message) => {
    expect(() => watched(props)).toThrow(BulwarkError);
    expect(() => watched(props)).toThrow(message);
    expect(() => watched(props)).not.toThrow('hunter2');
  });

  it('refuses a name that no CronJob can have, and a place without a namespace', () => {
    const { namespace } = watched();
    expect(() => new DriftWatch(namespace, 'Watch', { image: IMAGE })).toThrow(
      "'Watch' is no name of a CronJob",
    );
    const chart = new Chart(new App(), 'ops');
    expect(() => new DriftWatch(chart, 'watch', { image: IMAGE })).toThrow('its chart has no namespace');
  });

  it('works in a stock App that names its target', () => {
    const app = new App();
    Hardening.apply(app, { target: ClusterTarget.kubernetes('1.30', CAPABILITIES) });
    const chart = new Chart(app, 'ops', { namespace: 'ops' });
    new DriftWatch(chart, 'watch', { image: IMAGE });
    new Secret(chart, 'login');
    const kinds = chart.toJson().map(({ kind }: any) => kind);
    expect(kinds.sort()).toEqual(
      [
        ...['ClusterRole', 'ClusterRoleBinding', 'CronJob', 'NetworkPolicy'],
        ...['Role', 'RoleBinding', 'Secret', 'ServiceAccount'],
      ].sort(),
    );
  });
});

function pushingTo(url: string): Partial<DriftWatchProps> {
  return { pushgateway: { url, peer: Peer.namespace('monitoring') } };
}
