import { Command, Help, Option } from 'commander';
import { BulwarkError } from '../errors';
import type { CommandContext, CommandDefinition, CommandResult, OptionDefinition } from './command';

/** Options that every command has, as they are typed. */
export interface GlobalOptions {
  readonly quiet?: boolean;
  /** False for `--no-color`, true for `--color`, and undefined where neither was given. */
  readonly color?: boolean;
}

/** What the command line needs of the process that it runs in. */
export interface Surroundings {
  readonly version: string;
  /** What a command is told of the place that it runs in. */
  readonly context: (options: GlobalOptions) => CommandContext;
  /** Takes what a command says. */
  readonly finish: (result: CommandResult, options: GlobalOptions) => void;
  /** Called once help, the version or a mistake in the usage was written. */
  readonly exit: (code: 0 | 2) => never;
}

const DESCRIPTION =
  'Security of Kubernetes manifests: judges and mends them, and proves who can reach whom and who may do what.';

const EXIT_CODES = ['all is well', 'something was found'] as const;

const FIRST_STEPS = [
  'bulwark check manifests',
  'helm template shop | bulwark harden --dry-run -',
  'bulwark isolated manifests',
];

/** The options behind {@link GlobalOptions}. */
export const GLOBAL_OPTIONS: readonly OptionDefinition[] = [
  { flags: '-q, --quiet', description: 'print results and errors only, and nothing where all is well' },
  { flags: '--color', description: 'colour the output, also where it is not a terminal' },
  { flags: '--no-color', description: 'never colour the output' },
];

/** The tree of commander, made of the table of commands. */
export function buildProgram(
  definitions: readonly CommandDefinition[],
  families: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Command {
  const bulwark = new Command('bulwark')
    .description(DESCRIPTION)
    .version(surroundings.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({
      showGlobalOptions: true,
      optionDescription: describeOption,
      // What a command takes is told by its own help.
      subcommandTerm: (command) => command.name(),
    })
    .showSuggestionAfterError()
    .exitOverride((error) => surroundings.exit(error.exitCode === 0 ? 0 : 2))
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .addHelpText('after', `${exitCodes(EXIT_CODES)}${examplesText(FIRST_STEPS)}`);
  for (const option of GLOBAL_OPTIONS) bulwark.addOption(toOption(option));
  for (const definition of definitions) {
    const [first, second] = definition.name.split(' ') as [string, string?];
    const parent = second === undefined ? bulwark : familyOf(bulwark, first, families);
    addCommand(parent.command(second ?? first), definition, surroundings);
    if (parent !== bulwark) parent.helpGroup(`${definition.group}:`);
  }
  return bulwark;
}

/** The command that others are below. */
function familyOf(bulwark: Command, name: string, families: Readonly<Record<string, string>>): Command {
  const known = bulwark.commands.find((command) => command.name() === name);
  return known ?? bulwark.command(name).description(families[name] ?? '');
}

function addCommand(command: Command, definition: CommandDefinition, surroundings: Surroundings): void {
  const { description, group, usage } = definition;
  command.description(description).helpGroup(`${group}:`);
  if (usage !== undefined) command.usage(usage);
  for (const argument of definition.arguments ?? []) command.argument(argument.name, argument.description);
  for (const option of definition.options ?? []) command.addOption(toOption(option));
  command.addHelpText('after', helpBelow(definition)).action(async (...given: unknown[]) => {
    const args = given.slice(0, -2);
    const globals = command.optsWithGlobals<GlobalOptions>();
    const result = await definition.run(args, command.opts(), surroundings.context(globals));
    surroundings.finish(result, globals);
  });
}

function toOption(definition: OptionDefinition): Option {
  const { flags, description, refused, repeatable } = definition;
  const option = new Option(flags, description);
  if (definition.default !== undefined) option.default(definition.default);
  if (repeatable) option.argParser((value: string, before: string[] = []) => [...before, value]);
  if (refused !== undefined) {
    option.hideHelp().argParser(() => {
      throw new BulwarkError(refused);
    });
  }
  return option;
}

function helpBelow({ notes, ends = ['done'], examples }: CommandDefinition): string {
  return `${notes === undefined ? '' : `\n${notes}\n`}${exitCodes(ends)}${examplesText(examples)}`;
}

function exitCodes([fine, finding]: readonly [fine: string, finding?: string]): string {
  const lines = [`0  ${fine}`, ...(finding === undefined ? [] : [`1  ${finding}`]), '2  bad input or usage'];
  return `\nExit codes:\n${indented(lines)}\n`;
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${indented(examples)}`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

/** As commander does it, without quotes around words. */
function describeOption(option: Option): string {
  return Help.prototype.optionDescription(option).replaceAll('"', '');
}

/** What was typed behind `=` may be a secret, and the message goes to logs. */
function withoutValues(text: string): string {
  return text.replace(/(unknown option '[^'=]*)=[^]*'/, "$1=...'");
}
