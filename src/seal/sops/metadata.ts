import { BulwarkError } from '../../errors';
import { isObject, type JsonObject } from '../../manifest/manifest';
import { isRecipient, type AgeEntry } from './age';
import { DEFAULT_RULE, RULE_FIELDS, type EncryptionRule } from './rule';

/** What SOPS writes under the key `sops`. */
export interface SopsMetadata {
  readonly age: readonly AgeEntry[];
  /** Time in RFC 3339, which the MAC is bound to. */
  readonly lastModified: string;
  /** The MAC, encrypted. */
  readonly mac: string;
  /** Whether the MAC leaves out what is not encrypted. */
  readonly macOnlyEncrypted: boolean;
  readonly rule: EncryptionRule;
}

/** The key of the metadata, at the top of a file. */
export const METADATA_KEY = 'sops';

/** The version of SOPS whose format is written. */
const FORMAT_VERSION = '3.9.0';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[-+]\d{2}:\d{2})$/;

/** Fields of key services and of Shamir's secret sharing: empty in a file for age. */
const OTHER_KEYS = ['kms', 'gcp_kms', 'hckms', 'azure_kv', 'hc_vault', 'pgp'];
const KNOWN = new Set([
  'age',
  'lastmodified',
  'mac',
  'mac_only_encrypted',
  'version',
  'shamir_threshold',
  'key_groups',
  'encrypted_comment_regex',
  'unencrypted_comment_regex',
  ...RULE_FIELDS,
  ...OTHER_KEYS,
]);

/** The metadata as it is written, in the order in which SOPS does. */
export function writeMetadata({ age, lastModified, mac, macOnlyEncrypted, rule }: SopsMetadata): JsonObject {
  return {
    age: age.map(({ recipient, enc }) => ({ recipient, enc })),
    lastmodified: lastModified,
    mac,
    [rule.field]: rule.value,
    ...(macOnlyEncrypted && { mac_only_encrypted: true }),
    version: FORMAT_VERSION,
  };
}

/**
 * Reads the metadata.
 * @throws BulwarkError when it is missing or damaged, or says what is not supported here.
 */
export function readMetadata(value: unknown, where: string): SopsMetadata {
  if (!isObject(value)) {
    throw new BulwarkError(
      `${where}: is not encrypted: it has no '${METADATA_KEY}'. Encrypt it: bulwark sops encrypt.`,
    );
  }
  refuseUnsupported(value, where);
  const { age, lastmodified, mac, mac_only_encrypted: only = false } = value;
  if (typeof lastmodified !== 'string' || !TIME.test(lastmodified) || typeof mac !== 'string' || mac === '') {
    throw new BulwarkError(
      `${where}: has no valid lastmodified or MAC, so nobody can tell whether it was changed. Take the file from its history.`,
    );
  }
  if (typeof only !== 'boolean') throw damaged(where, 'mac_only_encrypted');
  return {
    age: Array.isArray(age) ? age.map((entry) => readEntry(entry, where)) : [],
    lastModified: lastmodified,
    mac,
    macOnlyEncrypted: only,
    rule: readRule(value, where) ?? DEFAULT_RULE,
  };
}

/** The one rule that a holder of them has. @throws BulwarkError when it has several. */
export function readRule(holder: JsonObject, where: string): EncryptionRule | undefined {
  const fields = RULE_FIELDS.filter((field) => holder[field] !== undefined && holder[field] !== '');
  const [field] = fields;
  if (field === undefined) return undefined;
  const value = holder[field];
  if (fields.length > 1 || typeof value !== 'string') {
    throw new BulwarkError(`${where}: has to have one of ${RULE_FIELDS.join(', ')}, as text. Correct it.`);
  }
  return { field, value };
}

function readEntry(entry: unknown, where: string): AgeEntry {
  if (!isObject(entry) || typeof entry.recipient !== 'string' || typeof entry.enc !== 'string')
    throw damaged(where, 'age');
  if (!isRecipient(entry.recipient) && entry.recipient.startsWith('age1'))
    throw damaged(where, 'age.recipient');
  return { recipient: entry.recipient, enc: entry.enc };
}

function refuseUnsupported(value: JsonObject, where: string): void {
  const stranger = Object.keys(value).find((field) => !KNOWN.has(field));
  if (stranger !== undefined) throw damaged(where, 'a field that SOPS does not have');
  if (typeof value.version !== 'string' || !/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$/.test(value.version))
    throw damaged(where, 'version');
  const unsupported = [
    'encrypted_comment_regex',
    'unencrypted_comment_regex',
    'key_groups',
    'shamir_threshold',
  ].find((field) => ![undefined, null, '', 0].includes(value[field] as undefined));
  if (unsupported === undefined) return;
  throw new BulwarkError(
    `${where}: uses ${unsupported}, which is not supported here. Use the sops command for this file.`,
  );
}

function damaged(where: string, field: string): BulwarkError {
  return new BulwarkError(
    `${where}: the metadata of SOPS is damaged (${field}). Take the file from its history.`,
  );
}
