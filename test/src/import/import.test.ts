import path from 'node:path';
import fs from 'node:fs';
import { dump } from 'js-yaml';
import { Testing } from 'cdk8s';
import { HardenedDeployment, type Blueprint } from '../../../constructs';
import { importCommand } from '../../../src/cli/import';
import { importManifests } from '../../../src/import/import';
import { stringLiteral } from '../../../src/import/source-text';
import type { Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';
import { useTemporaryFolder } from '../../support/folders';
import { runProgram } from '../../support/run-program';
import fc from 'fast-check';

const NOW = new Date('2026-06-15T12:00:00Z');
const TARGET = ClusterTarget.kubernetes('1.33');
const folder = useTemporaryFolder();

const imported = (...manifests: Manifest[]) => importManifests(manifests, { target: TARGET, now: NOW });
const textOf = (...manifests: Manifest[]) =>
  imported(...manifests)
    .files.map(({ text }) => text)
    .join('\n');

function synthesize(...manifests: Manifest[]): readonly Manifest[] {
  const files = new Map(imported(...manifests).files.map((file) => [file.path, file.text]));
  const { cluster } = runProgram(files) as { cluster: (outdir: string) => Blueprint };
  return cluster(path.join(folder.path, 'dist')).synth().manifests;
}

const metadata = (name: string, more: object = {}) => ({ name, namespace: 'shop', ...more });

function deployment(spec: object = {}, container: object = {}, more: object = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('web', more),
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'registry.example/web:1.0.0', ...container }], ...spec },
      },
    },
  };
}

const SECRET: Manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata('db', {
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': '{"stringData":{"password":"hunter2-canary"}}',
    },
  }),
  data: { password: Buffer.from('hunter2-canary').toString('base64') },
  stringData: { user: 'canary-user' },
};

describe('objects of one kind and name', () => {
  it('keep apart by their groups', () => {
    const gateways = ['networking.istio.io/v1', 'gateway.networking.k8s.io/v1', 'example.com/v1'].map(
      (apiVersion): Manifest => ({
        apiVersion,
        kind: 'Gateway',
        metadata: metadata('web'),
        spec: { of: apiVersion },
      }),
    );
    const made = synthesize(...gateways).filter(({ kind }) => kind === 'Gateway');
    expect(made.map(({ apiVersion, spec }) => [apiVersion, spec]).sort()).toEqual(
      gateways.map(({ apiVersion, spec }) => [apiVersion, spec]).sort(),
    );
  });
});

describe('a Deployment', () => {
  it('becomes a HardenedDeployment where that says the same, with its own selector', () => {
    const { outcomes } = imported(deployment());
    expect(outcomes).toMatchObject([{ became: 'HardenedDeployment', file: 'namespaces/shop.ts' }]);
    const [made] = synthesize(deployment()).filter(({ kind }) => kind === 'Deployment');
    expect(made).toMatchObject({
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            automountServiceAccountToken: false,
            containers: [{ image: 'registry.example/web:1.0.0' }],
          },
        },
      },
    });
  });

  it.each([
    ['a host path', { volumes: [{ name: 'x', hostPath: { path: '/etc' } }] }],
    ['a toleration', { tolerations: [{ key: 'x' }] }],
    ['the processes of the node', { hostPID: true }],
    ['a field of tomorrow', { quantum: true }],
  ])('keeps %s, by a patch where there is no property', (_what, spec) => {
    const manifest = deployment(spec);
    expect(imported(manifest).outcomes).toMatchObject([{ became: 'HardenedDeployment' }]);
    const [made] = synthesize(manifest).filter(({ kind }) => kind === 'Deployment');
    expect((made as any).spec.template.spec).toMatchObject(spec);
  });

  it.each([
    [
      'the default account',
      { serviceAccountName: 'default' },
      'no property of a construct says spec.template.spec.serviceAccountName',
    ],
    [
      'leave to be root',
      { securityContext: { runAsNonRoot: false } },
      'no property of a construct says spec.template.spec.securityContext.runAsNonRoot',
    ],
    [
      'more than a few patches',
      Object.fromEntries([...'abcdefghi'].map((key) => [key, 1])),
      /spec.template.spec.a, spec.template.spec.b, .* spec.template.spec.i$/,
    ],
  ])('stays what it is with %s, and the field is named', (_what, spec, because) => {
    const manifest = deployment(spec);
    const [outcome] = imported(manifest).outcomes;
    expect(outcome).toMatchObject({ became: 'ApiObject' });
    expect(outcome!.because).toMatch(because);
    const [made] = synthesize(manifest).filter(({ kind }) => kind === 'Deployment');
    expect((made as any).spec.template.spec).toMatchObject(spec);
  });

  it('has one pod where it says no number, and none of its own where something scales it', () => {
    const scaler: Manifest = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata('web'),
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 },
    };
    const replicas = (...manifests: Manifest[]) =>
      (synthesize(...manifests).find(({ kind }) => kind === 'Deployment') as any).spec.replicas;
    expect(replicas(deployment())).toBe(1);
    expect(replicas(deployment(), scaler)).toBeUndefined();
  });

  it('does not say what the hardening sets', () => {
    const hardened = synthesize(deployment()).filter(({ kind }) => kind !== 'ServiceAccount');
    const clean = structuredClone(hardened[0]!);
    delete clean.metadata!.annotations;
    const text = textOf(clean);
    expect(text).not.toMatch(/seccomp|appArmor|hostUsers|enableServiceLinks|readOnlyRoot|JsonPatch/);
  });

  it('is excused from what it breaks and from nothing else', () => {
    const { outcomes, files } = imported(deployment({ hostPID: true }));
    expect(outcomes[0]!.excused).toContain('no-host-pid');
    expect(outcomes[0]!.excused).not.toContain('seccomp-profile');
    expect(files.map((file) => file.path)).toContain('excuse.ts');
  });

  it('keeps a waiver with its reason, and loses one that is over or excuses nothing', () => {
    const waive = (control: string, reason: string) => ({ [`cdk8s-bulwark/waive.${control}`]: reason });
    const annotations = {
      ...waive('no-host-pid', 'reads the processes of the node'),
      ...waive('no-host-ipc', 'this one excuses nothing at all'),
      ...waive('no-host-network', 'this one is over; expires 2020-01-31'),
    };
    const text = textOf(deployment({ hostPID: true }, {}, { annotations }));
    expect(text).toContain("'no-host-pid', { reason: 'reads the processes of the node' }");
    expect(text).not.toMatch(/no-host-ipc|this one/);
    expect(() => synthesize(deployment({ hostPID: true }, {}, { annotations }))).not.toThrow();
  });
});

describe('a token of the API server', () => {
  const account: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('web') };
  const binding: Manifest = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: metadata('reads'),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
  };
  const hasToken = (...manifests: Manifest[]) => textOf(...manifests).includes('web.useApiToken()');
  const web = (spec: object = {}) => deployment({ serviceAccountName: 'web', ...spec });

  it('is mounted where the account has rights, or the pods ask for one', () => {
    expect(hasToken(web(), account, binding)).toBe(true);
    expect(hasToken(web({ automountServiceAccountToken: true }), account)).toBe(true);
  });

  it('is not mounted where nobody has use for it, or it was refused', () => {
    expect(hasToken(web(), account)).toBe(false);
    expect(hasToken(web({ automountServiceAccountToken: false }), account, binding)).toBe(false);
    expect(hasToken(web(), { ...account, automountServiceAccountToken: false }, binding)).toBe(false);
  });

  it('is left to what stays a plain object', () => {
    const plain = web({ securityContext: { runAsNonRoot: false } });
    const made = synthesize(plain, account, binding).find(({ kind }) => kind === 'Deployment') as any;
    expect(made.spec.template.spec.automountServiceAccountToken).toBe(true);
  });
});

describe('rights', () => {
  const role = (rules: object[], kind = 'Role'): Manifest => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: kind === 'Role' ? metadata('reader') : { name: 'reader' },
    rules,
  });
  const became = (manifest: Manifest) => imported(manifest).outcomes[0]!;

  it('become calls of allow, those to the same verbs as one', () => {
    const verbs = ['get', 'list'];
    const text = textOf(
      role([
        { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'] },
        { apiGroups: ['', 'apps'], resources: ['services', 'deployments'], verbs },
        { apiGroups: ['example.com'], resources: ['widgets/status'], verbs },
      ]),
    );
    expect(text).toContain("readerRole.allow(['get'], ['pods', 'pods/log']);");
    expect(text).toMatch(/\['get', 'list'\],\s*\['services', 'deployments', 'widgets.example.com\/status'\]/);
  });

  it.each([
    ['a wildcard', [{ apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }], "grants '*'"],
    ['a verb of no use', [{ apiGroups: [''], resources: ['pods/log'], verbs: ['list'] }], 'list on pods/log'],
    ['what is nowhere', [{ apiGroups: [''], resources: ['gadgets'], verbs: ['get'] }], 'names gadgets'],
    ['the whole cluster', [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }], 'names nodes'],
    [
      'a name for what has none yet',
      [{ apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['create'] }],
      'by name',
    ],
  ])('stay what they are with %s', (_what, rules, because) => {
    expect(became(role(rules))).toMatchObject({
      became: 'ApiObject',
      because: expect.stringContaining(because) as string,
    });
  });

  it('of a second binding are not taken for those of the first', () => {
    const binding = (name: string): Manifest => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata(name),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }],
    });
    const { outcomes } = imported(
      role([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]),
      binding('ann'),
      binding('bob'),
    );
    expect(outcomes.map(({ became: what }) => what).sort()).toEqual([
      'ApiObject',
      'LockedRole',
      'LockedRole.bindTo',
    ]);
  });
});

describe('a NetworkPolicy', () => {
  const PORTS = [{ port: 8080, protocol: 'TCP' }];
  const from = (labels: object) => [{ from: [{ podSelector: { matchLabels: labels } }], ports: PORTS }];
  const to = (labels: object) => [{ to: [{ podSelector: { matchLabels: labels } }], ports: PORTS }];
  const policy = (name: string, rules: object, more: object = {}): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadata(name),
    spec: {
      podSelector: { matchLabels: { app: name } },
      policyTypes: ['Ingress', 'Egress'],
      ...rules,
      ...more,
    },
  });
  const named = (name: string) => {
    const made = structuredClone(deployment({}, { ports: [{ containerPort: 8080 }] })) as any;
    made.metadata.name = name;
    made.spec.selector.matchLabels.app = name;
    made.spec.template.metadata.labels.app = name;
    return made as Manifest;
  };

  it('is an intent where both sides say the same', () => {
    const text = textOf(
      named('web'),
      named('api'),
      policy('api', { ingress: from({ app: 'web' }) }),
      policy('web', { egress: to({ app: 'api' }) }),
    );
    expect(text).toContain('api.allowFrom(web);');
    expect(text).not.toMatch(/NetworkPolicy|web\.allow/);
  });

  it('opens nothing on the side that did not say it', () => {
    const text = textOf(named('web'), named('api'), policy('api', { ingress: from({ app: 'web' }) }));
    expect(text).toContain("api.allowFrom(Peer.pods({ app: 'web' }));");
  });

  it.each([
    ['is for one direction', {}, { policyTypes: ['Ingress'] }],
    ['opens every port', { ingress: [{ from: from({ app: 'web' })[0]!.from }] }, {}],
    ['opens a port that nobody has', { ingress: [{ ...from({ a: 'b' })[0], ports: [{ port: 1 }] }] }, {}],
    ['is for other pods too', { ingress: from({ app: 'web' }) }, { podSelector: {} }],
    [
      'leads to the metadata of a cloud',
      { egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: PORTS }] },
      {},
    ],
  ])('stays what it is where it %s', (_what, rules, more) => {
    const { outcomes } = imported(named('api'), policy('api', rules, more));
    expect(outcomes.find(({ object }) => object.startsWith('NetworkPolicy'))).toMatchObject({
      became: 'ApiObject',
    });
  });
});

describe('what belongs to all objects', () => {
  it('is said once', () => {
    const labels = { 'helm.sh/chart': 'web-1.2.3' };
    const config = (name: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(name, { labels: { ...labels, own: name } }),
      data: {},
    });
    const made = synthesize(config('a'), config('b'));
    expect(made.map((manifest) => manifest.metadata!.labels)).toEqual([
      { ...labels, own: 'a' },
      { ...labels, own: 'b' },
    ]);
    expect(textOf(config('a'), config('b')).match(/helm\.sh/g)).toHaveLength(1);
  });
});

describe('a Secret', () => {
  it('leaves its values behind, and says how to seal them', () => {
    const program = imported(SECRET, deployment());
    const everything = JSON.stringify(program);
    for (const value of ['hunter2', 'canary', Buffer.from('hunter2-canary').toString('base64')]) {
      expect(everything).not.toContain(value);
    }
    expect(everything).toContain(
      'bulwark seal db -n shop --cert cert.pem --from-file password=FILE --from-file user=FILE -o sealed/shop/db.yaml',
    );
    expect(program.outcomes.at(-1)).toMatchObject({ became: 'nothing', excused: [] });
  });

  it('is referred to by its name', () => {
    const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }];
    const made = synthesize(SECRET, deployment({}, { env })).find(({ kind }) => kind === 'Deployment') as any;
    expect(made.spec.template.spec.containers[0].env).toEqual(env);
  });
});

describe('what the API server has written', () => {
  it('stays behind', () => {
    const exported = deployment(
      {},
      {},
      { uid: '1', resourceVersion: '7', creationTimestamp: null, managedFields: [{}] },
    );
    const text = textOf({ ...exported, status: { replicas: 3 } });
    expect(text).not.toMatch(/uid|resourceVersion|creationTimestamp|managedFields|status/);
  });
});

describe('whoever writes manifests', () => {
  const evil = "'); require('child_process'); // */ ${process.exit()} `\n\u2028";

  it('cannot write code', () => {
    const config: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('x', { annotations: { [evil]: evil } }),
      data: { [evil]: evil, lines: `a\n${evil}\nb`, '1': 'one' },
    };
    const [made] = synthesize(config);
    expect(made).toMatchObject({ data: config.data, metadata: { annotations: { [evil]: evil } } });
  });

  it('cannot write it into the name of a Secret or of a key of it either', () => {
    const secret: Manifest = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata(evil),
      data: { [evil]: '' },
    };
    expect(() => synthesize(secret)).not.toThrow();
  });

  it('cannot name a file outside of the folder', () => {
    expect(() =>
      imported({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: '../x' } }),
    ).toThrow('import: "../x" is no name of a namespace');
  });

  it('gets no key lost that JavaScript takes for something else', () => {
    const data = JSON.parse('{"__proto__": "lost", "a": "b"}') as object;
    expect(() => imported({ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('x'), data })).toThrow(
      'import: ConfigMap shop/x has a key __proto__ in data',
    );
  });

  it('reads a literal as the text that it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the literal means is the question
        expect(new Function(`return ${stringLiteral(text)}`)()).toBe(text);
      }),
    );
  });
});

describe('a token for an account that is bound', () => {
  it.each([
    ['with all of its namespace', { kind: 'Group', name: 'system:serviceaccounts:shop' }, true],
    ['with all accounts', { kind: 'Group', name: 'system:serviceaccounts' }, true],
    ['by its name as a user', { kind: 'User', name: 'system:serviceaccount:shop:web' }, true],
    ['with those of another namespace', { kind: 'Group', name: 'system:serviceaccounts:bank' }, false],
    ['as somebody else', { kind: 'User', name: 'system:serviceaccount:shop:api' }, false],
  ])('%s', (_how, subject, isMounted) => {
    const group = 'rbac.authorization.k8s.io';
    const binding: Manifest = {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'all' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ ...subject, apiGroup: group }],
    };
    const account: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('web') };
    const code = textOf(deployment({ serviceAccountName: 'web' }), account, binding);
    expect(code.includes('.useApiToken()')).toBe(isMounted);
  });
});

it.each([
  ['registry.example/web:latest@sha256:' + 'a'.repeat(64), 'Always'],
  ['registry.example/web@sha256:' + 'a'.repeat(64), 'IfNotPresent'],
  ['registry.example/web:1@sha256:' + 'a'.repeat(64), 'IfNotPresent'],
  ['registry.example:5000/web', 'Always'],
  ['web:latest', 'Always'],
])('%s is pulled as the API server says', (image, policy) => {
  const [made] = synthesize(deployment({}, { image })).filter(({ kind }) => kind === 'Deployment');
  expect((made as any).spec.template.spec.containers[0].imagePullPolicy).toBe(policy);
});

it('a claim keeps an empty selector, which no volume is made for', () => {
  const claim: Manifest = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata('data'),
    spec: { accessModes: ['ReadWriteOnce'], selector: {}, resources: { requests: { storage: '1Gi' } } },
  };
  expect(synthesize(claim)).toMatchObject([{ spec: claim.spec }]);
});

describe('bulwark import', () => {
  it('accounts for each object, and writes nothing twice', () => {
    const file = path.join(folder.path, 'in.yaml');
    fs.writeFileSync(file, [deployment(), SECRET].map((manifest) => dump(manifest)).join('---\n'));
    const output = path.join(folder.path, 'out');
    const run = () => importCommand([file], { output, target: '1.33' }, { now: NOW });
    const printed = run().output;
    expect(printed).toContain('Deployment shop/web became HardenedDeployment');
    expect(printed).toContain('Secret shop/db became nothing: its values have no place in code');
    expect(printed).toContain('2 objects: 1 became constructs, 0 plain objects');
    expect(fs.readdirSync(output).sort()).toEqual(['excuse.ts', 'main.ts', 'namespaces']);
    expect(run).toThrow('import: nothing was written, since these are in the way');
  });

  it('refuses two objects of one name', () => {
    expect(() => imported(deployment(), deployment())).toThrow('Deployment shop/web is there twice');
  });
});

it('selectorLabels select the pods, and are on them', () => {
  const chart = Testing.chart();
  new HardenedDeployment(chart, 'web', {
    selectorLabels: { app: 'web', tier: 'front' },
    containers: [{ image: 'registry.example/web:1.0.0' }],
  });
  const made = (Testing.synth(chart) as Manifest[]).find(({ kind }) => kind === 'Deployment') as any;
  expect(made.spec.selector.matchLabels).toEqual({ app: 'web', tier: 'front' });
  expect(made.spec.template.metadata.labels).toEqual({ app: 'web', tier: 'front' });
});
