import { load } from 'js-yaml';
import { BulwarkError } from '../errors';
import { isObject, type JsonObject, type ObjectMeta } from '../manifest/manifest';
import { parseSealed } from './cipher';
import { isScopeAnnotation, scopeOfAnnotations, type SealScope } from './scope';

/** API version of the SealedSecret custom resource; the controller serves no other. */
export const SEALED_SECRET_API_VERSION = 'bitnami.com/v1alpha1';

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
        ? 'Never commit it: seal it with bulwark seal and commit what that prints.'
        : 'Seal one with bulwark seal and commit what that prints.';
    throw new BulwarkError(
      `${where}: holds ${found}, not a SealedSecret of ${SEALED_SECRET_API_VERSION}. ${advice}`,
    );
  }
  const spec = section(document, 'spec', where);
  if (spec.data !== undefined) {
    throw new BulwarkError(
      `${where}: spec.data is the format from before 2018, which current controllers refuse. Seal the Secret again with bulwark seal.`,
    );
  }
  const template = isObject(spec.template) ? spec.template : {};
  const metadata = checkMetadata(document, where);
  return {
    metadata: withTemplateOf(metadata, template),
    scope: scopeOfAnnotations(metadata.annotations),
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
  throw new BulwarkError(`${where}: has no ${key}. Seal the Secret again with bulwark seal.`);
}

function checkMetadata(document: JsonObject, where: string): ObjectMeta & { name: string } {
  const metadata = section(document, 'metadata', where) as ObjectMeta;
  if (typeof metadata.name !== 'string' || metadata.name === '') {
    throw new BulwarkError(
      `${where}: metadata.name is missing, and a strictly sealed value opens under its own name only. Seal the Secret again with bulwark seal.`,
    );
  }
  return metadata as ObjectMeta & { name: string };
}

/** kubeseal writes labels and annotations of the Secret into the template alone. The scope is not taken from there. */
function withTemplateOf<M extends ObjectMeta>(metadata: M, { metadata: made }: JsonObject): M {
  const { labels, annotations } = isObject(made) ? (made as ObjectMeta) : {};
  const added = Object.entries(annotations ?? {}).filter(([name]) => !isScopeAnnotation(name));
  return {
    ...metadata,
    ...(labels && { labels: { ...labels, ...metadata.labels } }),
    ...(added.length > 0 && { annotations: { ...Object.fromEntries(added), ...metadata.annotations } }),
  };
}

function checkEncryptedData(spec: JsonObject, where: string): Record<string, string> {
  const data = section(spec, 'encryptedData', where);
  if (Object.keys(data).length === 0) {
    throw new BulwarkError(
      `${where}: spec.encryptedData is empty, so the Secret would be. Seal at least one value with bulwark seal.`,
    );
  }
  const damaged = Object.keys(data).find((key) => !parseSealed(data[key]));
  if (damaged !== undefined) {
    throw new BulwarkError(
      `${where}: spec.encryptedData.${damaged} is no sealed value: it may be plaintext or cut off. Seal it again with bulwark seal, and if it was plaintext, replace that secret.`,
    );
  }
  return data as Record<string, string>;
}
