import { BulwarkError } from '../errors';
import type { JsonObject, Manifest } from '../manifest/manifest';
import { readManifests, type SourcedManifest } from '../manifest/reader';
import { rewriteText } from '../manifest/rewrite';
import type { SealingCertificate } from './certificate';
import type { SealedPlace } from './scope';
import { sealValues } from './seal-secret';
import { readSealedSecret, type SealedSecretManifest } from './sealed-secret';
import { checkSecretValues, type SecretValues } from './secret-types';

/** A SealedSecret and the text that it stands in. */
export interface SealedFile {
  readonly file: string;
  readonly text: string;
  readonly sealed: SealedSecretManifest;
  readonly sourced: SourcedManifest;
}

/**
 * Reads a file with one SealedSecret, in a way that it can be changed in place.
 * @throws BulwarkError when it is no SealedSecret, or one that the controller could not open.
 */
export function readSealedFile(text: string, file: string): SealedFile {
  const sealed = readSealedSecret(text, file);
  const [sourced] = readManifests(text, file).manifests;
  return { file, text, sealed, sourced: sourced! };
}

/** The place that a SealedSecret was sealed for. */
export function placeOf({ scope, metadata }: SealedSecretManifest): SealedPlace {
  return { scope, namespace: metadata.namespace, name: metadata.name };
}

/**
 * Seals values into a file, for the place and type that it has. Keys that are not named stay as they are, byte for byte, and so do
 * comments, the order of keys and everything else in the text.
 *
 * @throws BulwarkError when the values do not fit the type.
 */
export function mergeValues(
  sealedFile: SealedFile,
  values: SecretValues,
  certificate: SealingCertificate,
): string {
  const { sealed, file } = sealedFile;
  const kept = Object.keys(sealed.encryptedData).filter((key) => !values.has(key));
  checkSecretValues(sealed.type, values, kept, file);
  return replaceEncryptedData(sealedFile, sealValues(values, placeOf(sealed), certificate));
}

/** The text with some sealed values replaced or added. */
export function replaceEncryptedData(
  { text, sourced, sealed }: SealedFile,
  changes: Readonly<Record<string, string>>,
): string {
  // A sealed value is unique, so most can be exchanged where they stand, and no other byte moves.
  const inPlace = (key: string) => text.split(sealed.encryptedData[key] ?? '').length === 2;
  const [exchanged, set] = [
    Object.keys(changes).filter(inPlace),
    Object.keys(changes).filter((key) => !inPlace(key)),
  ];
  const spec = sourced.manifest.spec as JsonObject;
  const added = Object.fromEntries(set.map((key) => [key, changes[key]]));
  const encryptedData = { ...(spec.encryptedData as JsonObject), ...added };
  const manifest: Manifest = { ...sourced.manifest, spec: { ...spec, encryptedData } };
  const rewritten = set.length === 0 ? text : rewriteText(text, [{ sourced, manifest }]);
  return exchanged.reduce(
    (after, key) => after.replace(sealed.encryptedData[key]!, changes[key]!),
    rewritten,
  );
}

/**
 * Refuses to merge for another place than the file has: half of its values would open there, and half would not.
 * @throws BulwarkError with both.
 */
export function checkSamePlace({ sealed, file }: SealedFile, asked: Partial<SealedPlace>): void {
  const place = placeOf(sealed);
  for (const field of ['name', 'namespace', 'scope'] as const) {
    if (asked[field] === undefined || asked[field] === place[field]) continue;
    throw new BulwarkError(
      `${file}: has the ${field} '${place[field] ?? 'default'}', and '${asked[field]}' was asked for, so its values would not open together. ` +
        'Leave the option out, or seal all values into a new file.',
    );
  }
}
