import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../../src';
import { readCertificate } from '../../src/seal/certificate';
import { SEAL_SCOPES } from '../../src/seal/scope';
import { sealSecret } from '../../src/seal/seal-secret';
import { fixture, NOW } from '../src/seal/support';
import { Blueprint, ClusterTarget, HardenedDeployment, SealedSecret, Tenant } from '../../constructs';
import { corpusFile, create, describeWithCustomResources, podOf } from './harness';

const CRD = corpusFile('crds', 'bitnami.com_sealedsecrets.yaml');
const PASSWORD = 'correct horse battery staple';

/** The key pair of the controller, which alone holds the private key. */
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const oaep = (label: string) => ({
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: 'sha256',
  oaepLabel: Buffer.from(label),
});

// Each value has a session key of its own, which is why the nonce may be the same.
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;

/** What kubeseal does: a session key sealed for one label, which is `namespace/name`, and the value sealed with that key. */
function seal(value: string, label: string): string {
  const sessionKey = randomBytes(32);
  const sealedKey = publicEncrypt({ key: publicKey, ...oaep(label) }, sessionKey);
  const cipher = createCipheriv('aes-256-gcm', sessionKey, NONCE);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealedKey.length);
  const sealed = [cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([length, sealedKey, ...sealed]).toString('base64');
}

/** What the controller does. It throws for another label. */
function open(text: string, label: string): string {
  const bytes = Buffer.from(text, 'base64');
  const keyEnd = 2 + bytes.readUInt16BE(0);
  const sessionKey = privateDecrypt({ key: privateKey, ...oaep(label) }, bytes.subarray(2, keyEnd));
  const decipher = createDecipheriv('aes-256-gcm', sessionKey, NONCE);
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return decipher.update(bytes.subarray(keyEnd, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}

/** A shop whose database password is committed as ciphertext. */
function shop(folder: string): Blueprint {
  const file = join(folder, 'database.yaml');
  const sealed = {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name: 'database', namespace: 'shop-web' },
    spec: {
      encryptedData: { password: seal(PASSWORD, 'shop-web/database') },
      template: { metadata: { name: 'database', namespace: 'shop-web' }, type: 'Opaque' },
    },
  };
  writeFileSync(file, toYaml([sealed]));
  const blueprint = new Blueprint({
    target: ClusterTarget.kubernetes('1.30', { sealedSecrets: true }),
    outdir: join(folder, 'dist'),
  });
  const web = new Tenant(blueprint, 'shop').namespace('web');
  const api = new HardenedDeployment(web, 'api', { containers: [{ image: 'registry.example.com/api:1' }] });
  api.useSecret(new SealedSecret(web, 'database', { file }));
  return blueprint;
}

describeWithCustomResources(
  'a sealed secret in a cluster with the sealed-secrets controller',
  { definitions: [CRD], cluster: shop },
  ({ server, manifests, apply }) => {
    it('is accepted by strict validation together with the workload that mounts it', () => {
      const lines = apply();
      expect(lines).toContain('sealedsecret.bitnami.com/database created');
      expect(lines.filter((line) => !line.endsWith(' created'))).toEqual([]);
    });

    it('has nothing to change when it is applied again', () => {
      expect(apply().filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    });

    it('is stored as what the controller can open, under its own name in its own namespace only', async () => {
      const path = '/apis/bitnami.com/v1alpha1/namespaces/shop-web/sealedsecrets/database';
      const { body } = await server().request('GET', path);
      const { password } = body.spec.encryptedData;
      expect(open(password, `${body.metadata.namespace}/${body.metadata.name}`)).toBe(PASSWORD);
      expect(() => open(password, 'shop-web/other')).toThrow();
      expect(JSON.stringify(manifests())).not.toContain(PASSWORD);
    });

    it.each(SEAL_SCOPES)(
      'is accepted as bulwark seals it, %s, for each type that it checks',
      async (scope) => {
        const certificate = readCertificate(fixture('kubeseal/certificate.pem'), 'certificate.pem', NOW);
        const types: Record<string, Record<string, string>> = {
          Opaque: { empty: '' },
          'kubernetes.io/basic-auth': { username: 'shop' },
          'kubernetes.io/tls': {
            'tls.crt': fixture('kubeseal/certificate.pem'),
            'tls.key': fixture('kubeseal/key.pem'),
          },
        };
        for (const [type, values] of Object.entries(types)) {
          const name = `${scope}-${type.replaceAll(/[^a-z]/gi, '-')}`.toLowerCase();
          const bytes = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
          const place = { name, namespace: 'shop-web', scope };
          const secret = { ...place, type, immutable: true, labels: { app: 'shop' }, values: bytes };
          const manifest = sealSecret(secret, certificate);
          const { status, body } = await create(server(), manifest as any);
          expect([status, body.message]).toEqual([201, undefined]);
          expect(body.spec).toEqual(manifest.spec);
        }
      },
    );

    it('is mounted by pods that the namespace admits, as files for the group of the pod only', async () => {
      const pod = podOf(manifests().find(({ kind }) => kind === 'Deployment'));
      const { status, body } = await create(server(), pod, { dryRun: true });
      expect([status, body.message]).toEqual([201, undefined]);
      expect(body.spec.volumes).toContainEqual(
        expect.objectContaining({ secret: { secretName: 'database', defaultMode: 0o400 } }),
      );
      expect(body.spec.securityContext.fsGroup).toBeGreaterThan(0);
      expect(body.spec.containers[0].volumeMounts).toContainEqual(
        expect.objectContaining({ mountPath: '/etc/secrets/database', readOnly: true }),
      );
    });
  },
);
