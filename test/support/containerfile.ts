import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a Containerfile, such as `COPY dist /manifests`. */
export interface Instruction {
  readonly name: string;
  readonly flags: readonly string[];
  /** Its words, or those of its JSON. */
  readonly words: readonly string[];
  readonly isJson: boolean;
}

/** A stage, which begins with its FROM. */
export type Stage = readonly Instruction[];

/** The stages of the Containerfile of this package. */
export function containerfile(): Stage[] {
  const text = readFileSync(join(__dirname, '../../Containerfile'), 'utf8');
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n');
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#')).map(instruction);
  const stages: Instruction[][] = [];
  for (const one of instructions) {
    if (one.name === 'FROM') stages.push([]);
    stages.at(-1)!.push(one);
  }
  return stages;
}

/** The words of the last instruction of that name. */
export function wordsOf(stage: Stage, name: string): readonly string[] {
  return stage.filter((one) => one.name === name).at(-1)?.words ?? [];
}

function instruction(line: string): Instruction {
  const [name = '', ...rest] = line.split(/\s+/);
  const flags = rest.filter((word) => name !== 'RUN' && word.startsWith('--'));
  const isJson = rest[0]?.startsWith('[') === true;
  const words = isJson
    ? (JSON.parse(rest.join(' ')) as string[])
    : rest.filter((one) => !flags.includes(one));
  return { name, flags, words, isJson };
}
