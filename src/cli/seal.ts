import { BulwarkError } from '../errors';
import { toYaml } from '../manifest/yaml';
import type { SealingCertificate } from '../seal/certificate';
import { SEAL_SCOPES, type SealScope } from '../seal/scope';
import { sealSecret } from '../seal/seal-secret';
import { checkSamePlace, mergeValues, readSealedFile } from '../seal/sealed-file';
import { counted } from '../wording';
import { loadCertificate, readGiven } from './certificate';
import type { CommandContext, CommandResult } from './command';
import { oneOf } from './one-of';
import { replaceFile, writeNewWithFolder } from './private-files';
import { notesOn, readValues, type ValueOptions } from './secret-values';

/** Options of `bulwark seal`, as they are typed. */
export interface SealCommandOptions extends ValueOptions {
  readonly namespace?: string;
  readonly cert?: string;
  readonly scope?: string;
  readonly type?: string;
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly immutable?: boolean;
  readonly output?: string;
  readonly mergeInto?: string;
}

/** The controller makes a new certificate every 30 days, and opens with all that it ever had. */
const RENEWAL_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * `bulwark seal`: seals values for the sealed-secrets controller, into a new SealedSecret or into one that is there.
 * @throws BulwarkError before anything is written.
 */
export async function sealCommand(
  name: string | undefined,
  options: SealCommandOptions,
  { now }: Pick<CommandContext, 'now'>,
): Promise<CommandResult> {
  const scope = parseScope(options.scope);
  const certificate = await loadCertificate(options.cert, now);
  const values = readValues(options);
  const notes = [...notesOn(values), ...notesOnAge(certificate, now)];
  try {
    const output =
      options.mergeInto === undefined
        ? sealNew(name, values, { options, scope, certificate })
        : merge(options.mergeInto, values, { name, options, scope, certificate });
    const unremarkable = options.output !== undefined || options.mergeInto !== undefined;
    return { output, unremarkable, notes, errors: [], exitCode: 0 };
  } finally {
    values.forEach((value) => value.fill(0));
  }
}

interface Settings {
  readonly name?: string;
  readonly options: SealCommandOptions;
  readonly scope: SealScope | undefined;
  readonly certificate: SealingCertificate;
}

function sealNew(
  name: string | undefined,
  values: ReadonlyMap<string, Buffer>,
  { options, scope = 'strict', certificate }: Settings,
): string {
  if (name === undefined) {
    throw new BulwarkError('seal: name the Secret: bulwark seal NAME --namespace NAMESPACE --cert FILE ...');
  }
  const { namespace, immutable, output } = options;
  const type =
    options.type ?? (values.has('.dockerconfigjson') ? 'kubernetes.io/dockerconfigjson' : 'Opaque');
  const labels = pairs(options.label, '--label');
  const annotations = pairs(options.annotation, '--annotation');
  const manifest = sealSecret(
    { name, namespace, scope, type, immutable, labels, annotations, values },
    certificate,
  );
  const text = toYaml([manifest]);
  if (output === undefined) return text.trimEnd();
  writeNewWithFolder(output, text);
  return `${output}: ${counted(values.size, 'value')} sealed with ${certificate.fingerprint}`;
}

function merge(
  file: string,
  values: ReadonlyMap<string, Buffer>,
  { name, options, scope, certificate }: Settings,
): string {
  const { namespace, type, output, label, annotation, immutable } = options;
  if ([type, output, label, annotation, immutable].some((option) => option !== undefined)) {
    throw new BulwarkError(
      `${file}: keeps its type, labels, annotations and place when values are merged into it. Leave these options out.`,
    );
  }
  if (values.size === 0)
    throw new BulwarkError(`${file}: no value was given to seal into it. Add --from-file KEY=PATH.`);
  const sealedFile = readSealedFile(readGiven(file, '--merge-into'), file);
  checkSamePlace(sealedFile, { name, namespace, scope });
  replaceFile(file, mergeValues(sealedFile, values, certificate));
  return `${file}: ${counted(values.size, 'value')} sealed with ${certificate.fingerprint}: ${[...values.keys()].join(', ')}`;
}

function parseScope(given: string | undefined): SealScope | undefined {
  if (given === undefined) return undefined;
  return oneOf(given, SEAL_SCOPES, '--scope', 'scope');
}

function pairs(given: readonly string[] = [], option: string): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const separator = pair.indexOf('=');
      if (separator <= 0) throw new BulwarkError(`${option}: '${pair}' is not KEY=VALUE. Correct it.`);
      return [pair.slice(0, separator), pair.slice(separator + 1)];
    }),
  );
}

function notesOnAge({ notBefore }: SealingCertificate, now: Date): string[] {
  const days = Math.floor((now.getTime() - notBefore.getTime()) / DAY_MS);
  if (days <= RENEWAL_DAYS) return [];
  return [
    `note: the certificate is ${days} days old, and the controller makes a new one every ${RENEWAL_DAYS}. It still opens what is sealed with this one.`,
  ];
}
