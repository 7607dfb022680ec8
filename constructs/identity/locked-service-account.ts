import { ServiceAccount, type ServiceAccountProps } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';

/** Properties of {@link LockedServiceAccount}. */
export type LockedServiceAccountProps = Omit<ServiceAccountProps, 'automountToken' | 'secrets'>;

/**
 * The identity of one workload. No token is mounted by itself, and it can hold no long-lived token Secret; a workload that
 * calls the API server asks for a short-lived one with `useApiToken`.
 *
 * Sources: CIS 1.11 5.1.5 and 5.1.6; Kubernetes, "Multi-tenancy" (no shared default account).
 */
export class LockedServiceAccount extends ServiceAccount {
  constructor(scope: Construct, id: string, props: LockedServiceAccountProps = {}) {
    super(scope, id, { ...props, automountToken: false });
  }

  /** @throws BulwarkError always: a listed Secret is a token that never expires (removed by default since Kubernetes 1.24). */
  override addSecret(): never {
    throw new BulwarkError(
      `${this.node.path}: a Secret of a ServiceAccount is a token that never expires. Use workload.useApiToken() for a short-lived one, or workload.useSecret() for other secrets.`,
    );
  }
}
