import { CONTROLS } from '../controls/catalogue';
import type { CommandDefinition, CommandResult, OptionDefinition } from './command';
import { oneOf } from './one-of';
import { bashCompletion } from './completion-bash';
import { fishCompletion } from './completion-fish';
import { shellModel, type ShellModel } from './completion-model';
import { zshCompletion } from './completion-zsh';

const SHELLS: Readonly<Record<string, (model: ShellModel) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The table of commands, which is what is completed. */
export interface CompletedCommands {
  readonly definitions: readonly CommandDefinition[];
  readonly families: Readonly<Record<string, string>>;
  readonly globals: readonly OptionDefinition[];
}

/**
 * `bulwark completion SHELL`: a script that completes commands, options and their values.
 * @throws BulwarkError when the shell is none that is known.
 */
export function completionCommand(
  shell: string,
  { definitions, families, globals }: CompletedCommands,
): CommandResult {
  const script = SHELLS[oneOf(shell, Object.keys(SHELLS), 'completion', 'shell')]!;
  const controls = CONTROLS.map(({ id }) => id);
  const output = script(shellModel(definitions, families, globals, controls)).trimEnd();
  return { output, errors: [], exitCode: 0 };
}
