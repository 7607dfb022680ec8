import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Chart, Cron } from 'cdk8s';
import { Protocol, Secret } from 'cdk8s-plus-27';
import fc from 'fast-check';
import {
  Blueprint,
  BulwarkError,
  ClusterTarget,
  DefaultDeny,
  Dns,
  HardenedCronJob,
  HardenedDaemonSet,
  HardenedDeployment,
  HardenedJob,
  HardenedStatefulSet,
  LockedServiceAccount,
  Peer,
  SealedSecret,
  Tenant,
  type Manifest,
  type TenantNamespace,
} from '../../constructs';
import { formatQuantity, parseQuantity } from '../../src/manifest/quantity';
import { manifestsIn, useTemporaryFolder } from '../support/folders';
import { errorOf, labelsOf } from '../support/objects';

const FIXTURES = path.join(__dirname, 'fixtures');
const IMAGE = 'registry.example/app:1.4.2';
const CONTAINERS = [{ name: 'app', image: IMAGE, port: 8080 }];
const folder = useTemporaryFolder();

function blueprint(capabilities: Parameters<typeof ClusterTarget.kubernetes>[1] = {}): Blueprint {
  const target = ClusterTarget.kubernetes('1.33', {
    apiServer: { cidrs: ['192.0.2.10/32'] },
    sealedSecrets: true,
    ...capabilities,
  });
  return new Blueprint({ target, outdir: path.join(folder.path, 'dist') });
}

/** The YAML of everything in one namespace but what every namespace of a tenant has. */
function yamlOf(build: (web: TenantNamespace, cluster: Blueprint) => void): string {
  const cluster = blueprint();
  const web = new Tenant(cluster, 'shop').namespace('web');
  const common = cluster.synthYaml().split('---\n');
  build(web, cluster);
  return `\n${cluster
    .synthYaml()
    .split('---\n')
    .filter((document) => !common.includes(document))
    .join('---\n')}`;
}

const find = (manifests: readonly Manifest[], kind: string, name: string): any =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata?.name === name);

describe('the YAML of', () => {
  it.each<[string, (web: TenantNamespace, cluster: Blueprint) => void]>([
    [
      'a HardenedDeployment with everything it can do',
      (web, cluster) => {
        const db = new HardenedStatefulSet(new Tenant(cluster, 'data').namespace('store'), 'db', {
          containers: [{ name: 'db', image: IMAGE, port: 5432 }],
        });
        const api = new HardenedDeployment(web, 'api', {
          writablePaths: ['/tmp', { path: '/cache', sizeLimit: '1Gi', medium: 'Memory' }],
          containers: [
            {
              name: 'api',
              image: IMAGE,
              ports: [
                { name: 'http', number: 8080 },
                { name: 'dns', number: 5353, protocol: Protocol.UDP },
              ],
            },
          ],
          initContainers: [{ name: 'migrate', image: IMAGE }],
        });
        api.allowFrom(Peer.namespace('ingress'));
        api.allowFrom(Peer.pods({ app: 'metrics' }, { namespace: 'monitoring' }), { ports: ['http'] });
        api.allowTo(db);
        db.offerTo(api);
        api.allowTo(Peer.apiServer());
        api.allowTo(Peer.anywhere(), { ports: [443, { port: 443, protocol: 'UDP' }] });
        api.useApiToken();
        api.useApiToken({ audience: 'vault', path: '/var/run/vault', containers: ['migrate'] });
        api.useSecret(Secret.fromSecretName(web, 'tls', 'api-tls'));
        api.exposeViaService({ name: 'api' });
      },
    ],
    ['a HardenedStatefulSet', (web) => new HardenedStatefulSet(web, 'db', { containers: CONTAINERS })],
    ['a HardenedDaemonSet', (web) => new HardenedDaemonSet(web, 'agent', { containers: CONTAINERS })],
    ['a HardenedJob', (web) => new HardenedJob(web, 'migrate', { containers: CONTAINERS })],
    [
      'a HardenedCronJob',
      (web) => new HardenedCronJob(web, 'report', { containers: CONTAINERS, schedule: Cron.daily() }),
    ],
    ['a LockedServiceAccount', (web) => new LockedServiceAccount(web, 'robot')],
    [
      'a SealedSecret',
      (web) => new SealedSecret(web, 'db', { file: path.join(FIXTURES, 'sealed-secret.yaml') }),
    ],
    [
      'a Tenant with two namespaces',
      (_, cluster) => {
        const team = new Tenant(cluster, 'team', { quota: { cpu: '9', memory: '9Gi', loadBalancers: 1 } });
        team.namespace('big', { quota: { cpu: '8', loadBalancers: 1 }, labels: { owner: 'team' } });
        team.namespace('small', {
          podSecurity: { level: 'baseline', reason: 'the vendor image starts as root' },
        });
      },
    ],
    [
      'a DefaultDeny',
      (_, cluster) => new DefaultDeny(new Chart(cluster, 'chart', { namespace: 'mine' }), 'deny'),
    ],
  ])('%s', (_, build) => {
    expect(yamlOf(build)).toMatchSnapshot();
  });

  it.each(['169.254.20.10', 'fd00::10'])('a DefaultDeny with a node-local cache at %s', (nodeLocal) => {
    const dns = Dns.coreDns({ nodeLocal, port: 5353, podLabels: { app: 'dns' } });
    const cluster = blueprint({ dns, ipFamilies: ['IPv4', 'IPv6'] });
    new DefaultDeny(new Chart(cluster, 'chart'), 'deny', { namespace: 'mine' });
    expect(`\n${cluster.synthYaml()}`).toMatchSnapshot();
  });
});

describe('a hardened workload', () => {
  it('is reached by its Service by the same label that its policies and its controller select', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    const api = new HardenedDeployment(web, 'api', {
      containers: CONTAINERS,
      podMetadata: { labels: { team: 'a' } },
    });
    api.allowFrom(api);
    api.exposeViaService({ name: 'api' });
    const db = new HardenedStatefulSet(web, 'db', { containers: CONTAINERS });
    const { manifests } = cluster.synth();
    const label = (name: string) => ({ 'app.kubernetes.io/name': name });
    expect(find(manifests, 'Service', 'api').spec.selector).toEqual(label('api'));
    expect(find(manifests, 'Deployment', 'api').spec.selector).toEqual({ matchLabels: label('api') });
    expect(find(manifests, 'NetworkPolicy', 'api').spec.podSelector).toEqual({ matchLabels: label('api') });
    expect(find(manifests, 'Deployment', 'api').spec.template.metadata.labels).toEqual({
      ...label('api'),
      team: 'a',
    });
    expect(find(manifests, 'Service', db.service.name).spec.selector).toEqual(label('db'));
    expect(find(manifests, 'StatefulSet', 'db').spec.serviceName).toBe(db.service.name);
  });

  it('is selected by the label that somebody gave its pods', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    const labels = { 'app.kubernetes.io/name': 'renamed' };
    const api = new HardenedDeployment(web, 'api', { containers: CONTAINERS, podMetadata: { labels } });
    api.allowFrom(api);
    const { manifests } = cluster.synth();
    expect(find(manifests, 'Deployment', 'api').spec.selector.matchLabels).toEqual(labels);
    expect(find(manifests, 'NetworkPolicy', 'api').spec.podSelector.matchLabels).toEqual(labels);
    expect(find(manifests, 'NetworkPolicy', 'api').spec.ingress[0].from).toEqual([
      { podSelector: { matchLabels: labels } },
    ]);
  });

  it('keeps labels and annotations that are added to its pods later', () => {
    const cluster = blueprint();
    const api = new HardenedDeployment(new Tenant(cluster, 'shop').namespace('web'), 'api', {
      containers: CONTAINERS,
    });
    api.podMetadata.addLabel('team', 'a');
    api.podMetadata.addAnnotation('note', 'b');
    const { metadata } = find(cluster.synth().manifests, 'Deployment', 'api').spec.template;
    expect(metadata).toEqual({
      annotations: { note: 'b' },
      labels: { 'app.kubernetes.io/name': 'api', team: 'a' },
    });
  });

  it('keeps the ServiceAccount that it is given, and makes none', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    const serviceAccount = new LockedServiceAccount(web, 'shared');
    new HardenedDeployment(web, 'api', { containers: CONTAINERS, serviceAccount });
    const { manifests } = cluster.synth();
    expect(labelsOf(manifests).filter((label) => label.startsWith('ServiceAccount'))).toEqual([
      'ServiceAccount shop-web/shared',
    ]);
    expect(find(manifests, 'Deployment', 'api').spec.template.spec.serviceAccountName).toBe('shared');
  });

  it('may have the name of one in another namespace, and of none in its own', () => {
    const tenant = new Tenant(blueprint(), 'shop');
    new HardenedDeployment(tenant.namespace('one'), 'api', { containers: CONTAINERS });
    new HardenedDeployment(tenant.namespace('two'), 'api', { containers: CONTAINERS });
    const error = errorOf(() => new HardenedJob(tenant.namespace('two'), 'API', { containers: CONTAINERS }));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toContain("shop/two/API: there is a workload named 'api' at shop/two/api already");
  });

  it('mounts a secret where it is told, in the containers it is told', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    const api = new HardenedDeployment(web, 'api', {
      containers: CONTAINERS,
      initContainers: [{ name: 'setup', image: IMAGE }],
    });
    const secret = Secret.fromSecretName(web, 'secret', 'db');
    api.useSecret(secret, { path: '/run/one', containers: ['app'] });
    api.useSecret(secret, { path: '/run/two', containers: ['setup'] });
    const { containers, initContainers, volumes } = find(cluster.synth().manifests, 'Deployment', 'api').spec
      .template.spec;
    expect(volumes).toHaveLength(1);
    expect(volumes[0]).toMatchObject({ secret: { secretName: 'db', defaultMode: 0o400 } });
    const mount = (mountPath: string) => [{ mountPath, name: volumes[0].name, readOnly: true }];
    expect(containers[0].volumeMounts).toEqual(mount('/run/one'));
    expect(initContainers[0].volumeMounts).toEqual(mount('/run/two'));
  });

  it.each<[string, (web: TenantNamespace) => void, string]>([
    [
      'a secret for a container that there is not, even beside one that there is',
      (web) =>
        new HardenedDeployment(web, 'api', { containers: CONTAINERS }).useSecret(
          Secret.fromSecretName(web, 's', 'db'),
          { containers: ['app', 'ap'] },
        ),
      "shop/web/api: useSecret names the container 'ap', and there are only app.",
    ],
    [
      'a secret before there is a container',
      (web) => new HardenedDeployment(web, 'api').useSecret(Secret.fromSecretName(web, 's', 'db')),
      'shop/web/api: useSecret has no container to mount into. Add the containers first.',
    ],
    [
      'a writable root',
      (web) => new HardenedDeployment(web, 'api', { containers: CONTAINERS, writablePaths: ['/'] }),
      "writablePaths holds '/': name the absolute path of one folder below /",
    ],
    [
      'a writable path that is not absolute',
      (web) => new HardenedDeployment(web, 'api', { containers: CONTAINERS, writablePaths: ['tmp'] }),
      "writablePaths holds 'tmp'",
    ],
    [
      'a size that is none',
      (web) =>
        new HardenedDeployment(web, 'api', {
          containers: CONTAINERS,
          writablePaths: [{ path: '/tmp', sizeLimit: 'much' }],
        }),
      "'much'",
    ],
  ])('refuses %s', (_, make, message) => {
    const web = new Tenant(blueprint(), 'shop').namespace('web');
    const error = errorOf(() => make(web));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toContain(message);
  });
});

describe('the quotas of the namespaces of a tenant', () => {
  const DIMENSIONS = [
    ['limits.cpu', 'cpu', 1_000_000n],
    ['limits.memory', 'memory', 1_000_000_000n],
    ['pods', 'pods', 1_000_000_000n],
  ] as const;

  const UNITS = { cpu: 1_000_000n, memory: 1_000_000_000n, pods: 1_000_000_000n };

  it('add up to that of the tenant and never to more, but for what cannot be divided', () => {
    const share = fc.record(
      {
        cpu: fc.integer({ min: 0, max: 3_000 }).map((millis) => `${millis}m`),
        memory: fc.integer({ min: 0, max: 3_000 }).map((mebibytes) => `${mebibytes}Mi`),
        pods: fc.nat(30),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 5 }), fc.nat(2_000), (shares, more) => {
        const cluster = blueprint();
        const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
        const total = (key: 'cpu' | 'memory' | 'pods', unit: bigint) =>
          sum(shares.map((one) => parseQuantity(String(one[key] ?? 0)))) + BigInt(more) * unit;
        const tenant = new Tenant(cluster, 'team', {
          quota: {
            cpu: formatQuantity(total('cpu', UNITS.cpu)),
            memory: formatQuantity(total('memory', UNITS.memory)),
            pods: Number(total('pods', UNITS.pods) / UNITS.pods),
          },
        });
        shares.forEach((quota, index) => tenant.namespace(`n${index}`, { quota }));
        const tooLittle = DIMENSIONS.some(([, key, unit]) => {
          const open = shares.filter((one) => one[key] === undefined).length;
          return more > 0 && BigInt(more) * UNITS[key] < BigInt(open) * unit;
        });
        if (tooLittle) {
          expect(() => cluster.synth()).toThrow(/which is nothing for each/);
          return;
        }
        const hard = cluster
          .synth()
          .manifests.filter(({ metadata }) => metadata?.name === 'quota')
          .map(({ spec }) => (spec as { hard: Record<string, string> }).hard);
        for (const [field, key, unit] of DIMENSIONS) {
          const given = sum(hard.map((one) => parseQuantity(one[field]!)));
          const open = shares.filter((one) => one[key] === undefined).length;
          const all = total(key, unit);
          expect(given <= all).toBe(true);
          // What is left over is less than one unit for each namespace that gets an equal part.
          if (open > 0) expect(all - given < BigInt(open) * unit).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['cpu', { cpu: 'lots' }, /lots/],
    ['memory', { memory: '1 GB' }, /1 GB/],
  ])('refuse a %s that is no quantity, saying which', (_, quota, message) => {
    expect(() => new Tenant(blueprint(), 'team', { quota })).toThrow(message);
  });
});

describe('the committed SealedSecret', () => {
  /** Opens a sealed value as the controller does: RSA-OAEP for the session key, AES-GCM for the value. */
  function open(sealed: string, label: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    const rsaEnd = 2 + bytes.readUInt16BE(0);
    const sessionKey = privateDecrypt(
      {
        key: fs.readFileSync(path.join(FIXTURES, 'sealing-key.pem')),
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: 'sha256',
        oaepLabel: Buffer.from(label),
      },
      bytes.subarray(2, rsaEnd),
    );
    const decipher = createDecipheriv('aes-256-gcm', sessionKey, Buffer.alloc(12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(rsaEnd, -16)), decipher.final()]).toString();
  }

  function synthesized(): any {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    new SealedSecret(web, 'db', { file: path.join(FIXTURES, 'sealed-secret.yaml') });
    cluster.synth();
    return find(manifestsIn(cluster.outdir), 'SealedSecret', 'db');
  }

  it('opens in the cluster, under the name and namespace that are written', () => {
    const { metadata, spec } = synthesized();
    const { name, namespace } = spec.template.metadata;
    expect({ name, namespace }).toEqual({ name: metadata.name, namespace: metadata.namespace });
    expect(open(spec.encryptedData.password, `${metadata.namespace}/${metadata.name}`)).toBe(
      'fixture-value-that-guards-nothing',
    );
  });

  it('opens under no other name', () => {
    const { spec } = synthesized();
    expect(() => open(spec.encryptedData.password, 'shop-web/other')).toThrow();
  });
});
