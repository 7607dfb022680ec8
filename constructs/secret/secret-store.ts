import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { namespaceOfChart, requireController } from './made-secret';
import type { StoreProvider } from './store-provider';

/** API version of External Secrets Operator; v1beta1 is served no more. */
export const EXTERNAL_SECRETS_API_VERSION = 'external-secrets.io/v1';

/** Properties of {@link SecretStore}. */
export interface SecretStoreProps {
  readonly provider: StoreProvider;
  /** ServiceAccount of the namespace whose short-lived token the store accepts. It should be the store's own. */
  readonly serviceAccount: string;
  /** @default the id of the construct */
  readonly name?: string;
}

/** Properties of {@link ClusterSecretStore}. */
export interface ClusterSecretStoreProps extends Omit<SecretStoreProps, 'serviceAccount'> {
  /** ServiceAccount whose short-lived token the store accepts. */
  readonly serviceAccount: { readonly name: string; readonly namespace: string };
  /** Namespaces that may use the store: whoever writes an ExternalSecret there reads whatever the ServiceAccount may read. */
  readonly namespaces: readonly string[];
}

/** What an {@link ExternalSecret} takes its values from. */
export interface SecretStoreReference {
  readonly name: string;
  readonly kind: 'SecretStore' | 'ClusterSecretStore';
  /** Namespaces from which it can be used. */
  readonly namespaces: readonly string[];
}

/**
 * A store of secrets outside the cluster that one namespace may read, with an identity of that namespace. Prefer it to a
 * {@link ClusterSecretStore}: tenants then see what their own identity may see, and nothing else.
 */
export class SecretStore extends Construct implements SecretStoreReference {
  readonly kind = 'SecretStore';
  readonly name: string;
  readonly namespaces: readonly string[];

  /** @throws BulwarkError outside a namespace, or for a server without TLS. */
  constructor(scope: Construct, id: string, props: SecretStoreProps) {
    super(scope, id);
    this.name = props.name ?? id;
    this.namespaces = [namespaceOfChart(this)];
    const serviceAccountRef = { name: props.serviceAccount };
    new ApiObject(this, 'Resource', {
      apiVersion: EXTERNAL_SECRETS_API_VERSION,
      kind: this.kind,
      metadata: { name: this.name },
      spec: { provider: props.provider.render({ where: this.node.path, serviceAccountRef, namespace: {} }) },
    });
    requireController(this, 'externalSecrets');
  }
}

/** A store of secrets outside the cluster that the namespaces it names may read, all with one identity. */
export class ClusterSecretStore extends Construct implements SecretStoreReference {
  readonly kind = 'ClusterSecretStore';
  readonly name: string;
  readonly namespaces: readonly string[];

  /** @throws BulwarkError when no namespace is named, or for a server without TLS. */
  constructor(scope: Construct, id: string, props: ClusterSecretStoreProps) {
    super(scope, id);
    this.name = props.name ?? id;
    this.namespaces = props.namespaces;
    if (props.namespaces.length === 0) {
      throw new BulwarkError(
        `${this.node.path}: names no namespaces, and the operator takes that for all of them. Name those that may use the store.`,
      );
    }
    const { name, namespace } = props.serviceAccount;
    const references = { serviceAccountRef: { name, namespace }, namespace: { namespace } };
    new ApiObject(chartOf(this), 'Resource', {
      apiVersion: EXTERNAL_SECRETS_API_VERSION,
      kind: this.kind,
      metadata: { name: this.name },
      spec: {
        conditions: [{ namespaces: props.namespaces }],
        provider: props.provider.render({ where: this.node.path, ...references }),
      },
    });
    requireController(this, 'externalSecrets');
  }
}

/** The object belongs to no namespace, and every chart with one would give it that. */
function chartOf(scope: Construct): Chart {
  return new Chart(scope, 'Store');
}
