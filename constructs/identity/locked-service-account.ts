import { JsonPatch } from 'cdk8s';
import { ServiceAccount, type ISecret, type ServiceAccountProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { CloudIdentity } from './cloud-identity';

/** Properties of {@link LockedServiceAccount}. */
export interface LockedServiceAccountProps extends Omit<ServiceAccountProps, 'automountToken' | 'secrets'> {
  /** Secrets of type `kubernetes.io/dockerconfigjson`, or their names, that the kubelet pulls images with. @default none */
  readonly imagePullSecrets?: readonly (string | ISecret)[];
  /** Who the workload is for its cloud. @default nobody */
  readonly cloudIdentity?: CloudIdentity;
}

/**
 * The identity of one workload. No token is mounted by itself, and it can hold no long-lived token Secret; a workload that
 * calls the API server asks for a short-lived one with `useApiToken`, and one for another service with an audience.
 *
 * Sources: CIS 1.11 5.1.5 and 5.1.6; Kubernetes, "Multi-tenancy" (no shared default account).
 *
 * @example
 * new LockedServiceAccount(namespace, 'api', {
 *   cloudIdentity: CloudIdentity.eks({ roleArn: 'arn:aws:iam::111122223333:role/shop-api' }),
 * });
 */
export class LockedServiceAccount extends ServiceAccount {
  /** Who the workload is for its cloud. */
  readonly cloudIdentity: CloudIdentity | undefined;

  constructor(scope: Construct, id: string, props: LockedServiceAccountProps = {}) {
    const { imagePullSecrets = [], cloudIdentity, ...rest } = props;
    super(scope, id, { ...rest, automountToken: false });
    this.cloudIdentity = cloudIdentity;
    for (const [key, value] of Object.entries(cloudIdentity?.annotations ?? {})) {
      this.metadata.addAnnotation(key, value);
    }
    if (imagePullSecrets.length > 0) {
      const names = imagePullSecrets.map((secret) => ({
        name: typeof secret === 'string' ? secret : secret.name,
      }));
      this.apiObject.addJsonPatch(JsonPatch.add('/imagePullSecrets', names));
    }
  }

  /** @throws BulwarkError always: a listed Secret is a token that never expires (removed by default since Kubernetes 1.24). */
  override addSecret(): never {
    throw new BulwarkError(
      `${this.node.path}: a Secret of a ServiceAccount is a token that never expires. Use workload.useApiToken() for a short-lived one, or workload.useSecret() for other secrets.`,
    );
  }
}
