import fs from 'node:fs';
import path from 'node:path';
import { ApiObject, Chart } from 'cdk8s';
import { EnvValue, type EnvValueFromSecretOptions, type ISecret } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { ObjectMeta } from '../../src/manifest/manifest';
import {
  readSealedSecret,
  SEALED_SECRET_API_VERSION,
  type SealedSecretManifest,
} from '../../src/seal/sealed-secret';
import { targetOf } from '../blueprint/settings';

/** Properties of {@link SealedSecret}. */
export interface SealedSecretProps {
  /** File with one SealedSecret, as `bulwark seal` and kubeseal write it; relative to the working directory. It holds ciphertext only. */
  readonly file: string;
}

/**
 * A Secret that is committed as ciphertext and opened in the cluster by the sealed-secrets controller. Nothing is sealed
 * during synthesis: sealing is randomised on purpose, so the output would differ each time, and plaintext has no place in a
 * construct tree.
 *
 * Mount it with `workload.useSecret(sealed)`.
 */
export class SealedSecret extends Construct implements ISecret {
  readonly apiVersion = 'v1';
  readonly apiGroup = '';
  readonly kind = 'Secret';
  readonly resourceType = 'secrets';
  /** Name of the Secret that the controller makes. */
  readonly name: string;

  /** @throws BulwarkError when the file is missing, is no SealedSecret, or was sealed for another namespace. */
  constructor(scope: Construct, id: string, props: SealedSecretProps) {
    super(scope, id);
    const sealed = readSealedSecret(readFile(this, props.file), props.file);
    this.name = sealed.metadata.name;
    const metadata = this.boundMetadata(sealed, props.file);
    new ApiObject(this, 'Resource', {
      apiVersion: SEALED_SECRET_API_VERSION,
      kind: 'SealedSecret',
      metadata,
      spec: {
        encryptedData: sealed.encryptedData,
        // Since v0.36 the controller compares both and warns when they differ.
        template: { metadata, type: sealed.type, immutable: sealed.immutable, data: sealed.templateData },
      },
    });
    this.node.addValidation({ validate: () => this.missingController() });
  }

  get resourceName(): string {
    return this.name;
  }

  /** A key of the secret as an environment variable. Prefer `useSecret`: every process of the container can read its environment. */
  envValue(key: string, options?: EnvValueFromSecretOptions): EnvValue {
    return EnvValue.fromSecretValue({ secret: this, key }, options);
  }

  private boundMetadata({ metadata, scope }: SealedSecretManifest, file: string): ObjectMeta {
    const { name, namespace, annotations, labels } = metadata;
    const chartNamespace = Chart.of(this).namespace;
    if (scope !== 'cluster-wide' && chartNamespace !== undefined && namespace !== chartNamespace) {
      throw new BulwarkError(
        `${this.node.path}: ${file} is sealed for the namespace '${namespace ?? 'default'}', so the controller could not open it in '${chartNamespace}'. ` +
          `Seal it again with bulwark seal --namespace ${chartNamespace}.`,
      );
    }
    const effective = chartNamespace ?? namespace;
    return {
      name,
      ...(effective && { namespace: effective }),
      ...(annotations && { annotations }),
      ...(labels && { labels }),
    };
  }

  private missingController(): string[] {
    if (targetOf(this).sealedSecrets) return [];
    return [
      'needs the sealed-secrets controller, which the target does not have, so the API server would not know the kind. ' +
        'Install it and say so: ClusterTarget.kubernetes(version, { sealedSecrets: true }).',
    ];
  }
}

function readFile(scope: Construct, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    throw new BulwarkError(
      `${scope.node.path}: there is no readable file ${path.resolve(file)}. Make it with bulwark seal -o, or correct the path.`,
    );
  }
}
