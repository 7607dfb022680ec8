import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { canCommand, escalateCommand, whoCanCommand } from '../../../src/cli/rbac';
import { rbacMatchers, subjectIn } from '../../../src/jest';
import { readManifests } from '../../../src/manifest/reader';
import { toYaml } from '../../../src/manifest/yaml';
import { defaultRbac } from '../../../src/rbac';
import { errorOf } from '../../support/objects';

const RBAC = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developer, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
- {apiGroups: [apps], resources: [deployments], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: dev}]
`;
const PSA = `---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
`;

const LABELS = 'labels: {kubernetes.io/bootstrapping: rbac-defaults}';
const EVIL = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: evil, ${LABELS}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: system:authenticated}
`;
const WIDER = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: system:basic-user, ${LABELS}}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get]}
`;

const WIDGETS = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.shop.example}
spec: {group: shop.example, names: {kind: Widget, plural: widgets}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: keeper}
rules:
- {apiGroups: [shop.example], resources: [widgets], verbs: [delete]}
- {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [delete]}
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: keeper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: keeper}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: keeper}]
`;
const METRICS = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scraper}
rules: [{nonResourceURLs: ["/metrics/*"], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scraper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scraper}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: scraper}]
`;

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-rbac-'))));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function file(content: string): string {
  const name = path.join(folder, 'rbac.yaml');
  fs.writeFileSync(name, content);
  return name;
}

const SHOP = { namespace: 'shop' };
const TOO_WIDE = /^.{81}/m;

describe('bulwark who-can', () => {
  it('lists everybody with the rule and the binding, and finds the group of a well-known resource', () => {
    const { output, exitCode, notes } = whoCanCommand(['patch', 'deployments'], [file(RBAC + PSA)], SHOP);
    expect(output.split('\n').slice(0, 4)).toEqual([
      'Group dev',
      '  may get, patch apps/deployments',
      '  by Role shop/developer, bound by RoleBinding shop/developers',
      '',
    ]);
    expect(output).toMatch(/^By Kubernetes itself: Group system:masters, /m);
    expect(output).not.toMatch(TOO_WIDE);
    expect({ exitCode, notes }).toEqual({ exitCode: 0, notes: [] });
  });

  it('ends with 1 when nobody may but those whom Kubernetes lets do anything', () => {
    const { output, exitCode } = whoCanCommand(['create', 'secrets'], [file(RBAC)], SHOP);
    expect(output).toMatch(/^Nobody but Kubernetes' own: Group system:masters/);
    expect(exitCode).toBe(1);
  });

  it('takes nobody for one of Kubernetes because a manifest says so', () => {
    const { output, exitCode } = whoCanCommand(['get', 'secrets'], [file(EVIL)], {});
    expect(exitCode).toBe(0);
    expect(output.split('\n').slice(0, 8)).toEqual([
      'Group system:authenticated',
      '  may do anything to everything',
      '  by ClusterRole cluster-admin, bound by ClusterRoleBinding evil',
      '',
      'User mallory',
      '  may do anything to everything',
      '  by ClusterRole cluster-admin, bound by ClusterRoleBinding evil',
      '',
    ]);
    expect(output.slice(output.indexOf('By Kubernetes'))).not.toMatch(/mallory|authenticated/);
    const json = whoCanCommand(['get', 'secrets'], [file(EVIL)], { format: 'json' });
    expect(JSON.parse(json.output)).toContainEqual(
      expect.objectContaining({ subject: 'User mallory', builtIn: false }),
    );
  });

  it('names who was added to a binding, and what was added to a role, of Kubernetes', () => {
    const added = EVIL.replace('name: evil', 'name: cluster-admin').replace('system:authenticated', 'ops');
    const { output } = whoCanCommand(['get', 'secrets'], [file(added)], {});
    expect(output).toMatch(/^User mallory$/m);
    expect(output).toMatch(/^Group ops$/m);
    expect(output).toMatch(/^By Kubernetes itself: Group system:masters, /m);
    expect(whoCanCommand(['get', 'secrets'], [file(WIDER)], {}).output).toMatch(
      /^Group system:authenticated\n {2}may get secrets$/m,
    );
  });

  it('takes the bindings of a cluster that are as Kubernetes makes them for its own', () => {
    const exported = toYaml(defaultRbac());
    const [alone, together] = [RBAC, `${RBAC}---\n${exported}`].map(
      (content) => whoCanCommand(['get', 'secrets'], [file(content)], {}).output,
    );
    expect(together).toBe(alone);
    expect(canCommand('User:bob', [file(exported)]).output).toMatch(
      /do nothing but what Kubernetes lets\s+everybody/,
    );
  });

  it('prints grants for machines', () => {
    const { output } = whoCanCommand(['patch', 'deployments'], [file(RBAC)], { ...SHOP, format: 'json' });
    expect(JSON.parse(output)).toContainEqual({
      subject: 'Group dev',
      rule: expect.objectContaining({ verbs: ['get', 'patch'], resources: ['deployments'] }),
      role: { kind: 'Role', namespace: 'shop', name: 'developer' },
      binding: { kind: 'RoleBinding', namespace: 'shop', name: 'developers' },
      builtIn: false,
    });
  });

  it.each<[string, string, RegExp]>([
    ['get', 'a/b/c', /^'a\/b\/c' is no resource\./],
    ['get', 'secrts', /Did you mean secrets\?$/],
    ['get', 'po/exec', /Did you mean pods\/exec\?$/],
    ['get', 'pods/exce', /Did you mean pods\/exec\?$/],
    ['get', 'deployment', /Did you mean deployments\?$/],
    ['get', 'deploy', /Did you mean deployments\?$/],
    ['get', 'NetworkPolicy', /Did you mean networkpolicies\?$/],
    ['get', 'widget', /Did you mean widgets\?$/],
    ['got', '/metrics', /^the verb of \/metrics: there is no 'got'\. Did you mean get\? Use one of: get, /],
    ['pacth', 'deployments', /^'pacth' is a verb of neither Kubernetes .* Did you mean patch\?$/],
  ])('refuses a slip: %s %s', (verb, resource, message) => {
    expect(errorOf(() => whoCanCommand([verb, resource], [file(RBAC + WIDGETS)], {})).message).toMatch(
      message,
    );
  });

  it.each(['widgets', 'poddisruptionbudgets', 'validatingadmissionpolicies'])(
    'finds the group of %s by itself',
    (resource) => {
      const { output } = whoCanCommand(['delete', resource], [file(RBAC + WIDGETS)], {});
      expect(output).toMatch(/^User keeper$/m);
    },
  );

  it('answers about URLs too, which are in no namespace', () => {
    const ask = (namespace?: string) =>
      whoCanCommand(['get', '/metrics/slis'], [file(RBAC + METRICS)], { ...(namespace && { namespace }) });
    expect(ask().output).toMatch(/^User scraper\n {2}may get \/metrics\/\*\n/);
    expect(ask().exitCode).toBe(0);
    expect(errorOf(() => ask('shop')).message).toBe(
      '/metrics/slis is in no namespace and has no name. Leave these out.',
    );
  });

  it('answers nothing where it could not read everything', () => {
    const missing = path.join(folder, 'missing.yaml');
    const paths = [file(RBAC), missing];
    const ask = [
      () => whoCanCommand(['get', 'secrets'], paths, {}),
      () => canCommand('Group:dev', paths),
      () => escalateCommand(paths, { format: 'text' }),
    ];
    for (const one of ask) {
      expect(errorOf(one).message).toBe(
        `${missing}: there is no such file or folder. Correct the path.\nNothing was answered.`,
      );
    }
  });

  it('says what it has never heard of, and answers', () => {
    const asked = whoCanCommand(['shout', 'widgets.shop.example'], [file(RBAC)], { namespace: 'shap' });
    expect(asked.output).toBe("Nobody but Kubernetes' own: Group system:masters.");
    expect(asked.notes).toEqual([
      expect.stringMatching(/^'shout' is a verb of neither/),
      expect.stringMatching(/^'widgets\.shop\.example' is a resource of neither/),
      expect.stringMatching(/^There is no namespace 'shap' in these manifests\. Did you mean shop\?/),
    ]);
    const known = whoCanCommand(['impersonate', 'users'], [file(RBAC)], {});
    expect(known.notes).toEqual([]);
  });

  it('shows no name as anything but a name', () => {
    const { output } = whoCanCommand(
      ['patch', 'deployments'],
      [file(RBAC.replace('name: dev}', 'name: "de\\e[31mv"}'))],
      SHOP,
    );
    expect(output).toContain('Group de\ufffd[31mv');
  });
});

describe('bulwark can', () => {
  it('shows what a binding gives to everybody, whatever its label says', () => {
    const { output } = canCommand('User:bob', [file(EVIL)]);
    expect(output).toMatch(/^User bob may$/m);
    expect(output.slice(output.indexOf('And what'))).not.toContain('cluster-admin');
    expect(canCommand('User:bob', [file(WIDER)]).output).toMatch(/^ {2}secrets +G /m);
  });

  it('shows the verbs for each resource', () => {
    const { output, notes } = canCommand('Group:dev', [file(RBAC)]);
    expect(output.split('\n')).toEqual([
      'Group dev may',
      '',
      'namespace shop',
      '  deployments.apps  G . . . . P . .',
      '  pods              G L . . . . . .',
      '  pods/log          G L . . . . . .',
      '',
      'G get  L list  W watch  C create  U update  P patch  D delete  A delete all',
      '',
      'And what Kubernetes lets everybody like it do: system:basic-user,',
      'system:discovery, system:public-info-viewer.',
    ]);
    expect(notes).toEqual([]);
  });

  it('fits into 80 columns whatever the names, with colours too', () => {
    const long = 'x'.repeat(50);
    const wide = RBAC.replace(
      '[pods, pods/log], verbs: [get, list]',
      `[${long}/log], verbs: [get, bind, "*"], resourceNames: [${long}, b]`,
    );
    const plain = canCommand('Group:dev', [file(wide.replace('""', `${long}.example`))]).output;
    expect(plain).not.toMatch(TOO_WIDE);
    expect(plain).toContain(`\n      any verb; bind; only b, ${long}\n`);
    const coloured = canCommand('Group:dev', [file(RBAC)], {}, { colour: true }).output;
    expect(coloured).toContain('\u001b[1mnamespace shop\u001b[0m');
    const uncoloured = coloured.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
    expect(uncoloured).toBe(canCommand('Group:dev', [file(RBAC)]).output);
  });

  it('prints rows for machines', () => {
    expect(JSON.parse(canCommand('Group:dev', [file(RBAC)], { format: 'json' }).output)).toContainEqual({
      namespace: 'shop',
      resource: 'pods/log',
      names: [],
      verbs: ['get', 'list'],
    });
  });

  it('says of somebody whom nothing names who may be meant', () => {
    const { output, notes } = canCommand('Group:dve', [file(RBAC)]);
    expect(output).toMatch(/^Group dve may do nothing but what Kubernetes lets everybody like it do:/);
    expect(notes).toEqual(['Nothing in these manifests names Group dve. Did you mean Group dev?']);
    expect(errorOf(() => canCommand('dev', [file(RBAC)])).message).toBe(
      "'dev' is no subject. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME. Did you mean 'Group:dev'?",
    );
  });
});

describe('bulwark escalate', () => {
  it('says for everybody how they get to the cluster or a node, and ends with 1', () => {
    const { output, exitCode } = escalateCommand([file(RBAC)], { format: 'text' });
    expect(output).toBe(
      [
        'Group dev gains root on a node in 2 steps:',
        '  1. Group dev writes workloads, whose pods may be any ServiceAccount in shop:',
        '     pods of its choice in shop',
        '       may get, patch apps/deployments: Role shop/developer, bound by',
        '       RoleBinding shop/developers',
        '  2. starts a privileged pod, which Pod Security does not refuse in shop: root',
        '     on a node',
      ].join('\n'),
    );
    expect(exitCode).toBe(1);
  });

  it('finds nothing where Pod Security is enforced', () => {
    expect(escalateCommand([file(RBAC + PSA)], { format: 'text' })).toMatchObject({
      output: 'No way was found.',
      exitCode: 0,
    });
  });

  it('says for one subject everything it gains, as JSON', () => {
    const { output } = escalateCommand(['Group:dev', file(RBAC + PSA)], { format: 'json' });
    const found = JSON.parse(output) as { to: string; steps: { right?: string; severity?: string }[] }[];
    expect(found.map(({ to }) => to)).toEqual([
      'pods of its choice in shop',
      'any ServiceAccount in shop',
      'all Secrets in shop',
    ]);
    expect(found[0]!.steps[0]).toMatchObject({ right: 'write-workloads', severity: 'medium' });
  });

  it('says of one who has everything nothing else', () => {
    const all = RBAC.replace(
      '[apps], resources: [deployments], verbs: [get, patch]',
      '["*"], resources: ["*"], verbs: ["*"]',
    )
      .replaceAll('kind: Role\n', 'kind: ClusterRole\n')
      .replace('kind: RoleBinding', 'kind: ClusterRoleBinding')
      .replace('kind: Role,', 'kind: ClusterRole,');
    const { output } = escalateCommand(['Group:dev', file(all)], { format: 'text' });
    expect(output).toMatch(/^Group dev gains the whole cluster in 1 step:\n/);
    expect(output.split('\n\n')).toHaveLength(1);
    const { output: json } = escalateCommand(['Group:dev', file(all)], { format: 'json' });
    expect(JSON.parse(json).length).toBeGreaterThan(40);
  });

  it('says what somebody may do that leads no further in one line, with the rule', () => {
    const deletes = RBAC.replace('verbs: [get, list]', 'verbs: [delete]');
    const { output } = escalateCommand(['Group:dev', file(deletes + PSA)], { format: 'text' });
    expect(output.split('\n\n')).toContain(
      'Group dev stops pods, which start elsewhere in shop:\n' +
        '  may delete pods, pods/log: Role shop/developer, bound by RoleBinding\n  shop/developers',
    );
  });

  it('draws a graph that Graphviz takes, whatever the names', async () => {
    const strange = file(RBAC.replace('name: dev}', String.raw`name: 'd"e\v -> x'}`));
    const { output } = escalateCommand([strange], { format: 'dot' });
    expect(output).toContain(' -> "pods of its choice in shop"');
    const { instance } = await import('@viz-js/viz');
    const drawn = (await instance()).renderString(output, { format: 'svg' });
    const texts = [...drawn.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['pods of its choice in shop', 'root on a node']));
    expect(texts.join(' ').replaceAll('&#45;', '-')).toContain('Group d&quot;e\\v -&gt; x');
    const nobody = escalateCommand([file(RBAC + PSA)], { format: 'dot' }).output;
    expect((await instance()).renderString(nobody, { format: 'svg' })).toContain('</svg>');
  });

  it.each(['jane', 'Groop:dev'])('says of %s how a subject is written', (who) => {
    expect(errorOf(() => escalateCommand([who, file(RBAC)], { format: 'text' })).message).toBe(
      `${who}: there is no such file or folder, and it is no subject. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME, or correct the path.`,
    );
  });

  it('refuses a format that is none, and a subject without manifests', () => {
    expect(errorOf(() => escalateCommand([file(RBAC)], { format: 'xml' })).message).toMatch(
      /text, json, dot/,
    );
    expect(errorOf(() => escalateCommand(['Group:dev'], { format: 'text' })).message).toMatch(
      /^Name the files/,
    );
  });
});

describe('matchers', () => {
  const manifests = readManifests(RBAC, 'rbac.yaml').manifests.map(({ manifest }) => manifest);
  const dev = subjectIn(manifests, 'Group:dev');

  it('say what somebody may do, and by which rule', () => {
    const patch = { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' };
    const result = rbacMatchers.toBeAbleTo(dev, patch);
    expect(result.pass).toBe(true);
    expect(result.message()).toMatch(/bound by RoleBinding shop\/developers$/);
    expect(result.message()).toMatch(
      /^Expected Group dev not to be able to patch deployments\.apps in shop, but:\n/,
    );
    const elsewhere = rbacMatchers.toBeAbleTo(dev, {
      ...patch,
      subresource: 'scale',
      name: 'web',
      namespace: 'other',
    });
    expect([elsewhere.pass, elsewhere.message()]).toEqual([
      false,
      'Expected Group dev to be able to patch deployments.apps/scale named web in other, and no binding lets them.',
    ]);
  });

  it('say how far that leads', () => {
    expect(dev).toEscalateTo('node');
    expect(dev).not.toEscalateTo('cluster');
    expect(() => expect(dev).not.toEscalateTo('node')).toThrow(
      /^Expected no way to root on a node, but:\nGroup dev gains[^]*starts a privileged pod/,
    );
    expect(() => expect(dev).toEscalateTo({ kind: 'User', name: 'root' })).toThrow(
      'Expected a way from Group dev to User root, and there is none.',
    );
  });

  it('know the group of a resource, and a subresource, as kubectl does', () => {
    expect(dev).toBeAbleTo({ verb: 'patch', resource: 'deployments', namespace: 'shop' });
    expect(dev).toBeAbleTo({ verb: 'get', resource: 'pods/log', namespace: 'shop' });
    expect(dev).not.toBeAbleTo({ verb: 'patch', group: '', resource: 'deployments', namespace: 'shop' });
    expect(dev).not.toBeAbleTo({ verb: 'get', path: '/metrics' });
  });

  it.each([
    [{ verb: 'gett', resource: 'pods' }, /^'gett' is a verb of neither .* Did you mean get\?$/],
    [{ verb: 'get', resource: 'secret' }, /Did you mean secrets\?$/],
    [{ verb: 'get', resource: 'deployment', group: 'apps' }, /Did you mean deployments\?$/],
  ])('refuse to pass because of a slip: %j', (request, message) => {
    expect(() => expect(dev).not.toBeAbleTo(request)).toThrow(message);
  });

  it('refuse a goal that is none', () => {
    expect(() => expect(dev).not.toEscalateTo('clutser' as 'cluster')).toThrow(
      /^toEscalateTo\("clutser"\): there is no such goal\. Use 'cluster', 'node', /,
    );
  });

  it('refuse to be asked about something else', () => {
    expect(() => expect(manifests).toEscalateTo('node')).toThrow(/subjectIn/);
  });
});
