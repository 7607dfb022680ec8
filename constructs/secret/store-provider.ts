import type { JsonObject } from '../../src/manifest/manifest';
import { checkHttps } from './made-secret';

/** Certificates of a server's authority, in the namespace of the store. */
export interface CertificateAuthority {
  /** ConfigMap that holds them; they are no secret. */
  readonly configMap: string;
  /** @default 'ca.crt' */
  readonly key?: string;
}

/** HashiCorp Vault or OpenBao. */
export interface VaultStore {
  /** `https://HOST:PORT`. */
  readonly server: string;
  /** Mount of the key-value engine, for example `secret`. */
  readonly path: string;
  /** Role of the Kubernetes auth method that names this ServiceAccount. */
  readonly role: string;
  /** Mount of the Kubernetes auth method. @default 'kubernetes' */
  readonly mountPath?: string;
  /** Version of the key-value engine. @default 'v2' */
  readonly version?: 'v1' | 'v2';
  /** Namespace of Vault Enterprise. @default none */
  readonly namespace?: string;
  /** @default the public authorities */
  readonly ca?: CertificateAuthority;
}

/** AWS Secrets Manager or Parameter Store, by IAM Roles for Service Accounts. */
export interface AwsStore {
  readonly region: string;
  /** Role that the one of the ServiceAccount takes on. @default none */
  readonly role?: string;
}

/** Google Secret Manager, by Workload Identity Federation. */
export interface GcpStore {
  readonly projectId: string;
  /** The cluster. @default read from the metadata server by the operator */
  readonly clusterName?: string;
  /** Its region or zone. @default read from the metadata server by the operator */
  readonly clusterLocation?: string;
}

/** Azure Key Vault, by Microsoft Entra Workload ID. */
export interface AzureStore {
  /** `https://NAME.vault.azure.net`. */
  readonly vaultUrl: string;
  /** @default that of the ServiceAccount's annotation */
  readonly tenantId?: string;
}

/** Secrets of another namespace or cluster. */
export interface KubernetesStore {
  /** `https://HOST:PORT` of the API server. @default that of this cluster */
  readonly url?: string;
  /** Namespace to read from. */
  readonly remoteNamespace: string;
  /** Authority of that API server. */
  readonly ca: CertificateAuthority;
}

/** How a store refers to its ServiceAccount and ConfigMaps. @internal */
export interface StoreReferences {
  readonly where: string;
  readonly serviceAccountRef: JsonObject;
  /** Empty for a store of one namespace. */
  readonly namespace: JsonObject;
}

/**
 * Where secrets are kept. Each is asked with a short-lived token of a ServiceAccount: there is no key to keep in the cluster,
 * and no way to skip the verification of TLS.
 */
export interface StoreProvider {
  /** @internal */
  render(references: StoreReferences): JsonObject;
}

/** The stores there are. */
export const StoreProvider = {
  /** HashiCorp Vault or OpenBao, by the Kubernetes auth method. */
  vault({
    server,
    path,
    role,
    mountPath = 'kubernetes',
    version = 'v2',
    namespace,
    ca,
  }: VaultStore): StoreProvider {
    return {
      render: ({ where, serviceAccountRef, ...references }) => ({
        vault: {
          server: checkHttps(where, 'server', server),
          path,
          version,
          ...(namespace && { namespace }),
          ...(ca && { caProvider: caProvider(ca, references.namespace) }),
          auth: { kubernetes: { mountPath, role, serviceAccountRef } },
        },
      }),
    };
  },

  /** AWS Secrets Manager. */
  awsSecretsManager(store: AwsStore): StoreProvider {
    return aws('SecretsManager', store);
  },

  /** AWS Systems Manager Parameter Store. */
  awsParameterStore(store: AwsStore): StoreProvider {
    return aws('ParameterStore', store);
  },

  /** Google Secret Manager. */
  gcpSecretManager({ projectId, clusterName, clusterLocation }: GcpStore): StoreProvider {
    return {
      render: ({ serviceAccountRef }) => ({
        gcpsm: {
          projectID: projectId,
          auth: {
            workloadIdentity: {
              ...(clusterName && { clusterName }),
              ...(clusterLocation && { clusterLocation }),
              serviceAccountRef,
            },
          },
        },
      }),
    };
  },

  /** Azure Key Vault. */
  azureKeyVault({ vaultUrl, tenantId }: AzureStore): StoreProvider {
    return {
      render: ({ where, serviceAccountRef }) => ({
        azurekv: {
          vaultUrl: checkHttps(where, 'vaultUrl', vaultUrl),
          authType: 'WorkloadIdentity',
          ...(tenantId && { tenantId }),
          serviceAccountRef,
        },
      }),
    };
  },

  /** Another namespace, of this cluster or of another one. */
  kubernetes({ url = 'https://kubernetes.default', remoteNamespace, ca }: KubernetesStore): StoreProvider {
    return {
      render: ({ where, serviceAccountRef, namespace }) => ({
        kubernetes: {
          remoteNamespace,
          server: { url: checkHttps(where, 'url', url), caProvider: caProvider(ca, namespace) },
          auth: { serviceAccount: serviceAccountRef },
        },
      }),
    };
  },
} as const;

function aws(service: 'SecretsManager' | 'ParameterStore', { region, role }: AwsStore): StoreProvider {
  return {
    render: ({ serviceAccountRef }) => ({
      aws: { service, region, ...(role && { role }), auth: { jwt: { serviceAccountRef } } },
    }),
  };
}

function caProvider({ configMap, key = 'ca.crt' }: CertificateAuthority, namespace: JsonObject): JsonObject {
  return { type: 'ConfigMap', name: configMap, key, ...namespace };
}
