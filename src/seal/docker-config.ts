import { BulwarkError } from '../errors';

/** The login at a registry. */
export interface RegistryLogin {
  /** Host of the registry with its port, for example `registry.example:5000`; `https://index.docker.io/v1/` for Docker Hub. */
  readonly server: string;
  readonly username: string;
  readonly password: Buffer;
}

/**
 * The `.dockerconfigjson` of a Secret with which the kubelet pulls images.
 * @throws BulwarkError when the username is empty or holds a colon, which would end it.
 */
export function dockerConfigJson({ server, username, password }: RegistryLogin): Buffer {
  if (username === '' || username.includes(':')) {
    throw new BulwarkError(
      '--docker-username: is empty or holds a colon, which separates it from the password. Correct it.',
    );
  }
  const pair = Buffer.concat([Buffer.from(`${username}:`), password]);
  const auth = pair.toString('base64');
  pair.fill(0);
  return Buffer.from(
    JSON.stringify({ auths: { [server]: { username, password: password.toString(), auth } } }),
  );
}
