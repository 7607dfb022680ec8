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
    [
      'a host path',
      { volumes: [{ name: 'x', hostPath: { path: '/etc' } }] },
      'spec.template.spec.volumes[0]',
    ],
    ['its token', { automountServiceAccountToken: true }, 'spec.template.spec.automountServiceAccountToken'],
    ['a toleration', { tolerations: [{ key: 'x' }] }, 'spec.template.spec.tolerations'],
    ['the default account', { serviceAccountName: 'default' }, 'spec.template.spec.serviceAccountName'],
    ['a field of tomorrow', { quantum: true }, 'spec.template.spec.quantum'],
  ])('stays what it is with %s, and the field is named', (_what, spec, field) => {
    const manifest = deployment(spec);
    expect(imported(manifest).outcomes).toMatchObject([
      { became: 'ApiObject', because: `no property of a construct says ${field}` },
    ]);
    const [made] = synthesize(manifest).filter(({ kind }) => kind === 'Deployment');
    expect((made as any).spec.template.spec).toMatchObject(spec);
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

describe('a Secret', () => {
  it('leaves its values behind, and says how to seal them', () => {
    const program = imported(SECRET, deployment());
    const everything = JSON.stringify(program);
    for (const value of ['hunter2', 'canary', Buffer.from('hunter2-canary').toString('base64')]) {
      expect(everything).not.toContain(value);
    }
    expect(everything).toContain(
      'bulwark seal db -n shop --cert cert.pem --from-file password=FILE --from-file user=FILE -o sealed/db.yaml',
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

  it('reads a literal as the text that it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the literal means is the question
        expect(new Function(`return ${stringLiteral(text)}`)()).toBe(text);
      }),
    );
  });
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
