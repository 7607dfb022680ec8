/** What a command prints and how it ends. */
export interface CommandResult {
  readonly output: string;
  /**
   * Whether the output says only that all is well, or what was written, so that `--quiet` leaves it out.
   * @default false
   */
  readonly unremarkable?: boolean;
  /** What is worth knowing and no error, for standard error. `--quiet` leaves it out. @default none */
  readonly notes?: readonly string[];
  /** What could not be read, for standard error. */
  readonly errors: readonly string[];
  readonly exitCode: 0 | 1 | 2;
}

/** What a command has to know of where it runs. */
export interface CommandContext {
  readonly version: string;
  /** Whether standard output takes colours. */
  readonly colour: boolean;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  readonly now: Date;
}

/** What commands are listed under in the help. */
export type CommandGroup =
  'Manifests' | 'Network' | 'Rights' | 'Secrets' | 'Nodes' | 'Cluster' | 'Projects' | 'Shell';

/** An argument of a command, as commander writes it: `<path...>`, `[id]`. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly description: string;
  /** What a shell offers for it. @default files */
  readonly completes?: Completion;
}

/** An option of a command. */
export interface OptionDefinition {
  /** As commander writes it: `-n, --namespace <name>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  /** May be given several times, and is a list. @default false */
  readonly repeatable?: boolean;
  /** What a shell offers for its value. @default files for values called file, path or dir, otherwise nothing */
  readonly completes?: Completion;
  /** Left out of the help, and why it is refused. */
  readonly refused?: string;
}

/** Words that a shell offers, or the ids of all controls. */
export type Completion = readonly string[] | 'controls' | 'nothing';

/**
 * A command as a row of a table: what it takes and says, apart from what it does. That is loaded when it runs, so that help and
 * version come at once, however many commands there are.
 */
export interface CommandDefinition {
  /** One word, or two for a command below another: `sops encrypt`. */
  readonly name: string;
  readonly group: CommandGroup;
  readonly description: string;
  /** How arguments are written, where commander cannot tell. @default made of the arguments */
  readonly usage?: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: readonly OptionDefinition[];
  /** When it ends with 0, and when with 1. It ends with 2 for bad input. @default 0 when it is done, and never 1 */
  readonly ends?: readonly [fine: string, finding?: string];
  /** What else has to be known to use it. @default nothing */
  readonly notes?: string;
  /** Command lines, at least one. */
  readonly examples: readonly [string, ...string[]];
  /** Loads the module of the command with `require` and runs it. */
  readonly run: (
    args: readonly unknown[],
    options: unknown,
    context: CommandContext,
  ) => CommandResult | Promise<CommandResult>;
}

/**
 * A definition whose `run` names the types of what is typed: `Arguments` are in the order of {@link CommandDefinition.arguments},
 * `Options` are named as commander names them.
 */
export interface TypedDefinition<Arguments extends readonly unknown[], Options> extends Omit<
  CommandDefinition,
  'run'
> {
  readonly run: (
    args: Arguments,
    options: Options,
    context: CommandContext,
  ) => CommandResult | Promise<CommandResult>;
}

/** A row of the table of commands. */
export function defineCommand<Arguments extends readonly unknown[], Options = object>(
  definition: TypedDefinition<Arguments, Options>,
): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

/** The manifests that most commands read. */
export const PATHS: ArgumentDefinition = {
  name: '<path...>',
  description: 'files, folders or - for standard input',
};

/** The version that manifests are judged for. */
export const TARGET: OptionDefinition = {
  flags: '--target <version>',
  description: 'Kubernetes version that the manifests are for (default: 1.30)',
  completes: ['1.27', '1.28', '1.29', '1.30', '1.31', '1.32', '1.33', '1.34', '1.35', '1.36', '1.37'],
};

/** An option whose value is one of a few words. */
export function choice(flags: string, words: readonly string[], meaning: string): OptionDefinition {
  const [first = ''] = words;
  return { flags, description: `${meaning}: ${listWords(words)}`, completes: words, default: first };
}

/** `a, b or c`. */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
