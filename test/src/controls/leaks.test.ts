import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { auditManifests } from '../../../src/controls/audit';
import { findControl } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import { isObject, type Manifest } from '../../../src/manifest/manifest';
import { DEFAULT_TARGET } from '../../../src/target/target';
import { secureCluster } from '../../../examples/secure-cluster/main';
import { corpusFile } from '../../apiserver/harness';
import { manifestsOf } from '../../support/folders';

const GUARD = [
  'no-plaintext-secret',
  'no-credential-in-env',
  'no-credential-in-config-map',
  'no-credential-in-args',
  'no-credential-in-manifest',
].map((id) => findControl(id)!);

const findings = (manifests: readonly Manifest[]) =>
  checkManifests(manifests, { target: DEFAULT_TARGET, controls: GUARD });
const pod = (container: object, metadata: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'api', ...metadata },
  spec: { containers: [{ name: 'api', image: 'registry.example/api:1', ...container }] },
});
const annotated = (key: string, value: string) => pod({}, { annotations: { [key]: value } });

// Made here from parts, so that no scanner of this repository takes them for real ones.
const TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;
const KEY = `-----BEGIN ${'RSA'} PRIVATE KEY-----\nMIIEow${'IBAAKCAQEA'.repeat(4)}\n`;
const AWS = `AKIA${'ABCDEFGH2345'.padEnd(16, 'Q')}`;
const RANDOM = 'x7Kq9mZt2Lw4Rb8Vn3';

describe('the leak guard', () => {
  it.each([
    ['a password as an argument', pod({ args: ['--db-password=correct-horse'] }), 'no-credential-in-args'],
    ['a random token as an argument', pod({ args: [`--token=${RANDOM}`] }), 'no-credential-in-args'],
    [
      'a well-known token in a command',
      pod({ command: ['sh', '-c', `curl -H "Authorization: token ${TOKEN}" x`] }),
      'no-credential-in-args',
    ],
    [
      'a URL with a password',
      pod({ args: ['postgres://shop:s3cr3tpw@db:5432/shop'] }),
      'no-credential-in-args',
    ],
    ['a token in an annotation', annotated('ci.example/run', TOKEN), 'no-credential-in-manifest'],
    [
      'a password in an annotation',
      annotated('example.com/admin-password', 'correct-horse'),
      'no-credential-in-manifest',
    ],
    ['a random key in an annotation', annotated('example.com/api-key', RANDOM), 'no-credential-in-manifest'],
    [
      'a private key in a custom resource',
      { apiVersion: 'x.io/v1', kind: 'Thing', metadata: { name: 'x' }, spec: { tls: { key: KEY } } },
      'no-credential-in-manifest',
    ],
    [
      'an encoded private key in binary data',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'x' },
        binaryData: { k: Buffer.from(KEY).toString('base64') },
      },
      'no-credential-in-manifest',
    ],
    [
      'an access key in the annotation of a template',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'x' },
        spec: { template: { metadata: { annotations: { 'a/b': AWS } }, spec: { containers: [] } } },
      },
      'no-credential-in-manifest',
    ],
    [
      'a password in the environment',
      pod({ env: [{ name: 'DB_PASSWORD', value: 'correct-horse' }] }),
      'no-credential-in-env',
    ],
    [
      'a private key in a ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { 'tls.key': KEY } },
      'no-credential-in-config-map',
    ],
    [
      'a Secret',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: 'correct-horse' } },
      'no-plaintext-secret',
    ],
  ] as readonly (readonly [string, Manifest, string])[])(
    'finds %s once, and never says it',
    (_, manifest, id) => {
      const found = findings([manifest]);
      expect(found.map(({ control }) => control.id)).toEqual([id]);
      const said = found.map(({ message, field, fix }) => `${message} ${field} ${fix}`).join();
      for (const value of ['correct-horse', TOKEN, RANDOM, AWS, 's3cr3tpw', 'MIIEow'])
        expect(said).not.toContain(value);
    },
  );

  it.each([
    ['a path', pod({ args: ['--password=/etc/secrets/db/password', '--token-file=/x'] })],
    ['a variable', pod({ args: ['--password=$(PASSWORD)', '--token=${TOKEN}'] })],
    ['a switch', pod({ args: ['--require-password=true', '--token=none', '-p'] })],
    ['the name of an object', pod({ args: ['--tls-secret=shop-web-tls-2'] })],
    [
      'a checksum',
      annotated('checksum/secret', 'a3f5c9e1b7d204860f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a29181706f5e4'),
    ],
    ['the name of a Secret', annotated('nginx.ingress.kubernetes.io/auth-secret', 'shop/basic-auth')],
    [
      'a certificate',
      {
        apiVersion: 'x.io/v1',
        kind: 'Thing',
        metadata: { name: 'x' },
        spec: { caBundle: '-----BEGIN CERTIFICATE-----' },
      },
    ],
    ['a digest', pod({ image: `registry.example/api@sha256:${'a1b2c3d4'.repeat(8)}` })],
  ] as readonly (readonly [string, Manifest])[])('takes %s for what it is', (_, manifest) => {
    expect(findings([manifest])).toEqual([]);
  });

  it('finds nothing in the example', () => {
    const { manifests } = secureCluster(
      undefined,
      path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-leaks-')), 'dist'),
    ).synth();
    expect(manifests.length).toBeGreaterThan(80);
    expect(findings(manifests)).toEqual([]);
  });

  it('is part of the hardened profile, which check asks', () => {
    const found = auditManifests([pod({ args: ['--db-password=correct-horse'] })]);
    expect(found.map(({ control }) => control.id)).toContain('no-credential-in-args');
  });
});

const corpora = ['pod-security', 'network-policy', 'rbac-defaults', 'crds'].map((name) => corpusFile(name));
const describeWithCorpora = corpora[0] ? describe : describe.skip;

describeWithCorpora('the published manifests', () => {
  it('hold no credential, and none is found', () => {
    const manifests = corpora
      .flatMap((folder) =>
        fs
          .readdirSync(folder!, { recursive: true, encoding: 'utf8' })
          .filter((name) => /\.ya?ml$/.test(name))
          .map((name) => fs.readFileSync(path.join(folder!, name), 'utf8')),
      )
      .flatMap(manifestsOf)
      .filter((manifest) => isObject(manifest) && typeof manifest.kind === 'string');
    expect(manifests.length).toBeGreaterThan(1000);
    expect(
      findings(manifests).map(({ control, field, manifest }) => [control.id, field, manifest.metadata?.name]),
    ).toEqual([]);
  });
});
