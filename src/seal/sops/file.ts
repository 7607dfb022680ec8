import { createHash, timingSafeEqual, type Hash } from 'node:crypto';
import { isMap, type Document, type Scalar, type YAMLMap } from 'yaml';
import { BulwarkError } from '../../errors';
import { unwrapDataKey, wrapDataKey } from './age';
import { decryptText, encryptText, newDataKey, type Decrypted } from './cipher';
import { leafOf, type Leaf } from './leaf';
import { METADATA_KEY, readMetadata, writeMetadata, type SopsMetadata } from './metadata';
import { compileRule, type EncryptionRule } from './rule';
import { parseTree, visitTree } from './tree';

/** What a file is encrypted with. */
export interface EncryptOptions {
  /** Public keys of age: `age1...`. */
  readonly recipients: readonly string[];
  readonly rule: EncryptionRule;
  /** Whether the MAC leaves out what is not encrypted, so that others may edit that. @default false */
  readonly macOnlyEncrypted?: boolean;
  readonly now: Date;
}

/** With this begins a MAC over encrypted values only, so that it is never one over all of them. It is SHA-256 of `sops`. */
const ENCRYPTED_ONLY = createHash('sha256').update('sops').digest();

const WRITE = { lineWidth: 0 } as const;

/**
 * Encrypts a YAML file as SOPS and Flux read it. The order of keys stays; comments beside encrypted values are encrypted too.
 *
 * @param where File, for messages. No value is ever part of one.
 * @throws BulwarkError when it is encrypted already, nothing in it would be, or readers of YAML would disagree on a value.
 */
export async function encryptFile(text: string, where: string, options: EncryptOptions): Promise<string> {
  const { recipients, rule, macOnlyEncrypted = false, now } = options;
  if (recipients.length === 0) {
    throw new BulwarkError(
      `${where}: there is nobody to encrypt it for. Name recipients with --age, or in .sops.yaml.`,
    );
  }
  const document = parseTree(text, where);
  if (document.has(METADATA_KEY)) {
    throw new BulwarkError(`${where}: is encrypted already: it has '${METADATA_KEY}'. Decrypt it first.`);
  }
  const dataKey = newDataKey();
  try {
    const { mac, count } = encryptTree(document, where, { dataKey, rule, macOnlyEncrypted });
    if (count === 0) {
      throw new BulwarkError(
        `${where}: nothing in it would be encrypted by ${rule.field} ${rule.value}. Correct the rule, or the file.`,
      );
    }
    const lastModified = now.toISOString().replace(/\.\d+Z$/, 'Z');
    const age = await wrapDataKey(dataKey, recipients);
    const encryptedMac = encryptText(mac, 'str', dataKey, lastModified);
    const metadata = { age, lastModified, mac: encryptedMac, macOnlyEncrypted, rule };
    document.set(METADATA_KEY, metadataNode(document, metadata));
    const encrypted = document.toString(WRITE);
    // As it will be read: a mistake here must not be found out when the plaintext is gone.
    openTree(encrypted, where, { dataKey, metadata });
    return encrypted;
  } finally {
    dataKey.fill(0);
  }
}

/**
 * Decrypts a file of SOPS, and verifies its MAC before anything of it is returned.
 *
 * @param identities Private keys of age.
 * @throws BulwarkError when no identity opens it, or anything in it was changed.
 */
export async function decryptFile(
  text: string,
  where: string,
  identities: readonly string[],
): Promise<string> {
  const metadata = metadataOf(parseTree(text, where), where);
  const dataKey = await unwrapDataKey(metadata.age, identities);
  if (dataKey?.length !== 32) {
    throw new BulwarkError(
      `${where}: none of ${identities.length} identities of age opens it. It is for ${metadata.age.map(({ recipient }) => recipient).join(', ') || 'no recipient of age'}.`,
    );
  }
  try {
    return openTree(text, where, { dataKey, metadata }).toString(WRITE);
  } finally {
    dataKey.fill(0);
  }
}

/** SOPS takes an unquoted time for something else than text, and refuses it there. */
function metadataNode(document: Document, metadata: SopsMetadata): YAMLMap {
  const node = document.createNode(writeMetadata(metadata)) as unknown as YAMLMap;
  (node.get('lastmodified', true) as Scalar).type = 'QUOTE_DOUBLE';
  return node;
}

function metadataOf(document: Document, where: string): SopsMetadata {
  const node = document.get(METADATA_KEY);
  return readMetadata(isMap(node) ? node.toJSON() : undefined, where);
}

/** A file in the clear, once its MAC is verified. */
function openTree(text: string, where: string, context: DecryptContext): Document {
  const document = parseTree(text, where);
  document.delete(METADATA_KEY);
  verifyMac(decryptTree(document, where, context), where, context);
  return document;
}

interface EncryptContext {
  readonly dataKey: Buffer;
  readonly rule: EncryptionRule;
  readonly macOnlyEncrypted: boolean;
}

function encryptTree(
  document: Document,
  where: string,
  context: EncryptContext,
): { mac: string; count: number } {
  const { dataKey, rule, macOnlyEncrypted } = context;
  const isEncrypted = compileRule(rule, where);
  const hash = newHash(macOnlyEncrypted);
  let count = 0;
  visitTree(document.contents as YAMLMap, where, {
    scalar: (scalar, path) => {
      const leaf = knownLeaf(scalar, path, where);
      if (!leaf) return undefined;
      const encrypted = isEncrypted(path);
      if (encrypted || !macOnlyEncrypted) hash.update(leaf.text);
      if (!encrypted) return undefined;
      setText(scalar, encryptText(leaf.text, leaf.type, dataKey, aadOf(path)));
      count += 1;
      return undefined;
    },
    comment: (line, path) => (isEncrypted(path) ? encryptText(line, 'comment', dataKey, aadOf(path)) : line),
  });
  return { mac: hash.digest('hex').toUpperCase(), count };
}

interface DecryptContext {
  readonly dataKey: Buffer;
  readonly metadata: SopsMetadata;
}

function decryptTree(document: Document, where: string, { dataKey, metadata }: DecryptContext): string {
  const { rule, macOnlyEncrypted } = metadata;
  const isEncrypted = compileRule(rule, where);
  const hash = newHash(macOnlyEncrypted);
  visitTree(document.contents as YAMLMap, where, {
    scalar: (scalar, path) => {
      const leaf = knownLeaf(scalar, path, where);
      if (!leaf) return undefined;
      if (!isEncrypted(path)) {
        if (!macOnlyEncrypted) hash.update(leaf.text);
        return undefined;
      }
      const value = leaf.type === 'str' ? decryptText(leaf.text, dataKey, aadOf(path)) : undefined;
      if (!value) {
        throw new BulwarkError(
          `${where}: ${path.join('.')} is not encrypted, or was changed or moved. Take the file from its history; if it is plaintext, change that secret.`,
        );
      }
      if (value.type === 'comment') return value.text;
      hash.update(value.text);
      setDecrypted(scalar, value);
      return undefined;
    },
    comment: (line, path) => (isEncrypted(path) && decryptText(line, dataKey, aadOf(path))?.text) || line,
  });
  return hash.digest('hex').toUpperCase();
}

function verifyMac(computed: string, where: string, { dataKey, metadata }: DecryptContext): void {
  const stored = decryptText(metadata.mac, dataKey, metadata.lastModified)?.text ?? '';
  const [a, b] = [Buffer.from(stored), Buffer.from(computed)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw new BulwarkError(
    `${where}: its MAC does not match, so a value was changed, added, removed or moved since it was encrypted. ` +
      'Take the file from its history, and find out who changed it.',
  );
}

function newHash(macOnlyEncrypted: boolean): Hash {
  const hash = createHash('sha512');
  return macOnlyEncrypted ? hash.update(ENCRYPTED_ONLY) : hash;
}

/** What a value is bound to: the keys on the way to it, each followed by a colon. */
function aadOf(path: readonly string[]): string {
  return `${path.join(':')}:`;
}

function knownLeaf(scalar: Scalar, path: readonly string[], where: string): Leaf | undefined {
  const leaf = leafOf(scalar);
  if (leaf !== 'ambiguous') return leaf;
  throw new BulwarkError(
    `${where}: ${path.join('.')} is a number or a time in a spelling that readers of YAML take for different values. Put it in quotes.`,
  );
}

function setText(scalar: Scalar, text: string): void {
  scalar.value = text;
  scalar.type = text === '' ? 'QUOTE_DOUBLE' : 'PLAIN';
  delete scalar.source;
  delete scalar.tag;
}

/** In quotes or as a block, so that kubectl, which reads YAML 1.1, takes `yes` and `0400` for the text that they are. */
function setDecrypted(scalar: Scalar, { type, text }: Decrypted): void {
  setText(scalar, text);
  switch (type) {
    case 'int':
    case 'float':
      scalar.value = Number(text);
      break;
    case 'bool':
      scalar.value = text === 'True';
      break;
    case 'time':
      break;
    default:
      scalar.type = /\n./.test(text) ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
  }
}
