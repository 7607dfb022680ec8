import { COMMAND_FAMILIES, COMMANDS } from '../../src/cli/commands';
import { buildProgram } from '../../src/cli/program';
import { BulwarkError } from '../../src/errors';

/** What the command line printed, and how it ended. */
export interface Printed {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

/** The version that commands are told in tests. */
export const TEST_VERSION = '1.2.3';

/** Runs the command line in this process, as {@link file://../../src/cli/main.ts} does in one of its own. */
export async function runCommand(args: readonly string[], now = new Date()): Promise<Printed> {
  const printed = { out: '', err: '', exitCode: 0 };
  const context = { version: TEST_VERSION, colour: false, terminal: false, now };
  const program = buildProgram(COMMANDS, COMMAND_FAMILIES, {
    version: TEST_VERSION,
    context: () => context,
    finish: ({ output, notes = [], errors, exitCode }) => {
      printed.out += `${output}\n`;
      printed.err += [...notes, ...errors].map((line) => `${line}\n`).join('');
      printed.exitCode = exitCode;
    },
    exit: (code) => {
      throw new BulwarkError(`usage ${code}`);
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof BulwarkError)) throw error;
    printed.err += `${error.message}\n`;
    printed.exitCode = 2;
  }
  return printed;
}
