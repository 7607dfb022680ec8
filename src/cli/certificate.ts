import https from 'node:https';
import { BulwarkError } from '../errors';
import { readCertificate, type SealingCertificate } from '../seal/certificate';
import { readText } from './input';

const LARGEST_CERTIFICATE = 64 * 1024;
const TIMEOUT_MS = 10_000;

/** The environment variable in which kubeseal looks for the certificate too. */
const VARIABLE = 'SEALED_SECRETS_CERT';

/**
 * The certificate to seal with, from a file or from an address of HTTPS.
 * @throws BulwarkError when there is none to be had, or it is one that must not be sealed with.
 */
export async function loadCertificate(given: string | undefined, now: Date): Promise<SealingCertificate> {
  const source = given ?? process.env[VARIABLE];
  if (source === undefined) {
    throw new BulwarkError(
      `--cert: name the file or the https address of the controller's certificate, or set ${VARIABLE}. The controller serves it at /v1/cert.pem.`,
    );
  }
  const pem = /^[a-z][a-z0-9+.-]+:\/\//i.test(source) ? await fetchText(source) : readGiven(source, '--cert');
  return readCertificate(pem, source, now);
}

/** The text of a file that an option names. */
export function readGiven(file: string, option: string): string {
  try {
    return readText(file);
  } catch (error) {
    if (error instanceof BulwarkError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new BulwarkError(
      `${option}: ${file} cannot be read (${code}). Correct the path or its permissions.`,
    );
  }
}

/** Whoever can change the certificate on its way reads everything that is sealed with it, so no other scheme will do. */
function fetchText(address: string): Promise<string> {
  if (!/^https:/i.test(address)) {
    throw new BulwarkError(
      `--cert: ${address} is not fetched: whoever changes the certificate on its way can open what is sealed. Use https, or a file.`,
    );
  }
  return new Promise((resolve, reject) => {
    const fail = (problem: string) =>
      reject(
        new BulwarkError(
          `--cert: ${address} ${problem}. Correct the address, or save the certificate to a file.`,
        ),
      );
    const request = https.get(address, { timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > LARGEST_CERTIFICATE)
          request.destroy(new Error('sends more than a certificate has'));
      });
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : fail(`answers with ${response.statusCode}, and not with 200`),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`does not answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', ({ message }) => fail(`cannot be fetched: ${message}`));
  });
}
