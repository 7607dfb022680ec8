import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { LeafType } from './leaf';

/** A value of a file that SOPS encrypted, with its type. */
export interface Decrypted {
  readonly type: LeafType | 'comment' | 'bytes';
  readonly text: string;
}

/** SOPS takes a nonce of 32 bytes where GCM knows one of 12 by default. */
const NONCE_BYTES = 32;
const TAG_BYTES = 16;

const BASE64 = '((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)';
const ENCRYPTED = new RegExp(
  `^ENC\\[AES256_GCM,data:${BASE64},iv:${BASE64},tag:${BASE64},type:(str|int|float|bool|bytes|time|comment)\\]$`,
);

/** A new key for the values of one file. */
export function newDataKey(): Buffer {
  return randomBytes(32);
}

/**
 * Encrypts a value for its place in the file. Nothing stays nothing, as in SOPS.
 * @param aad What the value is bound to: its path, or for the MAC the time.
 */
export function encryptText(text: string, type: Decrypted['type'], dataKey: Buffer, aad: string): string {
  if (text === '') return '';
  const iv = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', dataKey, iv).setAAD(Buffer.from(aad));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const parts = [data, iv, cipher.getAuthTag()].map((part) => part.toString('base64'));
  return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:${type}]`;
}

/** The value, or undefined for a text that is none, is bound to another place, or was changed. */
export function decryptText(encrypted: string, dataKey: Buffer, aad: string): Decrypted | undefined {
  if (encrypted === '') return { type: 'str', text: '' };
  const match = ENCRYPTED.exec(encrypted);
  if (!match) return undefined;
  const [data, iv, tag] = match.slice(1, 4).map((part) => Buffer.from(part, 'base64'));
  // Node takes a shorter tag for a weaker one.
  if (!data || !iv || tag?.length !== TAG_BYTES || iv.length === 0 || !isCanonical(match)) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(aad)).setAuthTag(tag);
    const text = Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
    return { type: match[4] as Decrypted['type'], text };
  } catch {
    return undefined;
  }
}

/** Two texts of base64 may say the same bytes; only the one that an encoder writes is taken. */
function isCanonical(match: RegExpExecArray): boolean {
  return match.slice(1, 4).every((part) => Buffer.from(part, 'base64').toString('base64') === part);
}
