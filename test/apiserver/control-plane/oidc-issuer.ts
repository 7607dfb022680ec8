import { execFileSync } from 'node:child_process';
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';

const KEY_ID = 'test';

/** Claims of a token; `iss`, `iat` and `exp` have values that pass unless given. */
export type Claims = Readonly<Record<string, unknown>>;

/** An OpenID Connect issuer on the loopback interface, with a certificate and a signing key of its own. */
export class OidcIssuer {
  private constructor(
    readonly url: string,
    /** PEM of the authority that signed its certificate. */
    readonly certificateAuthority: string,
    private readonly key: KeyObject,
    private readonly server: Server,
  ) {}

  /** @param dir Folder for the certificate. */
  static async start(dir: string): Promise<OidcIssuer> {
    const [keyFile, certFile] = [join(dir, 'issuer.key'), join(dir, 'issuer.crt')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-keyout', keyFile, '-out', certFile, '-subj', '/CN=issuer'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1'],
      ],
      { stdio: 'ignore' },
    );
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const cert = readFileSync(certFile, 'utf8');
    const jwks = {
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }],
    };
    const server = createServer({ key: readFileSync(keyFile), cert }, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url === '/jwks' ? jwks : discovery(url)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new OidcIssuer(url, cert, privateKey, server);
  }

  /** A signed token. */
  token(claims: Claims, key = this.key): string {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.url, aud: 'kubernetes', iat: now, exp: now + 600, ...claims };
    const text = [{ alg: 'RS256', kid: KEY_ID, typ: 'JWT' }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function discovery(url: string): object {
  return {
    issuer: url,
    jwks_uri: `${url}/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
