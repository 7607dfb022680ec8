import { BulwarkError } from '../errors';
import { containersOf } from '../manifest/pod';
import type { PodAddition } from './harden';

/** A token of the workload's ServiceAccount that the kubelet renews (TokenRequest, bound to the pod). */
export interface ApiToken {
  /**
   * Who may accept the token: only a server that calls itself so.
   * @default the API server itself
   */
  readonly audience?: string;
  /** Seconds until the token expires, 600 to 86400; the kubelet renews it after four fifths. @default 1800 */
  readonly expirationSeconds?: number;
  /** Folder it is mounted in. @default '/var/run/secrets/kubernetes.io/serviceaccount', where clients look for it */
  readonly path?: string;
  /** Names of the containers that get it. @default all */
  readonly containers?: readonly string[];
}

/** Where in-cluster clients look for token, namespace and certificate authority. */
export const API_TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

const DEFAULT_EXPIRATION = 1800;

/**
 * Mounts a short-lived token with the API server's certificate authority and the namespace, as the automatic mount does,
 * but bound to an audience and renewed.
 * @throws BulwarkError when the lifetime is outside 600 to 86400 seconds.
 */
export function apiToken(token: ApiToken): PodAddition {
  const { audience, expirationSeconds = DEFAULT_EXPIRATION, path = API_TOKEN_PATH } = token;
  if (!Number.isInteger(expirationSeconds) || expirationSeconds < 600 || expirationSeconds > 86400) {
    throw new BulwarkError(
      `useApiToken: expirationSeconds is ${expirationSeconds}. The API server accepts no less than 600, and a token stolen ` +
        'should be of no use tomorrow: use 600 to 86400.',
    );
  }
  const name = audience
    ? `token-${audience.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 60).replace(/-+$/, '')
    : 'api-token';
  const volume = {
    name,
    projected: {
      // Readable by the pod's group, which the kubelet makes the owner, and by nobody else.
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { ...(audience && { audience }), expirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
  return ({ spec }) => {
    const volumes = spec.volumes ?? [];
    // The same token at a second path is the same volume.
    if (!volumes.some((other) => other.name === name)) spec.volumes = [...volumes, volume];
    for (const { container } of containersOf(spec)) {
      if (token.containers && !token.containers.includes(container.name ?? '')) continue;
      container.volumeMounts = [...(container.volumeMounts ?? []), { mountPath: path, name, readOnly: true }];
    }
  };
}
