import type { SealingCertificate } from './certificate';
import type { UnsealingKey } from './private-keys';
import { placeOf, replaceEncryptedData, type SealedFile } from './sealed-file';
import { sealValues } from './seal-secret';
import { openAll } from './unseal';

/**
 * Opens every value with the old keys and seals it with the new certificate, for the same name, namespace and scope. Everything else
 * in the text stays as it is.
 *
 * @throws BulwarkError when a value cannot be opened.
 */
export function reseal(
  sealedFile: SealedFile,
  keys: readonly UnsealingKey[],
  certificate: SealingCertificate,
): string {
  const { sealed, file } = sealedFile;
  const values = openAll(sealed, keys, file);
  try {
    return replaceEncryptedData(sealedFile, sealValues(values, placeOf(sealed), certificate));
  } finally {
    values.forEach((value) => value.fill(0));
  }
}
