import { BulwarkError } from '../errors';
import type { Manifest, ObjectMeta } from '../manifest/manifest';
import { isNamespaceName, isObjectName } from '../manifest/names';
import type { SealingCertificate } from './certificate';
import { sealValue } from './cipher';
import { annotationsOfScope, sealLabel, type SealedPlace } from './scope';
import { SEALED_SECRET_API_VERSION } from './sealed-secret';
import { checkSecretValues, type SecretValues } from './secret-types';

/** A Secret that is to be sealed. */
export interface SecretToSeal extends SealedPlace {
  /** @default 'Opaque' */
  readonly type?: string;
  readonly immutable?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly values: SecretValues;
}

/**
 * Seals a Secret for the sealed-secrets controller. The plaintext is not in the result; the caller wipes its buffers.
 *
 * @throws BulwarkError when the API server would refuse the Secret that the controller makes of it.
 */
export function sealSecret(secret: SecretToSeal, certificate: SealingCertificate): Manifest {
  const { type = 'Opaque', immutable, values } = secret;
  checkPlace(secret);
  checkSecretValues(type, values, [], secret.name);
  if (values.size === 0) {
    throw new BulwarkError(
      `${secret.name}: there is no value to seal. Give one with --from-file KEY=PATH, --from-stdin KEY or --from-env-file PATH.`,
    );
  }
  const metadata = metadataOf(secret);
  return {
    apiVersion: SEALED_SECRET_API_VERSION,
    kind: 'SealedSecret',
    metadata,
    spec: {
      encryptedData: sealValues(values, secret, certificate),
      // Since v0.36 the controller compares both when it rotates, and warns when they differ.
      template: { metadata, type, ...(immutable && { immutable }) },
    },
  };
}

/** Seals each value for one place, by key in order. */
export function sealValues(
  values: SecretValues,
  place: SealedPlace,
  { publicKey }: SealingCertificate,
): Record<string, string> {
  const label = sealLabel(place);
  return Object.fromEntries([...values].map(([key, value]) => [key, sealValue(value, label, publicKey)]));
}

function checkPlace({ name, namespace, scope }: SealedPlace): void {
  if (!isObjectName(name)) {
    throw new BulwarkError(
      `the name of the Secret: '${name}' is none that the API server takes. Use lower case letters, digits, '-' and '.'.`,
    );
  }
  if (namespace === undefined && scope !== 'cluster-wide') {
    throw new BulwarkError(
      `${name}: a value that is sealed ${scope} opens in one namespace only, and none is named. Add --namespace.`,
    );
  }
  if (namespace !== undefined && !isNamespaceName(namespace)) {
    throw new BulwarkError(
      `--namespace: '${namespace}' is none that the API server takes. Use lower case letters, digits and '-', at most 63.`,
    );
  }
}

function metadataOf({ name, namespace, scope, labels, annotations }: SecretToSeal): ObjectMeta {
  const all = { ...annotations, ...annotationsOfScope(scope) };
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(Object.keys(all).length > 0 && { annotations: all }),
    ...(labels && Object.keys(labels).length > 0 && { labels: { ...labels } }),
  };
}
