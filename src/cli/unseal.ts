import { BulwarkError } from '../errors';
import { toYaml } from '../manifest/yaml';
import type { UnsealingKey } from '../seal/private-keys';
import { reseal } from '../seal/reseal';
import { readSealedFile, type SealedFile } from '../seal/sealed-file';
import { openAll, toSecret } from '../seal/unseal';
import { verifySealed, type Verification } from '../seal/verify';
import { counted } from '../wording';
import { loadCertificate, readGiven } from './certificate';
import type { CommandContext, CommandResult } from './command';
import { readPaths } from './input';
import { loadPrivateKeys, needPrivateKeys, replaceFile, writePrivate } from './private-files';

/** Options of `bulwark unseal`, as they are typed. */
export interface UnsealCommandOptions {
  readonly key?: readonly string[];
  readonly output?: string;
  /** Whether plaintext may be shown on a terminal. */
  readonly show?: boolean;
}

/**
 * `bulwark unseal`: the Secret of a SealedSecret in the clear, for recovery without a controller.
 * @throws BulwarkError when no key opens it, or it would be shown on a terminal without being asked for.
 */
export function unsealCommand(
  file: string,
  { key = [], output, show }: UnsealCommandOptions,
  isTerminal: boolean,
): CommandResult {
  if (output === undefined && isTerminal && !show) {
    throw new BulwarkError(
      'unseal: would show the secret on the terminal, where it stays in the scroll back. Write it to a file with -o FILE, pipe it, or say --show.',
    );
  }
  const keys = needPrivateKeys(key);
  const { sealed } = readSealedFile(readGiven(file, 'unseal'), file);
  const values = openAll(sealed, keys, file);
  const text = toYaml([toSecret(sealed, values)]);
  values.forEach((value) => value.fill(0));
  const notes = Object.keys(sealed.templateData ?? {}).map(
    (name) => `note: ${name} is built by the controller from a template, and is not in the output.`,
  );
  if (output === undefined) return { output: text.trimEnd(), notes, errors: [], exitCode: 0 };
  writePrivate(output, text);
  const said = `${output}: the Secret in the clear, mode 0600`;
  return { output: said, unremarkable: true, notes, errors: [], exitCode: 0 };
}

/** Options of `bulwark verify` and `bulwark reseal`, as they are typed. */
export interface KeysAndCertificate {
  readonly key?: readonly string[];
  readonly cert?: string;
}

/** `bulwark verify`: what shows of SealedSecrets without opening them, and which key opens them. Ends with 1 when something is wrong. */
export async function verifyCommand(
  paths: readonly string[],
  { key = [], cert }: KeysAndCertificate,
  { now }: Pick<CommandContext, 'now'>,
): Promise<CommandResult> {
  const certificate = cert === undefined ? undefined : await loadCertificate(cert, now);
  const keys = loadPrivateKeys(key);
  const { files, errors } = sealedFiles(paths);
  const verified = files.map((file) => ({ file, verification: verifySealed(file, { certificate, keys }) }));
  const problems = verified.reduce((sum, { verification }) => sum + verification.problems.length, 0);
  const head = certificate
    ? [
        `certificate ${certificate.fingerprint}: RSA ${certificate.bits}, expires ${certificate.notAfter.toISOString()}`,
      ]
    : [];
  const count = `${counted(files.length, 'SealedSecret')}, ${counted(problems, 'problem')}`;
  const lines = verified.map(({ file, verification }) => describe(file, verification, keys));
  return {
    output: [...head, ...lines, count].join('\n'),
    unremarkable: true,
    errors,
    exitCode: errors.length > 0 ? 2 : problems > 0 ? 1 : 0,
  };
}

function describe(
  { file, sealed }: SealedFile,
  verification: Verification,
  keys: readonly UnsealingKey[],
): string {
  const { scope, label, values, problems } = verification;
  const bound = label === '' ? 'bound to nothing' : `bound to ${label}`;
  const opens = (fingerprint: string | undefined) => {
    if (keys.length === 0) return '';
    return fingerprint === undefined ? ', opens with none of the keys' : `, opens with ${fingerprint}`;
  };
  return [
    `${file}: SealedSecret ${sealed.metadata.name}, ${scope}, ${bound}, becomes a Secret of the type ${sealed.type ?? 'Opaque'}`,
    ...values.map(
      ({ key, bits, bytes, opensWith }) => `  ${key}: ${bytes} bytes, RSA ${bits}${opens(opensWith)}`,
    ),
    ...problems.map((problem) => `  WRONG ${problem}`),
  ].join('\n');
}

/**
 * `bulwark reseal`: seals everything in SealedSecrets again, for another key pair of the controller. Writes all files, or none.
 * @throws BulwarkError when one of them cannot be opened.
 */
export async function resealCommand(
  paths: readonly string[],
  { key = [], cert }: KeysAndCertificate,
  { now }: Pick<CommandContext, 'now'>,
): Promise<CommandResult> {
  const certificate = await loadCertificate(cert, now);
  const keys = needPrivateKeys(key);
  const { files, errors } = sealedFiles(paths);
  if (errors.length > 0) throw new BulwarkError(errors.join('\n'));
  const resealed = files.map((file) => ({ file: file.file, text: reseal(file, keys, certificate) }));
  resealed.forEach(({ file, text }) => replaceFile(file, text));
  const lines = resealed.map(({ file }) => `${file}: sealed with ${certificate.fingerprint}`);
  const output = [...lines, `${lines.length} files sealed again`].join('\n');
  return { output, unremarkable: true, errors: [], exitCode: 0 };
}

/** The SealedSecrets of files and folders; other kinds are passed over. */
function sealedFiles(paths: readonly string[]): { files: SealedFile[]; errors: string[] } {
  const { manifests, errors } = readPaths(paths);
  const names = new Set(
    manifests.filter(({ manifest }) => manifest.kind === 'SealedSecret').map(({ file }) => file),
  );
  if (names.size === 0 && errors.length === 0) {
    throw new BulwarkError(`${paths.join(', ')}: holds no SealedSecret. Name the file or folder that does.`);
  }
  const messages = errors.map(({ message }) => message);
  const files: SealedFile[] = [];
  for (const name of names) {
    try {
      files.push(readSealedFile(readGiven(name, 'verify'), name));
    } catch (error) {
      if (!(error instanceof BulwarkError)) throw error;
      messages.push(error.message);
    }
  }
  return { files, errors: messages };
}
