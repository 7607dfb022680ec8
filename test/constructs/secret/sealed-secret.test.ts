import { constants, createCipheriv, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HardenedDeployment, SealedSecret } from '../../../constructs';
import { toYaml } from '../../../src/manifest/yaml';
import { blueprint, objectOf, specOf } from '../support';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PLAINTEXT = 'canary-plaintext-of-a-secret';

/** Seals a value as kubeseal does, strictly for shop-web/db. */
function seal(value: string): string {
  const key = randomBytes(32);
  const oaep = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const rsa = publicEncrypt({ ...oaep, oaepLabel: Buffer.from('shop-web/db') }, key);
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12));
  const text = Buffer.concat([cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rsa.length);
  return Buffer.concat([length, rsa, text]).toString('base64');
}

function fileOf(change: (document: Record<string, unknown>) => void = () => undefined): string {
  const document = {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name: 'db', namespace: 'shop-web' },
    spec: {
      encryptedData: { password: seal(PLAINTEXT) },
      template: { metadata: { name: 'db', namespace: 'shop-web' }, type: 'Opaque' },
    },
  };
  change(document);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-sealed-')), 'db.yaml');
  fs.writeFileSync(file, toYaml([document]));
  return file;
}

describe('SealedSecret', () => {
  it('includes the ciphertext as it is, with the same metadata in the template', () => {
    const { cluster, web } = blueprint();
    const file = fileOf();
    new SealedSecret(web, 'db', { file });
    const sealed = objectOf(cluster, 'SealedSecret', 'db');
    const [, ciphertext] = /password: (\S+)/.exec(fs.readFileSync(file, 'utf8'))!;
    expect(specOf(sealed)).toEqual({
      encryptedData: { password: ciphertext },
      template: { metadata: { name: 'db', namespace: 'shop-web' }, type: 'Opaque' },
    });
    expect(sealed.metadata).toEqual({ name: 'db', namespace: 'shop-web' });
  });

  it('is mounted as read-only files that the pod’s group alone can read', () => {
    const { cluster, web } = blueprint();
    const api = new HardenedDeployment(web, 'api', {
      containers: [
        { name: 'api', image: 'registry.example/api:1.0.0' },
        { name: 'side', image: 'registry.example/side:1.0.0' },
      ],
    });
    api.useSecret(new SealedSecret(web, 'db', { file: fileOf() }), { containers: ['api'] });
    const { spec } = specOf(objectOf(cluster, 'Deployment', 'api')).template;
    expect(spec.volumes).toEqual([{ name: 'secret-db', secret: { defaultMode: 0o400, secretName: 'db' } }]);
    expect(spec.containers[0].volumeMounts).toEqual([
      { mountPath: '/etc/secrets/db', name: 'secret-db', readOnly: true },
    ]);
    expect(spec.containers[1].volumeMounts).toBeUndefined();
    expect(spec.securityContext.fsGroup).toBe(65532);
  });

  it('refuses a file that was sealed for another namespace', () => {
    const { web } = blueprint();
    const file = fileOf((document) => (document.metadata = { name: 'db', namespace: 'other' }));
    expect(() => new SealedSecret(web, 'db', { file })).toThrow(
      /sealed for the namespace 'other'.*--namespace shop-web/,
    );
  });

  it('refuses what is no ciphertext, and never repeats it', () => {
    const { web } = blueprint();
    const file = fileOf((document) => (document.spec = { encryptedData: { password: PLAINTEXT } }));
    const act = () => new SealedSecret(web, 'db', { file });
    expect(act).toThrow(/encryptedData\.password is no sealed value/);
    expect(act).not.toThrow(PLAINTEXT);
  });

  it('refuses a Secret in the clear, and a file that is not there', () => {
    const { web } = blueprint();
    const plain = fileOf((document) => Object.assign(document, { apiVersion: 'v1', kind: 'Secret' }));
    expect(() => new SealedSecret(web, 'a', { file: plain })).toThrow(
      /holds Secret, not a SealedSecret.*Never commit it/,
    );
    expect(() => new SealedSecret(web, 'b', { file: 'missing.yaml' })).toThrow(/there is no readable file/);
  });

  it('fails the synthesis for a target without the controller', () => {
    const { cluster, web } = blueprint('1.33', {});
    new SealedSecret(web, 'db', { file: fileOf() });
    expect(() => cluster.synth()).toThrow(
      /shop\/web\/db: needs the sealed-secrets controller.*sealedSecrets: true/,
    );
  });
});
