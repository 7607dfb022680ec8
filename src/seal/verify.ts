import { isObject, type Manifest, type ObjectMeta } from '../manifest/manifest';
import type { SealingCertificate } from './certificate';
import { parseSealed } from './cipher';
import type { UnsealingKey } from './private-keys';
import { scopeOfAnnotations, sealLabel, type SealScope } from './scope';
import { placeOf, type SealedFile } from './sealed-file';
import { openValues } from './unseal';

/** One sealed value as it shows from outside, and who can open it. */
export interface VerifiedValue {
  readonly key: string;
  /** Size of the RSA key that it was sealed with. */
  readonly bits: number;
  /** Length of the plaintext in bytes, which the format does not hide. */
  readonly bytes: number;
  /** Fingerprint of the private key that opens it; undefined when none was given, or none does. */
  readonly opensWith: string | undefined;
}

/** What `bulwark verify` finds out about a SealedSecret. */
export interface Verification {
  readonly scope: SealScope;
  /** What RSA-OAEP ties the values to. */
  readonly label: string;
  readonly values: readonly VerifiedValue[];
  /** What is wrong. Without any, the controller that has the key makes the Secret of it. */
  readonly problems: readonly string[];
}

/** Against what a SealedSecret is verified. Without a key, what is in it cannot be. */
export interface VerifyOptions {
  readonly certificate?: SealingCertificate;
  readonly keys?: readonly UnsealingKey[];
}

/** Verifies a SealedSecret whose structure was read. */
export function verifySealed(
  { sealed, sourced }: SealedFile,
  { certificate, keys = [] }: VerifyOptions,
): Verification {
  const opened = openValues(sealed, keys);
  opened.forEach((value) => value?.value.fill(0));
  const values = Object.entries(sealed.encryptedData).map(([key, text]) => {
    const { sealedKey, ciphertext } = parseSealed(text)!;
    const opensWith = opened.get(key)?.key.fingerprint;
    return { key, bits: sealedKey.length * 8, bytes: ciphertext.length, opensWith };
  });
  return {
    scope: sealed.scope,
    label: sealLabel(placeOf(sealed)),
    values,
    problems: [
      ...templateProblems(sourced.manifest),
      ...(keys.length > 0 ? closedProblems(values, keys) : []),
      ...(certificate ? sizeProblems(values, certificate) : []),
    ],
  };
}

/** The template may add to the metadata, as kubeseal has it do with labels, and must not contradict it. */
function templateProblems({ metadata, spec }: Manifest): string[] {
  const template = isObject(spec) && isObject(spec.template) ? spec.template : {};
  const made = isObject(template.metadata) ? template.metadata : {};
  const own = metadata ?? {};
  const problems = [
    ...contradictions(own, made, ['name', 'namespace']),
    ...['labels', 'annotations'].flatMap((field) => contradictions(own[field], made[field])),
  ].map(
    (field) =>
      `spec.template.metadata has another ${field} than metadata, and the controller goes by the latter. Make both the same.`,
  );
  const scope = scopeOfAnnotations(made.annotations as ObjectMeta['annotations']);
  if (isObject(template.metadata) && scope !== scopeOfAnnotations(own.annotations)) {
    problems.push(
      `the template has the annotation of the scope ${scope}, and that of the SealedSecret alone counts. Seal it again.`,
    );
  }
  return problems;
}

function contradictions(own: unknown, made: unknown, fields?: readonly string[]): string[] {
  if (!isObject(own) || !isObject(made)) return [];
  return (fields ?? Object.keys(own)).filter((field) => made[field] != null && made[field] !== own[field]);
}

function closedProblems(values: readonly VerifiedValue[], keys: readonly UnsealingKey[]): string[] {
  return values
    .filter(({ opensWith }) => opensWith === undefined)
    .map(
      ({ key }) =>
        `spec.encryptedData.${key} opens with none of ${keys.map(({ fingerprint }) => fingerprint).join(', ')} for this name, namespace and scope. ` +
        'Seal it again, or name the key it was sealed for.',
    );
}

function sizeProblems(values: readonly VerifiedValue[], { bits, fingerprint }: SealingCertificate): string[] {
  return values
    .filter((value) => value.bits !== bits)
    .map(
      ({ key, bits: found }) =>
        `spec.encryptedData.${key} is sealed with a key of ${found} bits, and the certificate ${fingerprint} has ${bits}, so it is for another one. Seal it again.`,
    );
}
