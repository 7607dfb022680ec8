import { createPrivateKey, type KeyObject } from 'node:crypto';
import { BulwarkError } from '../errors';
import { isObject } from '../manifest/manifest';
import { readManifests } from '../manifest/reader';
import { fingerprintOf, rsaBits } from './certificate';

/** A private key that opens sealed values. */
export interface UnsealingKey {
  readonly key: KeyObject;
  /** Names the key pair; the certificate has the same. */
  readonly fingerprint: string;
  /** File that it is from. */
  readonly source: string;
}

const PEM = /-----BEGIN ((?:RSA )?PRIVATE KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----/g;

/**
 * Reads private keys: PEM, or the Secrets of the controller as `kubectl get secret -o yaml` writes a backup of them (one, a
 * List, or several documents).
 *
 * @param text Content of the file. No part of it is ever in a message.
 * @param where File, for messages.
 * @throws BulwarkError when there is no RSA key in it.
 */
export function readPrivateKeys(text: string, where: string): UnsealingKey[] {
  const pems = text.match(PEM) ?? pemsOfSecrets(text, where);
  if (pems.length === 0) {
    throw new BulwarkError(
      `${where}: holds no private key without a passphrase. Give it a PEM file, or what ` +
        '`kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` prints.',
    );
  }
  return pems.map((pem) => parse(pem, where));
}

function pemsOfSecrets(text: string, where: string): string[] {
  return readManifests(text, where).manifests.flatMap(({ manifest }) => {
    const data = manifest.kind === 'Secret' && isObject(manifest.data) ? manifest.data : {};
    const encoded = data['tls.key'];
    if (typeof encoded !== 'string') return [];
    return Buffer.from(encoded, 'base64').toString('latin1').match(PEM) ?? [];
  });
}

function parse(pem: string, source: string): UnsealingKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new BulwarkError(`${source}: the private key is damaged. Take it from the backup again.`);
  }
  rsaBits(key, source);
  return { key, fingerprint: fingerprintOf(key), source };
}
