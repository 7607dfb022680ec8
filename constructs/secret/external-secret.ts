import { ApiObject, Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { MadeSecret, namespaceOfChart, requireController } from './made-secret';
import { EXTERNAL_SECRETS_API_VERSION, type SecretStoreReference } from './secret-store';

/** A value in a store. */
export interface RemoteValue {
  /** Name or path of the secret in the store. */
  readonly key: string;
  /** Field of it, where it holds several. @default the whole */
  readonly property?: string;
  /** @default the newest */
  readonly version?: string;
}

/** Properties of {@link ExternalSecret}. */
export interface ExternalSecretProps {
  readonly store: SecretStoreReference;
  /** Name of the Secret that the operator makes. @default the id of the construct */
  readonly name?: string;
  /** What the keys of the Secret hold, by key. @default none */
  readonly data?: Readonly<Record<string, RemoteValue>>;
  /** Secrets in the store whose every field becomes a key. @default none */
  readonly extract?: readonly string[];
  /** How often the store is asked. @default every hour */
  readonly refreshInterval?: Duration;
  /** Type of the Secret, for example `kubernetes.io/tls`. @default Opaque */
  readonly type?: string;
  /** Whether the Secret can never be changed again, also not by the operator. @default false */
  readonly immutable?: boolean;
}

const KEY = /^[-._a-zA-Z0-9]+$/;

/**
 * A Secret whose values External Secrets Operator takes from a store outside the cluster. The manifest says where they are and
 * not what they are. Mount it with `workload.useSecret(secret)`.
 */
export class ExternalSecret extends MadeSecret {
  readonly name: string;

  /** @throws BulwarkError when the store cannot be used from the namespace, or nothing is taken from it. */
  constructor(scope: Construct, id: string, props: ExternalSecretProps) {
    super(scope, id);
    this.name = props.name ?? id;
    this.refuse(props);
    const { store, data = {}, extract = [], refreshInterval = Duration.hours(1), type, immutable } = props;
    new ApiObject(this, 'Resource', {
      apiVersion: EXTERNAL_SECRETS_API_VERSION,
      kind: 'ExternalSecret',
      metadata: { name: this.name },
      spec: {
        secretStoreRef: { name: store.name, kind: store.kind },
        refreshInterval: `${refreshInterval.toSeconds()}s`,
        target: {
          name: this.name,
          creationPolicy: 'Owner',
          ...(immutable && { immutable }),
          ...(type && { template: { type } }),
        },
        ...(Object.keys(data).length > 0 && {
          data: Object.entries(data).map(([secretKey, remoteRef]) => ({
            secretKey,
            remoteRef: { ...remoteRef },
          })),
        }),
        ...(extract.length > 0 && { dataFrom: extract.map((key) => ({ extract: { key } })) }),
      },
    });
    requireController(this, 'externalSecrets');
  }

  private refuse({ store, data = {}, extract = [] }: ExternalSecretProps): void {
    const namespace = namespaceOfChart(this);
    if (!store.namespaces.includes(namespace)) {
      throw new BulwarkError(
        `${this.node.path}: the ${store.kind} '${store.name}' can be used from ${store.namespaces.join(', ')} and not from '${namespace}', so the Secret would never be made. ` +
          'Use a SecretStore of this namespace, or add the namespace to the ClusterSecretStore.',
      );
    }
    if (Object.keys(data).length === 0 && extract.length === 0) {
      throw new BulwarkError(
        `${this.node.path}: takes nothing from the store, so the Secret would be empty. Name values in data, or whole secrets in extract.`,
      );
    }
    const wrong = Object.keys(data).find((key) => !KEY.test(key));
    if (wrong !== undefined) {
      throw new BulwarkError(
        `${this.node.path}: '${wrong}' is no key of a Secret. Use letters, digits, dots, hyphens and underscores.`,
      );
    }
  }
}
