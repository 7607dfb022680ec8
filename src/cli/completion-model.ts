import type { ArgumentDefinition, CommandDefinition, Completion, OptionDefinition } from './command';

/** What a shell offers in one place: words, files or nothing. */
export type Offer = { readonly words: readonly string[] } | 'files' | 'nothing';

/** An option as a shell knows it. */
export interface ShellOption {
  /** Such as `-n` and `--namespace`. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is chosen from; undefined for an option without a value. */
  readonly value?: Offer;
  readonly repeatable: boolean;
}

/** A command as a shell knows it. */
export interface ShellCommand {
  /** One word, or two. */
  readonly name: string;
  readonly description: string;
  readonly options: readonly ShellOption[];
  /** What the arguments are, in their order. */
  readonly arguments: readonly ShellArgument[];
}

/** An argument as a shell knows it. */
export interface ShellArgument {
  readonly name: string;
  readonly offer: Offer;
  /** Whether it stands for all arguments that follow. */
  readonly variadic: boolean;
}

/** The command line as a shell knows it. */
export interface ShellModel {
  readonly globals: readonly ShellOption[];
  readonly commands: readonly ShellCommand[];
  /** The words that other commands are below, with what they have in common. */
  readonly families: Readonly<Record<string, string>>;
}

/** Makes of the table of commands what a shell has to know. */
export function shellModel(
  definitions: readonly CommandDefinition[],
  families: Readonly<Record<string, string>>,
  globals: readonly OptionDefinition[],
  controls: readonly string[],
): ShellModel {
  const offerOf = (completes: Completion | undefined, otherwise: Offer): Offer => {
    if (completes === undefined) return otherwise;
    if (completes === 'nothing') return 'nothing';
    return { words: completes === 'controls' ? controls : completes };
  };
  const toOption = ({ flags, description, completes, repeatable = false }: OptionDefinition): ShellOption => {
    const placeholder = /<(.*)>/.exec(flags)?.[1];
    const names = flags.replace(/ <.*>/, '').split(', ');
    if (placeholder === undefined) return { names, description, repeatable };
    const otherwise = /file|path|dir/.test(placeholder) ? 'files' : 'nothing';
    return { names, description, repeatable, value: offerOf(completes, otherwise) };
  };
  const toArgument = ({ name, completes }: ArgumentDefinition): ShellArgument => ({
    name: name.replaceAll(/[<>[\].]/g, ''),
    offer: offerOf(completes, 'files'),
    variadic: name.includes('...'),
  });
  return {
    families,
    globals: globals.map(toOption),
    commands: definitions.map((definition) => ({
      name: definition.name,
      description: definition.description,
      options: (definition.options ?? []).filter(({ refused }) => refused === undefined).map(toOption),
      arguments: (definition.arguments ?? []).map(toArgument),
    })),
  };
}

/** The words that may stand first, with their descriptions. */
export function firstWords({ commands, families }: ShellModel): [word: string, description: string][] {
  const single = commands.filter(({ name }) => !name.includes(' '));
  return [
    ...single.map(({ name, description }): [string, string] => [name, description]),
    ...Object.entries(families),
  ];
}

/** The commands below a word, named without it. */
export function commandsBelow({ commands }: ShellModel, family: string): ShellCommand[] {
  return commands
    .filter(({ name }) => name.startsWith(`${family} `))
    .map((command) => ({ ...command, name: command.name.slice(family.length + 1) }));
}
