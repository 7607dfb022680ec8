import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
import { openValue, parseSealed } from './cipher';
import type { UnsealingKey } from './private-keys';
import { isScopeAnnotation, sealLabel } from './scope';
import { placeOf } from './sealed-file';
import type { SealedSecretManifest } from './sealed-secret';

/** A value in the clear, and the key that opened it. */
export interface OpenedValue {
  readonly value: Buffer;
  readonly key: UnsealingKey;
}

/**
 * Opens every value with the first of the keys that can, as the controller tries all of its keys.
 * Undefined stands for a value that none of them opens.
 */
export function openValues(
  sealed: SealedSecretManifest,
  keys: readonly UnsealingKey[],
): ReadonlyMap<string, OpenedValue | undefined> {
  const label = sealLabel(placeOf(sealed));
  return new Map(
    Object.entries(sealed.encryptedData).map(([name, text]) => {
      const parts = parseSealed(text)!;
      for (const key of keys) {
        const value = openValue(parts, label, key.key);
        if (value) return [name, { value, key }];
      }
      return [name, undefined];
    }),
  );
}

/**
 * The values of a SealedSecret in the clear.
 * @throws BulwarkError with the keys that cannot be opened, and why that may be.
 */
export function openAll(
  sealed: SealedSecretManifest,
  keys: readonly UnsealingKey[],
  where: string,
): Map<string, Buffer> {
  const opened = openValues(sealed, keys);
  const closed = [...opened].filter(([, value]) => value === undefined).map(([name]) => name);
  if (closed.length > 0) {
    opened.forEach((value) => value?.value.fill(0));
    const { scope, namespace = 'default', name } = placeOf(sealed);
    throw new BulwarkError(
      `${where}: none of ${keys.length} private keys (${keys.map(({ fingerprint }) => fingerprint).join(', ')}) opens ${closed.join(', ')} as ${scope} for ${namespace}/${name}. ` +
        'Name the key that was in use when it was sealed, and check that name, namespace and scope annotation are those it was sealed for.',
    );
  }
  return new Map([...opened].map(([name, value]) => [name, value!.value]));
}

/** The Secret that the controller would make. Values that a Go template builds are not in it. */
export function toSecret(
  { metadata, type, immutable }: SealedSecretManifest,
  values: ReadonlyMap<string, Buffer>,
): Manifest {
  const { name, namespace, labels } = metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !isScopeAnnotation(key));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
      ...(labels && { labels }),
    },
    type: type ?? 'Opaque',
    ...(immutable && { immutable }),
    data: Object.fromEntries([...values].map(([key, value]) => [key, value.toString('base64')])),
  };
}
