import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkCommand, type CheckCommandOptions } from '../../../src/cli/check';
import { controlsCommand } from '../../../src/cli/controls';
import { hardenCommand } from '../../../src/cli/harden';
import { PROFILES } from '../../../src/controls/profiles';
import { BulwarkError } from '../../../src/errors';

const CONTEXT = { version: '1.2.3', colour: false, now: new Date('2026-06-15T12:00:00Z') };

/** A Deployment as people write it, with a comment and its keys in an order of its own. */
const PLAIN = `# kept by the platform team
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api # the name of the Service too
  namespace: shop-web
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata:
      labels: {app: api}
    spec:
      serviceAccountName: api
      containers:
      - name: server
        image: registry.example/api:1.4.2
        securityContext:
          # needed until version 2
          privileged: true
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings,   namespace: shop-web}
data: {LEVEL: "012"}
`;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-cli-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
  return file;
}

function check(files: string[], options: Partial<CheckCommandOptions> = {}) {
  return checkCommand(files, { format: 'json', config: write('bulwark.yaml', '{}'), ...options }, CONTEXT);
}

interface JsonFinding {
  control: string;
  field: string;
  severity: string;
  source: { file: string; line: number; column: number };
  waiver?: { reason: string };
}

function findingsOf(output: string): JsonFinding[] {
  return (JSON.parse(output) as { findings: JsonFinding[] }).findings;
}

describe('bulwark check', () => {
  it('names the control, the field and the place in the file', () => {
    const file = write('api.yaml', PLAIN);
    const { output, exitCode } = check([file]);
    expect(exitCode).toBe(1);
    expect(findingsOf(output)).toContainEqual({
      control: 'no-privileged-container',
      severity: 'critical',
      object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop-web', name: 'api' },
      field: 'spec.template.spec.containers[0].securityContext.privileged',
      message: 'Required: No container is privileged',
      fix: 'Remove it, and add only the one capability that the process needs.',
      source: { file, line: 19, column: 11 },
    });
  });

  it.each([
    ['critical', 1],
    ['low', 1],
  ] as const)('ends with 1 for --fail-on %s when there is a critical finding', (failOn, code) => {
    expect(check([write('api.yaml', PLAIN)], { failOn }).exitCode).toBe(code);
  });

  it('ends with 0 when every finding is below the threshold', () => {
    const file = write('api.yaml', PLAIN.replace('privileged: true', 'privileged: false'));
    expect(check([file], { failOn: 'critical' }).exitCode).toBe(0);
    expect(check([file], { failOn: 'high' }).exitCode).toBe(1);
  });

  it('reports what it could read, names what it could not with file and line, and ends with 2', () => {
    const good = write('a.yaml', PLAIN);
    const bad = write('b.yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: tab\n');
    const { output, errors, exitCode } = check([good, bad]);
    expect(exitCode).toBe(2);
    expect(errors).toEqual([expect.stringContaining(`${bad}:4:`)]);
    expect(findingsOf(output).length).toBeGreaterThan(0);
  });

  it.each([
    ['a tab', 'apiVersion: v1\nkind: Pod\n\tmetadata: {}\n', ':3:'],
    ['a duplicate key', 'apiVersion: v1\nkind: Pod\nkind: Pod\n', ':3:'],
    ['a NUL byte', 'apiVersion: v1\nkind: Pod\0\n', ':2'],
    ['an unclosed bracket', 'apiVersion: v1\nkind: [Pod\n', ':'],
    ['no Kubernetes object', 'name: values\n', ':1'],
    ['an alias that contains itself', 'apiVersion: v1\nkind: Pod\nmetadata: &m\n  labels: *m\n', ':1'],
    ['aliases that multiply', bomb(), ':1'],
  ])('says where there is %s', (_what, content, place) => {
    const file = write('bad.yaml', content);
    const { errors, exitCode } = check([file]);
    expect(exitCode).toBe(2);
    expect(errors).toEqual([expect.stringContaining(`${file}${place}`)]);
  });

  it.each([
    ['a byte order mark', `\uFEFF${PLAIN}`],
    ['Windows line ends', PLAIN.replaceAll('\n', '\r\n')],
    ['empty documents', `---\n---\n# nothing\n---\n${PLAIN}---\n`],
    [
      'a List',
      `apiVersion: v1\nkind: List\nitems:\n- ${PLAIN.split('---\n')[0]!.trimEnd().replaceAll('\n', '\n  ').replace('# kept by the platform team\n  ', '')}\n`,
    ],
  ])('reads through %s', (_what, content) => {
    const { output, errors } = check([write('api.yaml', content)]);
    expect(errors).toEqual([]);
    expect(findingsOf(output).map(({ control }) => control)).toContain('no-privileged-container');
  });

  it('reads JSON and folders', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: { hostPID: true, containers: [] },
    };
    write('deep/down/pod.json', JSON.stringify(object, null, 2));
    const [finding] = findingsOf(check([path.join(folder, 'deep')]).output).filter(
      ({ control }) => control === 'no-host-pid',
    );
    expect(finding?.source).toMatchObject({ line: 8, column: 5 });
  });

  it('marks what an annotation or a file waives, and fails no more', () => {
    const annotated = PLAIN.replace(
      '  namespace: shop-web\nspec',
      "  namespace: shop-web\n  annotations: {cdk8s-bulwark/waive.no-privileged-container: 'the driver needs it; expires 2026-06-15'}\nspec",
    );
    const waived = (output: string) =>
      findingsOf(output)
        .filter(({ waiver }) => waiver)
        .map(({ control }) => control);
    expect(waived(check([write('api.yaml', annotated)]).output)).toEqual(['no-privileged-container']);
    const waivers = write(
      'waivers.yaml',
      '- { control: no-privileged-container, reason: the driver needs it, name: api }\n',
    );
    expect(waived(check([write('api.yaml', PLAIN)], { waivers }).output)).toEqual([
      'no-privileged-container',
    ]);
  });

  it.each([
    ['expired', 'the driver needs it; expires 2026-06-14', 'no-privileged-container', 'waiver-in-force'],
    [
      'of no last day',
      'the driver needs it; expires 2999-02-31',
      'no-privileged-container',
      'waiver-in-force',
    ],
    ['not reasoned', 'because', 'no-privileged-container', 'waiver-reasoned'],
    ['of no control', 'the driver needs it', 'no-such-control', 'waiver-reasoned'],
    ['not needed', 'the driver needs it', 'no-host-ipc', 'waiver-used'],
  ])('finds a waiver that is %s', (_what, value, control, finding) => {
    const annotation = `  annotations: {cdk8s-bulwark/waive.${control}: '${value}'}\n`;
    const file = write(
      'api.yaml',
      PLAIN.replace('  namespace: shop-web\nspec', `  namespace: shop-web\n${annotation}spec`),
    );
    const found = findingsOf(check([file]).output);
    expect(found.map((entry) => entry.control)).toContain(finding);
    expect(found.filter(({ waiver }) => waiver)).toEqual([]);
  });

  it('asks what bulwark.yaml says, and the options before it', () => {
    const file = write('api.yaml', PLAIN.replace('privileged: true', 'privileged: false'));
    const config = write('other.yaml', "profile: baseline\ntarget: '1.33'\n");
    expect(check([file], { config }).exitCode).toBe(0);
    expect(check([file], { config, profile: 'restricted' }).exitCode).toBe(1);
  });

  describe('with --control', () => {
    const asked = (options: Partial<CheckCommandOptions>) =>
      findingsOf(check([write('api.yaml', PLAIN)], options).output).map(({ control }) => control);

    it('asks these controls alone, in place of the configured profile, also those of no profile', () => {
      const config = write('other.yaml', 'profile: restricted\n');
      expect(Object.values(PROFILES).flat()).not.toContain('image-digest');
      expect(asked({ config, control: ['image-digest', 'no-privileged-container'] })).toEqual([
        'image-digest',
        'no-privileged-container',
      ]);
      expect(asked({ config, control: ['no-host-pid'] })).toEqual([]);
    });

    it('asks them beside the profile that is named, and none twice', () => {
      const control = ['image-digest', 'no-privileged-container'];
      expect(asked({ profile: 'baseline' })).toEqual(['no-privileged-container']);
      expect(asked({ profile: 'baseline', control })).toEqual(['no-privileged-container', 'image-digest']);
    });

    it.each([
      ['no-privilged-container', /^--control: there is no control .* Did you mean no-privileged-container\?/],
      ['privileged', /Did you mean no-privileged-container, no-privileged-port\?/],
      ['zzz', /^--control: there is no control 'zzz'\. `bulwark controls` lists them\.$/],
      ['allowed-registries', /cannot be asked without parameters\.registries/],
    ])('refuses %s', (id, message) => {
      const act = () => asked({ control: ['no-host-pid', id] });
      expect(act).toThrow(BulwarkError);
      expect(act).toThrow(message);
    });
  });

  it('refuses an image from outside of the registries, also one that only begins alike', () => {
    const config = write('other.yaml', "parameters: { registries: ['registry.example/'] }\n");
    const of = (image: string) =>
      findingsOf(
        check([write('api.yaml', PLAIN.replace('registry.example/api:1.4.2', image))], { config }).output,
      ).some(({ control }) => control === 'allowed-registries');
    expect(of('registry.example/api:1.4.2')).toBe(false);
    expect(of('registry.example.evil/api:1.4.2')).toBe(true);
    expect(of('nginx:1.27.0')).toBe(true);
  });

  it.each([
    [{ format: 'xml' }, '--format'],
    [{ profile: 'strict' }, '--profile'],
    [{ failOn: 'fatal' }, '--fail-on'],
    [{ target: '1.99' }, '1.27 to 1.37'],
  ])('refuses %j', (options, part) => {
    const act = () => check([write('api.yaml', PLAIN)], options);
    expect(act).toThrow(BulwarkError);
    expect(act).toThrow(part);
  });

  it.each([
    ['profil: baseline', "does not know 'profil'"],
    ['parameters: { registries: [registry.example] }', "does not end in '/'"],
    ['parameters: [', 'is not YAML'],
    ['profile: strict', "no profile 'strict'"],
  ])('refuses a configuration that says %s', (content, part) => {
    expect(() => check([write('api.yaml', PLAIN)], { config: write('other.yaml', content) })).toThrow(part);
  });

  it('refuses a configuration and waivers that are not there', () => {
    const missing = path.join(folder, 'missing.yaml');
    for (const options of [{ config: missing }, { waivers: missing }]) {
      expect(() => check([write('api.yaml', PLAIN)], options)).toThrow(
        `${missing}: there is no such file. Correct the path.`,
      );
    }
  });

  it('shows text by object, with the fix, and a summary in the last line', () => {
    const { output } = check([write('api.yaml', PLAIN)], { format: 'text', profile: 'baseline' });
    expect(output.replace(folder, 'FOLDER')).toMatchInlineSnapshot(`
      "Deployment shop-web/api  FOLDER/api.yaml
        critical no-privileged-container 19:11
                 spec.template.spec.containers[0].securityContext.privileged
                 Required: No container is privileged.
                 Fix: Remove it, and add only the one capability that the process
                 needs.

      1 finding in 2 objects: 1 critical"
    `);
    const one = check(
      [
        write(
          'pod.yaml',
          'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n',
        ),
      ],
      { format: 'text', profile: 'baseline' },
    ).output;
    expect(one.split('\n').at(-1)).toBe('0 findings in 1 object');
    expect(check([write('api.yaml', PLAIN)], { format: 'text', profile: 'baseline' }).output).not.toContain(
      '\u001b',
    );
  });
});

describe('bulwark harden', () => {
  it('keeps comments, the order of keys and every document that is fine, and says what it set', () => {
    const { output, exitCode } = hardenCommand([write('in/api.yaml', PLAIN)], {
      output: path.join(folder, 'out'),
    });
    expect(fs.readFileSync(path.join(folder, 'out', 'api.yaml'), 'utf8')).toMatchInlineSnapshot(`
      "# kept by the platform team
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: api # the name of the Service too
        namespace: shop-web
      spec:
        selector: {matchLabels: {app: api}}
        template:
          metadata:
            labels: {app: api}
          spec:
            serviceAccountName: api
            containers:
            - name: server
              image: registry.example/api:1.4.2
              securityContext:
                # needed until version 2
                privileged: true
                capabilities:
                  drop:
                  - ALL
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
              resources:
                requests:
                  cpu: 50m
                  memory: 128Mi
                limits:
                  cpu: 500m
                  memory: 128Mi
            securityContext:
              runAsNonRoot: true
              seccompProfile:
                type: RuntimeDefault
              appArmorProfile:
                type: RuntimeDefault
            automountServiceAccountToken: false
            enableServiceLinks: false
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: settings,   namespace: shop-web}
      data: {LEVEL: "012"}
      "
    `);
    expect(output).toContain('UNSAFE   spec.template.spec.containers[0].securityContext.privileged');
    expect(exitCode).toBe(1);
  });

  it('changes nothing the second time', () => {
    hardenCommand([write('in/api.yaml', PLAIN)], { output: path.join(folder, 'one') });
    hardenCommand([path.join(folder, 'one')], { output: path.join(folder, 'two') });
    const read = (name: string) => fs.readFileSync(path.join(folder, name, 'api.yaml'), 'utf8');
    expect(read('two')).toBe(read('one'));
  });

  it('shows a difference and writes nothing with --dry-run', () => {
    const file = write('in/api.yaml', PLAIN);
    const { output } = hardenCommand([file], { dryRun: true });
    expect(output.split('\n').at(-1)).toBe('1 of 2 objects hardened, 1 explicitly unsafe value left');
    expect(output).toContain('+          readOnlyRootFilesystem: true');
    expect(output).not.toMatch(/^-(?!--)/m);
    expect(fs.readFileSync(file, 'utf8')).toBe(PLAIN);
    expect(fs.readdirSync(folder)).toEqual(['in']);
  });

  it('hardens JSON as JSON', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: { containers: [{ name: 'x', image: 'x:1' }] },
    };
    hardenCommand([write('in/pod.json', JSON.stringify(pod, null, 4))], { output: path.join(folder, 'out') });
    const text = fs.readFileSync(path.join(folder, 'out', 'pod.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ spec: { automountServiceAccountToken: false } });
    expect(text).toContain('\n    "apiVersion"');
  });

  it('overwrites no file', () => {
    const file = write('in/api.yaml', PLAIN);
    expect(() => hardenCommand([file], { output: path.join(folder, 'in') })).toThrow('would be overwritten');
    expect(fs.readFileSync(file, 'utf8')).toBe(PLAIN);
  });
});

describe('bulwark controls', () => {
  it('lists every control in a line', () => {
    expect(controlsCommand(undefined)).toMatch(/^high {6}run-as-non-root +No container runs as root$/m);
  });

  it('explains a control with an example that fails and one that passes', () => {
    const text = controlsCommand('no-privilege-escalation');
    expect(text).toContain('Why:        Without no_new_privs');
    expect(text).toContain('CIS 1.11 5.2.6');
    expect(text).toMatch(
      /Fails:[^]*allowPrivilegeEscalation: true[^]*Passes:[^]*allowPrivilegeEscalation: false/,
    );
  });

  it('suggests what was meant', () => {
    expect(() => controlsCommand('non-root')).toThrow('run-as-non-root');
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 30 },
    (_, level) => `  l${level + 1}: &l${level + 1} [*l${level}, *l${level}, *l${level}]`,
  );
  return ['apiVersion: v1', 'kind: ConfigMap', 'data:', '  l0: &l0 [x, x, x]', ...levels].join('\n');
}

describe('the construct that made an object', () => {
  const pod = (name: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {hostPID: true, containers: [{name: a, image: "r.example/a:1"}]}\n---\n`;
  const paths = (...files: string[]) => {
    const { findings } = JSON.parse(check(files, { control: ['no-host-pid'] }).output) as {
      findings: { object: { name: string }; constructPath?: string }[];
    };
    return findings.map(({ object, constructPath }) => `${object.name} ${constructPath ?? '-'}`);
  };
  const record = (value: unknown) => write('dist/construct-metadata.json', JSON.stringify(value));

  it('is the one that a blueprint recorded for its kind, namespace and name', () => {
    write('dist/a.yaml', pod('api') + pod('worker'));
    write('other/a.yaml', pod('api'));
    const entry = {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'api',
      path: 'shop/api/Resource',
    };
    const others = [
      { ...entry, kind: 'Service', path: 'shop/api/Service' },
      { ...entry, namespace: 'else', path: 'else/api' },
    ];
    record({
      version: '1.0.0',
      resources: { api: { path: 'shop/api/Service' } },
      objects: [entry, ...others],
    });
    expect(paths(folder)).toEqual(['api shop/api/Resource', 'worker -', 'api -']);
    expect(paths(path.join(folder, 'dist/a.yaml'))).toEqual(['api shop/api/Resource', 'worker -']);
    expect(check([path.join(folder, 'dist')], { format: 'text' }).output).toContain(
      '\n  construct shop/api/Resource\n',
    );
    const sarif = check([folder], { format: 'sarif', control: ['no-host-pid'] }).output;
    expect(sarif).toMatch(/"fullyQualifiedName": "shop\/api\/Resource",\s+"kind": "declaration"/);
  });

  it('is that of cdk8s, which records names alone, where one object has the name', () => {
    write(
      'dist/a.yaml',
      `${pod('api')}${pod('worker')}apiVersion: v1\nkind: Service\nmetadata: {name: api}\n`,
    );
    record({ version: '1.0.0', resources: { api: { path: 'chart/api' }, worker: { path: 'chart/worker' } } });
    expect(paths(folder)).toEqual(['api -', 'worker chart/worker']);
  });

  it.each(['', '{"objects": 1}', '{"objects": [null, {"path": 2}]}', '[]', '{"resources": {"api": null}}'])(
    'is not known where %j is recorded, which is no manifest either',
    (text) => {
      write('dist/a.yaml', pod('api'));
      write('dist/construct-metadata.json', text);
      expect(paths(folder)).toEqual(['api -']);
      expect(check([folder]).errors).toEqual([]);
    },
  );
});
