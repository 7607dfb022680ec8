import fc from 'fast-check';
import ts from 'typescript';
import { importManifests } from '../../../src/import/import';
import { call, callOn, verbatim } from '../../../src/import/source-text';
import type { Manifest } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';

const OPTIONS = { target: ClusterTarget.kubernetes('1.33'), now: new Date('2026-06-15T12:00:00Z') };

/** What no name of the code is, unless text of a manifest became code. */
const CANARY = '$canary_';

/** Ways out of a literal, of a comment, and of a line. */
const WAYS_OUT = [
  ...[
    "'",
    '"',
    '`',
    '\\',
    '\\\\',
    "\\'",
    '${',
    '}',
    '*/',
    '/*',
    '//',
    '\n',
    '\r',
    '\u2028',
    '\u2029',
    '\0',
    '\u0001',
  ],
  ...['constructor', 'toString', '(', ')', '), ', '; ', ']: ', '{', ' ', '/', '..', '.', '\ud800', '\u202e'],
];
const hostile = fc
  .array(fc.constantFrom(...WAYS_OUT, `${CANARY}(1)`), { maxLength: 5 })
  .map((parts) => `${parts.join('')}'), ${CANARY}(1), ('`);
const text = fc.oneof(
  hostile,
  fc.constantFrom(
    ...WAYS_OUT,
    `'+${CANARY}(1)+'`,
    `\${${CANARY}(1)}`,
    `\0${CANARY}(1)\0`,
    `*/${CANARY}(1)/*`,
  ),
  fc.constantFrom('web', 'view', 'undefined', 'scope'),
);
const texts = fc.dictionary(text, text, { maxKeys: 3 });

/** Objects of the kinds that become constructs, and of others, with foreign text wherever text may be. */
const objects: fc.Arbitrary<Manifest[]> = fc
  .record({
    names: fc.array(text, { minLength: 12, maxLength: 12 }),
    values: texts,
    words: fc.array(text, { maxLength: 3 }),
  })
  .map(({ names, values, words }) => manifestsOf(names, values, words));

function manifestsOf(
  [name, other, account, role, image, port, path, key, kind, group, host, reason]: string[],
  values: Record<string, string>,
  words: string[],
): Manifest[] {
  const metadata = { name, namespace: 'shop', labels: values, annotations: values };
  const named = { ...metadata, name: other };
  const rbac = 'rbac.authorization.k8s.io';
  const spec = {
    serviceAccountName: account,
    nodeSelector: values,
    tolerations: [{ key, operator: 'Exists' }],
    volumes: [
      { name: path, configMap: { name: other, items: [{ key, path }] } },
      { name: key, secret: { secretName: name } },
      { name: 'claim', persistentVolumeClaim: { claimName: host } },
      { name: 'host', hostPath: { path, type: kind } },
    ],
    containers: [
      {
        name: port,
        image,
        command: words,
        args: words,
        workingDir: path,
        imagePullPolicy: kind === 'web' ? kind : undefined,
        ports: [{ name: port, containerPort: 80 }],
        env: [
          { name: key, value: other },
          { name: `${host}a`, valueFrom: { secretKeyRef: { name: other, key } } },
          { name: `${host}b`, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        envFrom: [{ prefix: path, configMapRef: { name: other } }],
        resources: { limits: { cpu: '100m', memory: '1Gi' } },
        livenessProbe: { httpGet: { path, port } },
        volumeMounts: [
          { name: path, mountPath: path },
          { name: key, mountPath: other },
          { name: 'claim', mountPath: key, subPath: path },
          { name: 'host', mountPath: key },
        ],
        [key!]: other,
      },
    ],
  };
  const template = { metadata: { labels: values }, spec };
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: role };
  const subjects = [
    { kind: 'ServiceAccount', name: account, namespace: 'shop' },
    { kind: 'User', name: other, apiGroup: rbac },
    { kind: 'Group', name: key, apiGroup: rbac },
  ];
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: values }, template },
    },
    { apiVersion: 'batch/v1', kind: 'Job', metadata: named, spec: { template } },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: `${kind} * * * *`, timeZone: host, jobTemplate: { spec: { template } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: values, ports: [{ name: port, port: 80 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: other, namespace: 'shop' },
      spec: {
        tls: [{ hosts: words, secretName: key }],
        rules: [
          {
            host,
            http: { paths: [{ path: `/${path}`, backend: { service: { name, port: { number: 80 } } } }] },
          },
        ],
      },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: other, namespace: 'shop' }, data: values },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' }, data: values },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: 'shop' } },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: role, labels: values },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: words }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: role, namespace: 'shop' },
      roleRef,
      subjects,
    },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: other }, roleRef, subjects },
    {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: { name: key, namespace: 'shop' },
      spec: {
        secretStoreRef: { name: host, kind: 'SecretStore' },
        data: [{ secretKey: 'a', remoteRef: { key, property: path } }],
      },
    },
    {
      apiVersion: `${group}/v1`,
      kind: kind!,
      metadata: {
        name,
        namespace: 'shop',
        annotations: { 'bulwark.dev/waive-image-tag': reason, ...values },
        ownerReferences: [{ kind, name: other }],
      },
      spec: { [key!]: { [path!]: words } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: host, namespace: 'shop' },
      spec: { accessModes: [kind], storageClassName: other, resources: { requests: { storage: '1Gi' } } },
    },
  ] as Manifest[];
}

const imported = (...manifests: Manifest[]) =>
  importManifests(manifests, OPTIONS)
    .files.filter(({ path }) => path.endsWith('.ts'))
    .map(({ text: code }) => code);

/** Names that the code reads or calls; text in literals and comments is none. */
function identifiersOf(code: string): string[] {
  const file = ts.createSourceFile('file.ts', code, ts.ScriptTarget.Latest, true);
  const { parseDiagnostics = [] } = file as unknown as { parseDiagnostics?: ts.Diagnostic[] };
  expect(parseDiagnostics.map(({ messageText }) => messageText)).toEqual([]);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The code as it is once somebody takes the marks of the comments away. */
function uncommented(code: string): string {
  return code.replaceAll(/^ *\/\/ (new SealedSecret.*)$/gm, '$1');
}

describe('text of a manifest', () => {
  it('is never code, wherever it is', () => {
    fc.assert(
      fc.property(objects, (manifests) => {
        for (const code of imported(...manifests).flatMap((each) => [each, uncommented(each)]))
          expect(identifiersOf(code)).not.toContain(CANARY);
      }),
      { numRuns: Number(process.env.BULWARK_RUNS ?? 60) },
    );
  });

  it('is no code in the name of a ClusterRole that is bound', () => {
    const name = `view'), ${CANARY}('PWNED'), LockedClusterRole.named('view`;
    const [, code = ''] = imported({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace: 'shop' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    expect(code).toContain('.bindIn(');
    expect(identifiersOf(code)).not.toContain(CANARY);
  });

  it('is refused where a name is wanted', () => {
    expect(() => call("a('b').c")).toThrow(TypeError);
    expect(() => callOn('a', 'b.c()')).toThrow(TypeError);
    expect(() => verbatim('a + b')).toThrow(TypeError);
  });
});
