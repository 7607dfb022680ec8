import { ApiObject } from 'cdk8s';
import { Volume } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { MadeSecret, namespaceOfChart, requireController } from './made-secret';
import type { SecretProvider } from './secret-provider';

/** Name of the driver, by which pods ask for a volume. */
const DRIVER = 'secrets-store.csi.k8s.io';

/** A Secret that the driver makes of mounted files. */
export interface SyncedSecret {
  /** Name of the Secret. */
  readonly name: string;
  /** Files by key of the Secret. */
  readonly keys: Readonly<Record<string, string>>;
  /** @default 'Opaque' */
  readonly type?: string;
}

/** Properties of {@link SecretProviderClass}. */
export interface SecretProviderClassProps {
  readonly provider: SecretProvider;
  /** @default the id of the construct */
  readonly name?: string;
  /**
   * A Secret to make of the files while a pod mounts them, for programs that take nothing but a Secret. Its values are then in
   * etcd, which the driver otherwise avoids.
   * @default none
   */
  readonly sync?: SyncedSecret;
}

/**
 * Secrets that the Secrets Store CSI driver mounts straight from a store outside the cluster: their values are in no manifest
 * and not in etcd. The driver itself runs as root on every node, and writes files that every user of the container may read.
 *
 * Mount it with `workload.useSecret(secret)`.
 */
export class SecretProviderClass extends MadeSecret {
  /** Name of the folder that `useSecret` mounts it at. */
  readonly mountName: string;
  private readonly sync: SyncedSecret | undefined;

  /** @throws BulwarkError outside a namespace, for a server without TLS, or for a key of a file that is not there. */
  constructor(scope: Construct, id: string, props: SecretProviderClassProps) {
    super(scope, id);
    namespaceOfChart(this);
    this.mountName = props.name ?? id;
    this.sync = props.sync;
    const { provider, sync } = props;
    if (provider.files.length === 0) {
      throw new BulwarkError(`${this.node.path}: mounts no file. Name some in files.`);
    }
    new ApiObject(this, 'Resource', {
      apiVersion: 'secrets-store.csi.x-k8s.io/v1',
      kind: 'SecretProviderClass',
      metadata: { name: this.mountName },
      spec: {
        provider: provider.provider,
        parameters: provider.parameters(this.node.path),
        ...(sync && { secretObjects: [this.secretObject(sync, provider.files)] }),
      },
    });
    requireController(this, 'secretsStoreCsi');
  }

  /**
   * Name of the Secret that is made of the files.
   * @throws BulwarkError where there is none: the files are mounted by `useSecret` only.
   */
  get name(): string {
    if (this.sync) return this.sync.name;
    throw new BulwarkError(
      `${this.node.path}: is mounted by the CSI driver, and there is no Secret of it. Use workload.useSecret(...), or ask for a Secret with sync.`,
    );
  }

  /** The volume that mounts the files. */
  toVolume(scope: Construct, id: string): Volume {
    return Volume.fromCsi(scope, id, DRIVER, {
      name: `secrets-store-${this.mountName}`,
      readOnly: true,
      attributes: { secretProviderClass: this.mountName },
    });
  }

  private secretObject({ name, keys, type = 'Opaque' }: SyncedSecret, files: readonly string[]): object {
    const data = Object.entries(keys).map(([key, objectName]) => ({ key, objectName }));
    const missing = data.find(({ objectName }) => !files.includes(objectName));
    if (!missing) return { secretName: name, type, data };
    throw new BulwarkError(
      `${this.node.path}: the key '${missing.key}' is made of the file '${missing.objectName}', and there are only ${files.join(', ')}.`,
    );
  }
}
