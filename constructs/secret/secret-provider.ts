import { toYaml } from '../../src/manifest/yaml';
import { checkHttps } from './made-secret';

/** A value that a provider writes into a file. */
export interface ProvidedFile {
  /** Name or path of the secret in the store. */
  readonly key: string;
  /** Field of it; Vault always asks for one. @default the whole */
  readonly property?: string;
}

/** A provider of the Secrets Store CSI driver, and what it gets from its store. */
export interface SecretProvider {
  readonly provider: string;
  /** @internal */
  parameters(where: string): Record<string, string>;
  /** Names of the files. */
  readonly files: readonly string[];
}

/** Files by their names in the mounted folder. */
type Files = Readonly<Record<string, ProvidedFile>>;

/** The providers there are. All ask their store with a token of the pod's own ServiceAccount. */
export const SecretProvider = {
  /** HashiCorp Vault or OpenBao, by the Kubernetes auth method. */
  vault(options: { readonly address: string; readonly role: string; readonly files: Files }): SecretProvider {
    const objects = Object.entries(options.files).map(([objectName, { key, property }]) => ({
      objectName,
      secretPath: key,
      secretKey: property ?? objectName,
    }));
    return {
      provider: 'vault',
      files: Object.keys(options.files),
      parameters: (where) => ({
        vaultAddress: checkHttps(where, 'address', options.address),
        roleName: options.role,
        objects: list(objects),
      }),
    };
  },

  /** AWS Secrets Manager, by IAM Roles for Service Accounts. */
  aws(options: { readonly region: string; readonly files: Files }): SecretProvider {
    const objects = Object.entries(options.files).map(([objectAlias, { key, property }]) => ({
      objectName: key,
      objectType: 'secretsmanager',
      ...(property === undefined ? { objectAlias } : { jmesPath: [{ path: property, objectAlias }] }),
    }));
    return {
      provider: 'aws',
      files: Object.keys(options.files),
      parameters: () => ({ region: options.region, objects: list(objects) }),
    };
  },

  /** Azure Key Vault, by Microsoft Entra Workload ID. */
  azure(options: {
    readonly keyVault: string;
    readonly tenantId: string;
    readonly clientId: string;
    readonly files: Readonly<Record<string, Omit<ProvidedFile, 'property'>>>;
  }): SecretProvider {
    const array = Object.entries(options.files).map(([objectAlias, { key }]) =>
      toYaml([{ objectName: key, objectType: 'secret', objectAlias }]),
    );
    return {
      provider: 'azure',
      files: Object.keys(options.files),
      parameters: () => ({
        clientID: options.clientId,
        keyvaultName: options.keyVault,
        tenantId: options.tenantId,
        objects: toYaml([{ array }]),
      }),
    };
  },

  /** Google Secret Manager. The key is `projects/P/secrets/S/versions/V`. */
  gcp(options: { readonly files: Readonly<Record<string, Omit<ProvidedFile, 'property'>>> }): SecretProvider {
    const secrets = Object.entries(options.files).map(([path, { key }]) => ({ resourceName: key, path }));
    return {
      provider: 'gcp',
      files: Object.keys(options.files),
      parameters: () => ({ auth: 'pod-adc', secrets: list(secrets) }),
    };
  },
} as const;

/** Parameters are texts, and lists are YAML in a text. */
function list(items: readonly object[]): string {
  return toYaml([items]);
}
