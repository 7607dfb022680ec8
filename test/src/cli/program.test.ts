import { COMMAND_FAMILIES, COMMANDS } from '../../../src/cli/commands';
import { defineCommand, type CommandContext } from '../../../src/cli/command';
import { buildProgram, type GlobalOptions } from '../../../src/cli/program';
import { usesColour } from '../../../src/cli/terminal';

const CONTEXT: CommandContext = { version: '1.2.3', colour: false, terminal: false, now: new Date(0) };

/** The names of all files of the project that are loaded. */
const loaded = () => Object.keys(require.cache);

/** Runs the command line in this process, and returns what it printed and how it ended. */
async function run(args: string[], definitions = COMMANDS) {
  const printed = { out: '', err: '', exit: undefined as number | undefined };
  const program = buildProgram(definitions, COMMAND_FAMILIES, {
    version: '1.2.3',
    context: () => CONTEXT,
    finish: (result, options) => {
      printed.out += JSON.stringify({ ...result, quiet: options.quiet });
      printed.exit = result.exitCode;
    },
    exit: (code) => {
      printed.exit = code;
      throw new Error('exit');
    },
  });
  const write = (where: 'out' | 'err') => (text: string) => {
    printed[where] += text;
  };
  const everything = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
  for (const command of everything) {
    command.configureOutput({ writeOut: write('out'), writeErr: write('err'), getOutHelpWidth: () => 80 });
  }
  await program.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    if (error.message !== 'exit') throw error;
  });
  return printed;
}

describe('the help', () => {
  it('names every command, in 80 columns', async () => {
    const { out, exit } = await run(['--help']);
    expect(exit).toBe(0);
    for (const { name } of COMMANDS) expect(out).toContain(`  ${name.split(' ')[0]}`);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out).toContain('Exit codes:\n  0  all is well\n  1  something was found\n  2  bad input or usage');
  });

  it.each(COMMANDS.map(({ name, examples }) => [name, examples] as const))(
    'of %s shows how it ends, and examples of it',
    async (name, examples) => {
      const { out, exit } = await run([...name.split(' '), '--help']);
      expect(exit).toBe(0);
      expect(out).toMatch(/Exit codes:\n {2}0 {2}.+\n( {2}1 {2}.+\n)? {2}2 {2}bad input or usage\n/);
      for (const example of examples) expect(out).toContain(`  ${example}`);
      expect(examples.every((example) => `${example} `.includes(`bulwark ${name} `))).toBe(true);
    },
  );

  it('loads no command', async () => {
    const before = loaded();
    await run(['--help']);
    await run(['check', '--help']);
    expect(loaded()).toEqual(before);
  });
});

describe('an example in the help', () => {
  it.each(COMMANDS.flatMap(({ examples }) => examples))('is understood: %s', async (example) => {
    const line = example.replaceAll('\\\n', ' ').replace(/^.*?(\| |<\()(?=bulwark)/, '');
    const typed = line
      .replace(/ [|<>] .*$|\)$/, '')
      .split(/ +/)
      .slice(1);
    let ran = 0;
    const idle = COMMANDS.map((definition) => ({
      ...definition,
      run: () => {
        ran += 1;
        return { output: '', errors: [], exitCode: 0 as const };
      },
    }));
    expect(await run(typed, idle)).toMatchObject({ err: '', exit: 0 });
    expect(ran).toBe(1);
  });
});

describe('a mistake in the usage', () => {
  it.each([
    [['chek', 'dist'], "unknown command 'chek'\n(Did you mean check?)"],
    [['check', 'dist', '--profil', 'x'], "unknown option '--profil'\n(Did you mean --profile?)"],
    [['sops', 'encrpt', 'x'], "unknown command 'encrpt'\n(Did you mean encrypt?)"],
    [['check'], "missing required argument 'path'"],
    [['check', '--profile'], "option '--profile <name>' argument missing"],
    [['seal', 'db', '--password=hunter2'], "unknown option '--password=...'"],
  ])('%j is answered with what was meant, and ends with 2', async (args, said) => {
    const { err, exit } = await run(args);
    expect(err).toContain(said);
    expect(err).not.toContain('hunter2');
    expect(exit).toBe(2);
  });
});

describe('options of all commands', () => {
  const echo = defineCommand<[paths: string[]]>({
    name: 'echo',
    group: 'Shell',
    description: 'repeat what was typed',
    arguments: [{ name: '<path...>', description: 'anything' }],
    examples: ['bulwark echo x'],
    run: ([paths]) => ({ output: paths.join(' '), errors: [], exitCode: 0 }),
  });

  it.each([[['--quiet', 'echo', 'a', 'b']], [['echo', 'a', '-q', 'b']]])(
    'may stand before a command and behind it: %j',
    async (args) => {
      expect(JSON.parse((await run(args, [echo])).out)).toMatchObject({ output: 'a b', quiet: true });
    },
  );

  const terminal = { isTTY: true };
  it.each([
    [{}, {}, terminal, true],
    [{}, {}, {}, false],
    [{}, { TERM: 'dumb' }, terminal, false],
    [{}, { NO_COLOR: '1' }, terminal, false],
    [{}, { NO_COLOR: '' }, terminal, true],
    [{}, { FORCE_COLOR: '1' }, {}, true],
    [{}, { FORCE_COLOR: '0' }, terminal, false],
    [{}, { NO_COLOR: '1', FORCE_COLOR: '1' }, {}, false],
    [{ color: true }, { NO_COLOR: '1' }, {}, true],
    [{ color: false }, { FORCE_COLOR: '1' }, terminal, false],
  ] as [GlobalOptions, Record<string, string>, { isTTY?: boolean }, boolean][])(
    'colour with %j and %j on %j: %j',
    (options, environment, stream, colour) => {
      expect(usesColour(options, environment, stream)).toBe(colour);
    },
  );
});
