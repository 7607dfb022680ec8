import { createPrivateKey, X509Certificate } from 'node:crypto';
import { BulwarkError } from '../errors';
import { isObject } from '../manifest/manifest';

/** The values of a Secret in the clear, by key. They stay in memory and never become part of a message. */
export type SecretValues = ReadonlyMap<string, Buffer>;

/** What a value has to be: undefined when it is, or what is wrong and how to put it right, without the value. */
type Check = (value: Buffer, values: SecretValues) => string | undefined;

interface SecretType {
  /** Keys that the API server asks for. */
  readonly required: readonly string[];
  /** Keys of which it asks for one at least. */
  readonly oneOf?: readonly string[];
  readonly checks?: Readonly<Record<string, Check>>;
}

/** The types that the API server knows, without those that a controller makes. Any other type is the user's own. */
const TYPES: Readonly<Record<string, SecretType>> = {
  'kubernetes.io/dockerconfigjson': {
    required: ['.dockerconfigjson'],
    checks: { '.dockerconfigjson': dockerConfigProblem },
  },
  'kubernetes.io/tls': {
    required: ['tls.crt', 'tls.key'],
    checks: { 'tls.crt': certificateProblem, 'tls.key': tlsKeyProblem },
  },
  'kubernetes.io/basic-auth': { required: [], oneOf: ['username', 'password'] },
  'kubernetes.io/ssh-auth': {
    required: ['ssh-privatekey'],
    checks: { 'ssh-privatekey': sshKeyProblem },
  },
};

/** A Secret holds at most 1 MiB in total (MaxSecretSize of the API server). */
const LARGEST_SECRET = 1024 * 1024;

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/**
 * Checks what would make the API server refuse the Secret, or its consumer fail, once nobody can look at it any more.
 *
 * @param type Type of the Secret; undefined for Opaque.
 * @param values Values that are sealed now.
 * @param kept Keys that stay sealed as they are, whose values are not known.
 * @param where What is sealed, for messages.
 * @throws BulwarkError with the key and what is wrong, never with a value.
 */
export function checkSecretValues(
  type: string | undefined,
  values: SecretValues,
  kept: readonly string[],
  where: string,
): void {
  checkKeys(values, where);
  const { required, oneOf, checks = {} } = TYPES[type ?? 'Opaque'] ?? { required: [] };
  const present = (key: string) => values.has(key) || kept.includes(key);
  const missing = required.find((key) => !present(key));
  if (missing !== undefined) {
    throw new BulwarkError(`${where}: a Secret of the type ${type} has the key '${missing}'. Add its value.`);
  }
  if (oneOf && !oneOf.some(present)) {
    throw new BulwarkError(
      `${where}: a Secret of the type ${type} has one of the keys ${oneOf.join(', ')} at least. Add its value.`,
    );
  }
  for (const [key, value] of values) {
    const problem = checks[key]?.(value, values);
    if (problem !== undefined) throw new BulwarkError(`${where}: ${key} ${problem}`);
  }
}

function checkKeys(values: SecretValues, where: string): void {
  const wrong = [...values.keys()].find((key) => !KEY.test(key) || key === '.' || key.startsWith('..'));
  if (wrong !== undefined) {
    // A value that was given in place of a key must not be repeated.
    throw new BulwarkError(
      `${where}: key ${[...values.keys()].indexOf(wrong) + 1} is no key of a Secret. Use letters, digits, '-', '_' and '.', at most 253, not beginning with '..'.`,
    );
  }
  const total = [...values.values()].reduce((sum, value) => sum + value.length, 0);
  if (total > LARGEST_SECRET) {
    throw new BulwarkError(
      `${where}: holds ${total} bytes, and the API server takes at most ${LARGEST_SECRET} in a Secret. Divide it, or keep large data elsewhere.`,
    );
  }
}

function dockerConfigProblem(value: Buffer): string | undefined {
  const fix = 'Build it with --docker-server, --docker-username and --docker-password-file.';
  const config = parseJson(value);
  const auths = isObject(config) ? config.auths : undefined;
  if (!isObject(auths) || Object.keys(auths).length === 0) {
    return `is no Docker configuration: JSON with 'auths' and a registry in it. ${fix}`;
  }
  const usable = Object.values(auths).every((auth) => isObject(auth) && hasCredentials(auth));
  return usable
    ? undefined
    : `has a registry without a usable 'auth' (base64 of user:password) or username and password. ${fix}`;
}

function hasCredentials({ auth, username, password }: Record<string, unknown>): boolean {
  if (typeof auth !== 'string' || auth === '') {
    return typeof username === 'string' && username !== '' && typeof password === 'string';
  }
  const pair = Buffer.from(auth, 'base64');
  const isCanonical = pair.toString('base64') === auth;
  return isCanonical && pair.indexOf(':') > 0;
}

function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
}

function certificateProblem(value: Buffer): string | undefined {
  return readCertificateOf(value) ? undefined : 'is no certificate in PEM. Give it the certificate (chain).';
}

function tlsKeyProblem(value: Buffer, values: SecretValues): string | undefined {
  const key = readKey(value);
  if (!key) return 'is no private key in PEM without a passphrase. Give it the key of tls.crt.';
  const certificate = values.get('tls.crt');
  if (!certificate || readCertificateOf(certificate)?.checkPrivateKey(key)) return undefined;
  return 'is not the private key of tls.crt, so no server could use both. Give it the key that belongs to the certificate.';
}

function readCertificateOf(value: Buffer): X509Certificate | undefined {
  if (!value.includes('-----BEGIN CERTIFICATE-----')) return undefined;
  try {
    return new X509Certificate(value);
  } catch {
    return undefined;
  }
}

function readKey(value: Buffer) {
  try {
    return createPrivateKey(value);
  } catch {
    return undefined;
  }
}

function sshKeyProblem(value: Buffer): string | undefined {
  if (
    /^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[^]+\n-----END [A-Z ]*PRIVATE KEY-----\s*$/.test(
      value.toString('latin1'),
    )
  )
    return undefined;
  return 'is no private key as ssh-keygen writes it. Give it the file without .pub.';
}
