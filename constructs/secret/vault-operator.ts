import { ApiObject, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { checkHttps, MadeSecret, namespaceOfChart, requireController } from './made-secret';

const API_VERSION = 'secrets.hashicorp.com/v1beta1';

/** Properties of {@link VaultConnection}. */
export interface VaultConnectionProps {
  /** `https://HOST:PORT`. */
  readonly address: string;
  /** Secret of the namespace with the authority of the server as `ca.crt`. @default the public authorities */
  readonly caCertSecret?: string;
  /** Name that the server's certificate is for, where it is not the host of the address. @default the host */
  readonly tlsServerName?: string;
  /** @default the id of the construct */
  readonly name?: string;
}

/** Where Vault is, for Vault Secrets Operator. There is no way to skip the verification of TLS. */
export class VaultConnection extends Construct {
  readonly name: string;

  /** @throws BulwarkError for an address without TLS. */
  constructor(scope: Construct, id: string, props: VaultConnectionProps) {
    super(scope, id);
    this.name = props.name ?? id;
    const { address, caCertSecret, tlsServerName } = props;
    addObject(this, 'VaultConnection', this.name, {
      address: checkHttps(this.node.path, 'address', address),
      skipTLSVerify: false,
      ...(caCertSecret && { caCertSecretRef: caCertSecret }),
      ...(tlsServerName && { tlsServerName }),
    });
  }
}

/** Properties of {@link VaultAuth}. */
export interface VaultAuthProps {
  readonly connection: VaultConnection;
  /** Role of the Kubernetes auth method that names this ServiceAccount. */
  readonly role: string;
  /** ServiceAccount of the namespace whose short-lived token Vault accepts. */
  readonly serviceAccount: string;
  /** Audience of the token, which the role has to ask for. @default 'vault' */
  readonly audience?: string;
  /** Mount of the Kubernetes auth method. @default 'kubernetes' */
  readonly mount?: string;
  /** @default the id of the construct */
  readonly name?: string;
}

/** Who a namespace is for Vault: a ServiceAccount of its own, by a token of ten minutes that is for Vault only. */
export class VaultAuth extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: VaultAuthProps) {
    super(scope, id);
    this.name = props.name ?? id;
    const { connection, role, serviceAccount, audience = 'vault', mount = 'kubernetes' } = props;
    addObject(this, 'VaultAuth', this.name, {
      vaultConnectionRef: connection.name,
      method: 'kubernetes',
      mount,
      kubernetes: { role, serviceAccount, audiences: [audience], tokenExpirationSeconds: 600 },
    });
  }
}

/** Properties of {@link VaultStaticSecret}. */
export interface VaultStaticSecretProps {
  readonly auth: VaultAuth;
  /** Mount of the key-value engine, for example `secret`. */
  readonly mount: string;
  /** Path of the secret below the mount. */
  readonly path: string;
  /** @default 'kv-v2' */
  readonly type?: 'kv-v1' | 'kv-v2';
  /** How often Vault is asked. @default every hour */
  readonly refreshAfter?: Duration;
  /** Type of the Secret. @default Opaque */
  readonly secretType?: string;
  /** Workloads to restart when a value changes, for programs that read their files at the start only. @default none */
  readonly restart?: readonly {
    readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
    readonly name: string;
  }[];
  /** Name of the Secret that the operator makes. @default the id of the construct */
  readonly name?: string;
}

/** A Secret whose values Vault Secrets Operator takes from the key-value engine of Vault. Mount it with `workload.useSecret(secret)`. */
export class VaultStaticSecret extends MadeSecret {
  readonly name: string;

  /** @throws BulwarkError outside a namespace. */
  constructor(scope: Construct, id: string, props: VaultStaticSecretProps) {
    super(scope, id);
    this.name = props.name ?? id;
    const {
      auth,
      mount,
      path,
      type = 'kv-v2',
      refreshAfter = Duration.hours(1),
      secretType,
      restart = [],
    } = props;
    addObject(this, 'VaultStaticSecret', this.name, {
      vaultAuthRef: auth.name,
      mount,
      path,
      type,
      refreshAfter: `${refreshAfter.toSeconds()}s`,
      // Only so does the operator notice that somebody changed the Secret.
      hmacSecretData: true,
      destination: { name: this.name, create: true, ...(secretType && { type: secretType }) },
      ...(restart.length > 0 && { rolloutRestartTargets: restart }),
    });
  }
}

function addObject(scope: Construct, kind: string, name: string, spec: object): void {
  namespaceOfChart(scope);
  new ApiObject(scope, 'Resource', { apiVersion: API_VERSION, kind, metadata: { name }, spec });
  requireController(scope, 'vaultSecretsOperator');
}
