import fs from 'node:fs';
import path from 'node:path';
import { ClusterTarget } from '../../constructs';
import { podTemplateOf } from '../../src/manifest/pod';
import { toYaml } from '../../src/manifest/yaml';
import { summarize } from '../../src/report/summary';
import { readPrivateKeys } from '../../src/seal/private-keys';
import { readSealedSecret } from '../../src/seal/sealed-secret';
import { openAll } from '../../src/seal/unseal';
import { manifestsIn } from '../support/folders';

const ROOT = path.join(__dirname, '../..');
const KEY = path.join(__dirname, 'fixtures/DEMO-sealing-key.pem');
const KEYS = readPrivateKeys(fs.readFileSync(KEY, 'utf8'), KEY);
const manifests = manifestsIn(path.join(ROOT, 'dist'));

/** The values of every SealedSecret in dist, by its name and key. */
const opened = new Map(
  manifests
    .filter(({ kind }) => kind === 'SealedSecret')
    .flatMap((manifest) => {
      const values = openAll(readSealedSecret(toYaml([manifest]), 'dist'), KEYS, 'dist');
      return [...values].map(
        ([key, value]) => [`${manifest.metadata!.name}/${key}`, value.toString()] as const,
      );
    }),
);

const podOf = (name: string): any =>
  podTemplateOf(
    manifests.find(({ kind, metadata }) => /^(Deployment|CronJob)$/.test(kind) && metadata?.name === name)!,
  )!.spec;

describe('the sealed secrets of the example', () => {
  it('open with the demo key', () => {
    expect([...opened.keys()].sort()).toEqual([
      'cartservice/appsettings.json',
      'redis-cart/exporter.json',
      'redis-cart/redis.conf',
      'registry/.dockerconfigjson',
    ]);
  });

  it('give Redis, its exporter and the cart service one password', () => {
    const [, password = ''] = /^requirepass ([0-9a-f]{48})$/m.exec(opened.get('redis-cart/redis.conf')!)!;
    expect(JSON.parse(opened.get('redis-cart/exporter.json')!)).toEqual({
      'redis://localhost:6379': password,
    });
    expect(JSON.parse(opened.get('cartservice/appsettings.json')!).REDIS_ADDR).toBe(
      `redis-cart:6379,password=${password},ssl=false`,
    );
    expect(toYaml(manifests)).not.toContain(password);
  });

  it('reach Redis and the cart service as read-only files, and the kubelet as a login', () => {
    const mounts = (name: string, container: string) =>
      podOf(name).containers.find((one: any) => one.name === container).volumeMounts;
    for (const container of ['redis', 'exporter'])
      expect(mounts('redis-cart', container)).toContainEqual({
        mountPath: '/etc/secrets/redis-cart',
        name: 'secret-redis-cart',
        readOnly: true,
      });
    expect(podOf('redis-cart').containers[0].args).toContain('/etc/secrets/redis-cart/redis.conf');
    expect(mounts('cartservice', 'server')).toContainEqual(
      expect.objectContaining({ mountPath: '/etc/secrets/cartservice', readOnly: true }),
    );
    expect(podOf('nightly-report').imagePullSecrets).toEqual([{ name: 'registry' }]);
    const { auths } = JSON.parse(opened.get('registry/.dockerconfigjson')!);
    expect(Object.keys(auths)).toEqual(['registry.example.com']);
  });

  it('need a definition that the summary names', () => {
    expect([...summarize(manifests, ClusterTarget.kubernetes('1.30')).needs]).toEqual([
      ['sealedsecrets.bitnami.com', 3],
    ]);
  });

  it('are marked as of no use, beside the ciphertext and in the key', () => {
    expect(fs.readFileSync(KEY, 'utf8')).toMatch(/^DEMO KEY: public on purpose/);
    const readme = fs.readFileSync(path.join(ROOT, 'examples/secure-cluster/sealed/README.md'), 'utf8');
    expect(readme).toContain('They protect nothing.');
  });
});
