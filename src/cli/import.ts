import path from 'node:path';
import { BulwarkError } from '../errors';
import { importManifests, type Outcome } from '../import/import';
import { targetFor } from '../target/target';
import { counted } from '../wording';
import type { CommandContext, CommandResult } from './command';
import { readPaths } from './input';
import { writeNewFiles } from './new-files';

/** Options of `bulwark import`, as they are typed. */
export interface ImportCommandOptions {
  readonly output?: string;
  readonly target?: string;
}

/**
 * `bulwark import PATH... -o DIR`: manifests as a TypeScript program that synthesizes the same, hardened.
 * @throws BulwarkError when something cannot be read, or a file is in the way; then nothing was written.
 */
export function importCommand(
  paths: readonly string[],
  { output, target }: ImportCommandOptions,
  { now }: Pick<CommandContext, 'now'>,
): CommandResult {
  if (output === undefined) throw new BulwarkError('import: name a folder for the program with -o DIR.');
  const { manifests, errors } = readPaths(paths);
  if (errors.length > 0) throw new BulwarkError(errors.map(({ message }) => message).join('\n'));
  const { files, outcomes } = importManifests(
    manifests.map(({ manifest }) => manifest),
    { target: targetFor(target), now },
  );
  writeNewFiles(output, files, 'import');
  const lines = [
    ...outcomes.map(line),
    '',
    ...closing(outcomes),
    `Next: npx ts-node ${path.join(output, 'main.ts')}`,
  ];
  return { output: lines.join('\n'), unremarkable: true, errors: [], exitCode: 0 };
}

function line({ object, became, file, because, excused }: Outcome): string {
  const why = because === undefined ? '' : `: ${because}`;
  const excuses = excused.length === 0 ? '' : `\n  excused from ${excused.join(', ')}`;
  return `${file}  ${object} became ${WORDS[became] ?? became}${why}${excuses}`;
}

const WORDS: Readonly<Record<string, string>> = { ApiObject: 'a plain object' };

function closing(outcomes: readonly Outcome[]): string[] {
  const count = (isIt: (outcome: Outcome) => boolean) => outcomes.filter(isIt).length;
  const plain = count(({ became }) => became === 'ApiObject');
  const left = count(({ became }) => became === 'nothing');
  const excused = count(({ excused: ids }) => ids.length > 0);
  const parts = [
    `${outcomes.length - plain - left} became constructs`,
    `${plain} plain objects that are hardened all the same`,
    ...(left > 0 ? [`${counted(left, 'Secret')} left out`] : []),
  ];
  return [
    `${counted(outcomes.length, 'object')}: ${parts.join(', ')}.`,
    ...(excused > 0
      ? [`${counted(excused, 'object')} excused from controls, to be decided: each excuse( in the code.`]
      : []),
  ];
}
