import { Chart } from 'cdk8s';
import { EnvValue, type EnvValueFromSecretOptions, type ISecret } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { targetOf } from '../blueprint/settings';
import type { ClusterTarget } from '../../src/target/target';

/** A Secret that a controller in the cluster makes, so that its values are in no manifest. Mount it with `workload.useSecret`. */
export abstract class MadeSecret extends Construct implements ISecret {
  readonly apiVersion = 'v1';
  readonly apiGroup = '';
  readonly kind = 'Secret';
  readonly resourceType = 'secrets';
  /** Name of the Secret. */
  abstract get name(): string;

  get resourceName(): string {
    return this.name;
  }

  /** A key of the secret as an environment variable. Prefer `useSecret`: every process of the container can read its environment. */
  envValue(key: string, options?: EnvValueFromSecretOptions): EnvValue {
    return EnvValue.fromSecretValue({ secret: this, key }, options);
  }
}

/** A controller that a target may have. */
type Capability = 'externalSecrets' | 'secretsStoreCsi' | 'vaultSecretsOperator';

const CONTROLLERS: Readonly<Record<Capability, string>> = {
  externalSecrets: 'External Secrets Operator',
  secretsStoreCsi: 'the Secrets Store CSI driver',
  vaultSecretsOperator: 'Vault Secrets Operator',
};

/** Fails the synthesis for a target that would not know the kind of a construct. */
export function requireController(scope: Construct, capability: Capability & keyof ClusterTarget): void {
  const message =
    `needs ${CONTROLLERS[capability]}, which the target does not have, so the API server would not know the kind. ` +
    `Install it and say so: ClusterTarget.kubernetes(version, { ${capability}: true }).`;
  scope.node.addValidation({ validate: () => (targetOf(scope)[capability] ? [] : [message]) });
}

/**
 * Secrets cross a network on the way, so nothing but TLS is taken.
 * @throws BulwarkError for a URL that is not `https`.
 */
export function checkHttps(scope: string, field: string, url: string): string {
  if (/^https:\/\/[^\s/@]+(\/\S*)?$/.test(url)) return url;
  throw new BulwarkError(
    `${scope}: ${field} is ${JSON.stringify(url)}, and secrets would be sent over it in the clear or to nobody known. Use https://HOST, with the CA of the server where it is not a public one.`,
  );
}

/** @throws BulwarkError when the construct is in no namespace. */
export function namespaceOfChart(scope: Construct): string {
  const { namespace } = Chart.of(scope);
  if (namespace !== undefined) return namespace;
  throw new BulwarkError(
    `${scope.node.path}: is in no namespace, and what it makes lives in one. Put it into tenant.namespace(...), or a Chart with a namespace.`,
  );
}
