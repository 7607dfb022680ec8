import {
  constants,
  createCipheriv,
  createDecipheriv,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

/** Sizes of an RSA key, in bits, that a value may be sealed with. */
export const RSA_BITS = { least: 2048, most: 8192 } as const;

const SESSION_KEY_BYTES = 32;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;

/** The nonce may be the same each time, since no session key is used twice. */
const NONCE = Buffer.alloc(12);

/** The parts of a sealed value. */
export interface SealedParts {
  /** Session key, encrypted with RSA-OAEP. Its length is that of the RSA key. */
  readonly sealedKey: Buffer;
  /** Value, encrypted with AES-256-GCM. */
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/**
 * Seals one value as the sealed-secrets controller opens it: base64 of the length of the RSA part in two bytes, a new session
 * key under RSA-OAEP (SHA-256), and the value under that key in AES-256-GCM. Equal values give different texts, on purpose.
 *
 * @param label Ties the value to a place; see `sealLabel`.
 */
export function sealValue(plaintext: Uint8Array, label: string, publicKey: KeyObject): string {
  const sessionKey = randomBytes(SESSION_KEY_BYTES);
  try {
    const sealedKey = publicEncrypt({ key: publicKey, ...oaep(label) }, sessionKey);
    const cipher = createCipheriv('aes-256-gcm', sessionKey, NONCE);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(sealedKey.length);
    const parts = [length, sealedKey, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(parts).toString('base64');
  } finally {
    sessionKey.fill(0);
  }
}

/** The value, or undefined when it was sealed with another key, for another label, or was changed since. */
export function openValue(
  { sealedKey, ciphertext, tag }: SealedParts,
  label: string,
  privateKey: KeyObject,
): Buffer | undefined {
  const sessionKey = attempt(() => privateDecrypt({ key: privateKey, ...oaep(label) }, sealedKey));
  if (sessionKey?.length !== SESSION_KEY_BYTES) return undefined;
  try {
    return attempt(() => {
      const decipher = createDecipheriv('aes-256-gcm', sessionKey, NONCE, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(tag);
      const value = decipher.update(ciphertext);
      decipher.final();
      return value;
    });
  } finally {
    sessionKey.fill(0);
  }
}

/** The parts of a sealed value, or undefined for what is none: plaintext, or a value that is damaged or cut off. */
export function parseSealed(value: unknown): SealedParts | undefined {
  // Node reads damaged base64 as well; the controller refuses it.
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    return undefined;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length < LENGTH_BYTES) return undefined;
  const rsaEnd = LENGTH_BYTES + bytes.readUInt16BE(0);
  const bits = (rsaEnd - LENGTH_BYTES) * 8;
  if (bits < RSA_BITS.least || bits > RSA_BITS.most || bytes.length < rsaEnd + TAG_BYTES) return undefined;
  return {
    sealedKey: bytes.subarray(LENGTH_BYTES, rsaEnd),
    ciphertext: bytes.subarray(rsaEnd, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  };
}

function oaep(label: string) {
  return {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: 'sha256',
    oaepLabel: Buffer.from(label),
  };
}

/** The reason of a failed decryption says nothing to the reader, and could help somebody who guesses. */
function attempt<T>(decrypt: () => T): T | undefined {
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
