import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { readCertificate } from '../../../src/seal/certificate';
import { readPrivateKeys } from '../../../src/seal/private-keys';

export const FIXTURES = path.join(__dirname, 'fixtures');
export const NOW = new Date('2027-01-01T00:00:00Z');

export const fixture = (name: string) => fs.readFileSync(path.join(FIXTURES, name), 'utf8');

/** The key pair whose fixtures kubeseal made. */
export const KEY_PEM = fixture('kubeseal/key.pem');
export const CERTIFICATE = readCertificate(fixture('kubeseal/certificate.pem'), 'certificate.pem', NOW);
export const KEYS = readPrivateKeys(KEY_PEM, 'key.pem');

/** Another key pair, of 2048 bits. */
export const NEXT_CERTIFICATE = readCertificate(fixture('certificates/next.pem'), 'next.pem', NOW);
export const NEXT_KEYS = readPrivateKeys(fixture('certificates/next-key.pem'), 'next-key.pem');

export interface SealedCase {
  readonly sealed: string;
  readonly label: string;
  readonly key?: string;
}

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import cryptography']).status === 0;

/** A test that needs Debian's python3-cryptography, which .ci/run installs. */
export const itWithPython = hasPython ? it : it.skip;

/** What Python's `cryptography` opens the values to; null where it refuses. */
export function openWithPython(cases: readonly SealedCase[]): (Buffer | null)[] {
  const input = cases.map((one) => JSON.stringify({ key: KEY_PEM, ...one })).join('\n');
  const options = { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const output = execFileSync(PYTHON, [path.join(__dirname, 'open_sealed.py')], options);
  return output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const text = JSON.parse(line) as string | null;
      return text === null ? null : Buffer.from(text, 'base64');
    });
}

/** The parts of an error's message that may be shown. */
export function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('Nothing was refused.');
}
