import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { COMMAND_FAMILIES, COMMANDS } from '../../../src/cli/commands';
import { completionCommand } from '../../../src/cli/completion';
import { CONTROLS } from '../../../src/controls/catalogue';
import { useTemporaryFolder } from '../../support/folders';

const SHELLS = ['bash', 'zsh', 'fish'];
const script = (shell: string) =>
  completionCommand(shell, { definitions: COMMANDS, families: COMMAND_FAMILIES, globals: [] }).output;

describe('completion in bash', () => {
  const folder = useTemporaryFolder();
  const ids = CONTROLS.map(({ id }) => id);

  /** What a real bash offers where the line ends; words are divided as it does, at `=` too. */
  function offered(line: string): string[] {
    const words = line.split(/ |(?==)|(?<==)/);
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const program = `source completion.bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
      _bulwark; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { cwd: folder.path, encoding: 'utf8' } as const;
    return execFileSync('bash', ['--norc', '-euc', program], options).split('\n').filter(Boolean);
  }

  beforeEach(() => {
    fs.writeFileSync(path.join(folder.path, 'completion.bash'), script('bash'));
    fs.writeFileSync(path.join(folder.path, 'web.yaml'), '');
    fs.mkdirSync(path.join(folder.path, 'web folder'));
  });

  it.each([
    ['bulwark ch', ['check']],
    ['bulwark -q ch', ['check']],
    ['bulwark check --for', ['--format']],
    ['bulwark check --format ', ['text', 'json', 'sarif', 'junit']],
    ['bulwark check --format=s', ['sarif']],
    ['bulwark check --format=', ['text', 'json', 'sarif', 'junit']],
    ['bulwark check --profile nsa we', ['web folder', 'web.yaml']],
    ['bulwark check a.yaml --fail-on h', ['high']],
    ['bulwark check --control no-host-p', ids.filter((id) => id.startsWith('no-host-p'))],
    ['bulwark controls run-as-n', ['run-as-non-root']],
    ['bulwark sops ', ['encrypt', 'decrypt', 'verify']],
    ['bulwark sops encrypt --in', ['--in-place']],
    ['bulwark sops encrypt --age x we', ['web folder', 'web.yaml']],
    ['bulwark explain w', []],
    ['bulwark explain a/b c/d 80 we', ['web folder', 'web.yaml']],
    ['bulwark completion ', ['bash', 'zsh', 'fish']],
    ['bulwark seal --from-l', []],
    ['bulwark nothing ', []],
  ])('offers behind "%s"', (line, words) => {
    expect(offered(line).sort()).toEqual([...words].sort());
  });
});

describe.each(SHELLS)('the script for %s', (shell) => {
  it('knows every command and option that is not refused', () => {
    const text = script(shell);
    for (const { name, options = [] } of COMMANDS) {
      expect(text).toMatch(new RegExp(`\\b${name.split(' ').at(-1)}\\b`));
      for (const { flags, refused } of options) {
        const long = /--([a-z-]+)/.exec(flags)![1]!;
        if (refused === undefined) expect(text).toMatch(new RegExp(`(--|-l )${long}\\b`));
        else expect(text).not.toContain(long);
      }
    }
  });
});

it('names the shells that there are, and the one that may be meant', () => {
  expect(() => script('bsh')).toThrow(
    "completion: there is no shell 'bsh'. Did you mean bash? Use one of: bash, zsh, fish.",
  );
});
