import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { BulwarkError } from '../errors';
import { RSA_BITS } from './cipher';

/** The certificate of a sealed-secrets controller, by which everybody can seal and nobody can open. */
export interface SealingCertificate {
  readonly publicKey: KeyObject;
  /** Size of the RSA key in bits. */
  readonly bits: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Names the key pair; see {@link fingerprintOf}. */
  readonly fingerprint: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const FETCH = 'Get the current one from the controller: kubeseal --fetch-cert, or GET /v1/cert.pem.';

/**
 * Reads the certificate to seal with; of several, the first, as kubeseal does.
 *
 * @param pem Text of a file in PEM.
 * @param where File or URL, for messages.
 * @param now The time at which it has to be valid.
 * @throws BulwarkError when there is none, when it is expired, not valid yet, not for RSA or of a key that is too short.
 */
export function readCertificate(pem: string, where: string, now: Date): SealingCertificate {
  if (PRIVATE_KEY.test(pem)) {
    throw new BulwarkError(
      `${where}: holds a private key, which opens everything that is sealed and belongs to the controller alone. ` +
        'Name a file with the certificate only.',
    );
  }
  const certificate = parse(CERTIFICATE.exec(pem)?.[0], where);
  const [notBefore, notAfter] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  if (now > notAfter) {
    throw new BulwarkError(`${where}: the certificate expired at ${notAfter.toISOString()}. ${FETCH}`);
  }
  if (now < notBefore) {
    throw new BulwarkError(
      `${where}: the certificate is valid from ${notBefore.toISOString()} on, which is not yet. ` +
        'Correct the clock of this machine, or take another certificate.',
    );
  }
  const { publicKey } = certificate;
  const bits = rsaBits(publicKey, where);
  return { publicKey, bits, notBefore, notAfter, fingerprint: fingerprintOf(publicKey) };
}

/**
 * The name of a key pair: the first 64 bits of SHA-256 over its public key (DER of SubjectPublicKeyInfo), in hexadecimal. It is
 * the same for a certificate and for its private key.
 */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** @throws BulwarkError for a key that is not RSA or whose size is not one that is sealed with. */
export function rsaBits(key: KeyObject, where: string): number {
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BulwarkError(
      `${where}: has a key of the type ${key.asymmetricKeyType ?? 'unknown'}, and sealed-secrets knows RSA only. ${FETCH}`,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) {
    throw new BulwarkError(
      `${where}: has an RSA key of ${bits} bits; ${RSA_BITS.least} to ${RSA_BITS.most} are accepted (NIST SP 800-131A asks for ${RSA_BITS.least}). ${FETCH}`,
    );
  }
  return bits;
}

function parse(pem: string | undefined, where: string): X509Certificate {
  if (pem === undefined)
    throw new BulwarkError(`${where}: holds no certificate in PEM (BEGIN CERTIFICATE). ${FETCH}`);
  try {
    return new X509Certificate(pem);
  } catch {
    throw new BulwarkError(`${where}: the certificate is damaged. ${FETCH}`);
  }
}
