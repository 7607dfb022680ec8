import { load } from 'js-yaml';
import { BulwarkError } from '../errors';
import { isObject, type JsonObject, type ObjectMeta } from '../manifest/manifest';

/** API version of the SealedSecret custom resource; the controller serves no other. */
export const SEALED_SECRET_API_VERSION = 'bitnami.com/v1alpha1';

/** What binds the ciphertext: to name and namespace, to the namespace, or to nothing. */
export type SealScope = 'strict' | 'namespace-wide' | 'cluster-wide';

/** A SealedSecret whose structure has been checked. It holds ciphertext only. */
export interface SealedSecretManifest {
  readonly metadata: ObjectMeta & { name: string };
  readonly scope: SealScope;
  readonly encryptedData: Readonly<Record<string, string>>;
  /** Type of the Secret that the controller makes. */
  readonly type: string | undefined;
  readonly immutable: boolean | undefined;
  /** Go template over the decrypted values, where the file has one. */
  readonly templateData: Readonly<Record<string, string>> | undefined;
}

const SCOPE_ANNOTATION = 'sealedsecrets.bitnami.com/';
const GCM_TAG_BYTES = 16;

/**
 * Reads a SealedSecret and checks that the sealed-secrets controller can open it as far as that shows without the key: the
 * structure of every value (length of the RSA part, RSA part, AES-GCM part with its tag), and that nothing is in the clear.
 *
 * @param text YAML or JSON of one SealedSecret.
 * @param where File the text is from, for messages. No value is ever part of a message.
 * @throws BulwarkError when it is no SealedSecret, holds plaintext or a damaged value.
 */
export function readSealedSecret(text: string, where: string): SealedSecretManifest {
  const document = parse(text, where);
  if (document.apiVersion !== SEALED_SECRET_API_VERSION || document.kind !== 'SealedSecret') {
    const found = typeof document.kind === 'string' ? document.kind : 'something else';
    const advice =
      found === 'Secret'
        ? 'Never commit it: seal it with kubeseal and commit what that prints.'
        : 'Seal a Secret with kubeseal and commit what that prints.';
    throw new BulwarkError(
      `${where}: holds ${found}, not a SealedSecret of ${SEALED_SECRET_API_VERSION}. ${advice}`,
    );
  }
  const spec = section(document, 'spec', where);
  if (spec.data !== undefined) {
    throw new BulwarkError(
      `${where}: spec.data is the format from before 2018, which current controllers refuse. Seal the Secret again with a current kubeseal.`,
    );
  }
  const template = isObject(spec.template) ? spec.template : {};
  return {
    metadata: checkMetadata(document, where),
    scope: scopeOfSealed(document),
    encryptedData: checkEncryptedData(spec, where),
    type: typeof template.type === 'string' ? template.type : undefined,
    immutable: typeof template.immutable === 'boolean' ? template.immutable : undefined,
    templateData: isObject(template.data) ? (template.data as Record<string, string>) : undefined,
  };
}

function parse(text: string, where: string): JsonObject {
  try {
    const document = load(text);
    return isObject(document) ? document : {};
  } catch (error) {
    // The parser quotes the line, which could be a secret that somebody pasted.
    const line = (error as { mark?: { line: number } }).mark?.line;
    throw new BulwarkError(
      `${where}${line === undefined ? '' : `:${line + 1}`}: is not one YAML document. Put one SealedSecret in each file.`,
    );
  }
}

function section(holder: JsonObject, key: string, where: string): JsonObject {
  const value = holder[key];
  if (isObject(value)) return value;
  throw new BulwarkError(`${where}: has no ${key}. Seal the Secret again with kubeseal.`);
}

function checkMetadata(document: JsonObject, where: string): ObjectMeta & { name: string } {
  const metadata = section(document, 'metadata', where) as ObjectMeta;
  if (typeof metadata.name !== 'string' || metadata.name === '') {
    throw new BulwarkError(
      `${where}: metadata.name is missing, and a strictly sealed value opens under its own name only. Seal the Secret again with kubeseal.`,
    );
  }
  return metadata as ObjectMeta & { name: string };
}

/** The controller reads the scope from the SealedSecret's own annotations, and cluster-wide wins. */
function scopeOfSealed(document: JsonObject): SealScope {
  const annotations = (document.metadata as ObjectMeta).annotations ?? {};
  if (annotations[`${SCOPE_ANNOTATION}cluster-wide`] === 'true') return 'cluster-wide';
  if (annotations[`${SCOPE_ANNOTATION}namespace-wide`] === 'true') return 'namespace-wide';
  return 'strict';
}

function checkEncryptedData(spec: JsonObject, where: string): Record<string, string> {
  const data = section(spec, 'encryptedData', where);
  if (Object.keys(data).length === 0) {
    throw new BulwarkError(
      `${where}: spec.encryptedData is empty, so the Secret would be. Seal at least one value with kubeseal.`,
    );
  }
  const damaged = Object.keys(data).find((key) => !isSealedValue(data[key]));
  if (damaged !== undefined) {
    throw new BulwarkError(
      `${where}: spec.encryptedData.${damaged} is no sealed value: it may be plaintext or cut off. Seal it again with kubeseal, and if it was plaintext, replace that secret.`,
    );
  }
  return data as Record<string, string>;
}

/** Two bytes with the length of the RSA ciphertext (2048 to 8192 bits), that ciphertext, then AES-GCM with its tag. */
function isSealedValue(value: unknown): boolean {
  // Node reads damaged base64 as well; the controller refuses it.
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(value))
    return false;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length < 2) return false;
  const rsaBytes = bytes.readUInt16BE(0);
  return rsaBytes >= 256 && rsaBytes <= 1024 && bytes.length >= 2 + rsaBytes + GCM_TAG_BYTES;
}
