import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { canCommand, escalateCommand, whoCanCommand } from '../../../src/cli/rbac';
import { rbacMatchers, subjectIn } from '../../../src/jest';
import { readManifests } from '../../../src/manifest/reader';
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

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-rbac-'))));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function file(content: string): string {
  const name = path.join(folder, 'rbac.yaml');
  fs.writeFileSync(name, content);
  return name;
}

describe('bulwark who-can', () => {
  it('lists everybody with the rule and the binding, and finds the group of a well-known resource', () => {
    const { output, exitCode } = whoCanCommand('patch', 'deployments', [file(RBAC)], { namespace: 'shop' });
    expect(output.split('\n')[0]).toBe(
      'Group dev may get, patch apps/deployments: Role shop/developer, bound by RoleBinding shop/developers',
    );
    expect(exitCode).toBe(0);
  });

  it('says that nobody can by ending with 1', () => {
    const asked = whoCanCommand('shout', 'widgets.shop.example', [file(RBAC)], { namespace: 'elsewhere' });
    // system:masters may do whatever there is.
    expect(asked.output.split('\n')).toHaveLength(1);
    expect(asked.output).toMatch(/^Group system:masters /);
  });

  it('refuses what is no resource', () => {
    expect(errorOf(() => whoCanCommand('get', 'a/b/c', [file(RBAC)], {})).message).toMatch(
      /^'a\/b\/c' is no resource\./,
    );
  });
});

describe('bulwark can', () => {
  it('shows the verbs for each resource', () => {
    const { output } = canCommand('Group:dev', [file(RBAC)]);
    const rows = output.split('\n').filter((line) => /^(namespace|shop)/.test(line));
    expect(rows).toEqual([
      'namespace       resource                                       get  list  watch  create  update  patch  delete  delete all  other',
      'shop            deployments.apps                               yes  -     -      -       -       yes    -       -',
      'shop            pods                                           yes  yes   -      -       -       -      -       -',
      'shop            pods/log                                       yes  yes   -      -       -       -      -       -',
    ]);
  });
});

describe('bulwark escalate', () => {
  it('says for everybody how they get to the cluster or a node, and ends with 1', () => {
    const { output, exitCode } = escalateCommand([file(RBAC)], { format: 'text' });
    expect(output).toBe(
      [
        'Group dev gains root on a node in 2 steps:',
        '  1. Group dev writes workloads, whose pods may be any ServiceAccount in shop: pods of its choice in shop',
        '       may get, patch apps/deployments: Role shop/developer, bound by RoleBinding shop/developers',
        '  2. starts a privileged pod, which Pod Security does not refuse in shop: root on a node',
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

  it('draws a graph', () => {
    const { output } = escalateCommand([file(RBAC)], { format: 'dot' });
    expect(output).toContain('"Group dev" -> "pods of its choice in shop"');
    expect(output).toMatch(/^digraph escalation \{[^]*\}$/);
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
    expect(rbacMatchers.toBeAbleTo(dev, { ...patch, namespace: 'other' }).pass).toBe(false);
  });

  it('say how far that leads', () => {
    expect(dev).toEscalateTo('node');
    expect(dev).not.toEscalateTo('cluster');
    expect(() => expect(dev).not.toEscalateTo('node')).toThrow(/starts a privileged pod/);
  });

  it('refuse to be asked about something else', () => {
    expect(() => expect(manifests).toEscalateTo('node')).toThrow(/subjectIn/);
  });
});
