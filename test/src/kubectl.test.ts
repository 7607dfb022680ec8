import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { deleteCommand, restoreCommand } from '../../src/drift/fix';
import type { Manifest } from '../../src/manifest/manifest';
import { deleteCommands } from '../../src/tenancy/offboarding';
import { printable } from '../../src/wording';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-kubectl-'));
  const script = `#!/bin/sh\nprintf '%s\\0' "$#" "$@" >> "${folder}/argv"\n`;
  fs.writeFileSync(path.join(folder, 'kubectl'), script, { mode: 0o755 });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The arguments of every run of kubectl that a shell makes of a script, and whatever else it says. */
function run(shell: string, lines: readonly string[]): { calls: string[][]; said: string } {
  const log = path.join(folder, 'argv');
  fs.writeFileSync(log, '');
  const { stdout, stderr, status } = spawnSync(shell, [], {
    cwd: folder,
    input: `set -e\n${lines.join('\n')}\n`,
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' },
  });
  const calls: string[][] = [];
  for (const words = fs.readFileSync(log, 'utf8').split('\0').slice(0, -1); words.length > 0;) {
    calls.push(words.splice(0, Number(words.shift())));
  }
  return { calls, said: `${stdout}${stderr}${status === 0 ? '' : `exit code ${status}`}` };
}

const API = 'rbac.authorization.k8s.io';

function role(name: string, namespace?: string): Manifest {
  const metadata = { name, ...(namespace && { namespace }) };
  return { apiVersion: `${API}/v1`, kind: namespace ? 'Role' : 'ClusterRole', metadata };
}

const HOSTILE = [
  ...['--all', '-A', '-', '=ls', '~', '*', '!!', '#', '$(touch pwned)', '`touch pwned`', '%s%n', '\\', '\\n'],
  ...[
    'x; touch pwned #',
    "it's",
    "'; touch pwned; '",
    '"$HOME"',
    'two words',
    ' ',
    'a\n',
    '\n',
    '\n\n.',
    'a.',
  ],
  ...[
    'a\nkubectl delete namespaces --all',
    'clear\u001b[2J',
    '\u0007',
    'turn\u202earound',
    '\u{1f600}\u0007',
  ],
  ...['\u00e9', '\u200b1', '\u007f', '\u0085'],
];

const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({
    unit: fc.constantFrom(...'-a1;\'"$()`\\ \n\t\r\u001b%&|<>*!#~={}.\u202e\u00e9'),
    minLength: 1,
  }),
  fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\0\p{Cs}]/u.test(text)),
);

describe('commands that people run', () => {
  it.each(['sh', 'bash'])('name one object each to %s, whatever its name', (shell) => {
    const names = [...new Set([...HOSTILE, ...fc.sample(anyName, 100)])];
    const lines = names.flatMap((name) => [
      deleteCommand(role(name)),
      ...deleteCommands([role(name, name)]),
      restoreCommand(role(name), [{ kind: 'changed', path: ['rules'], declared: name, live: '' }]),
      restoreCommand(role(name), [{ kind: 'changed', path: ['roleRef'], declared: name, live: '' }], name),
    ]);
    const { calls, said } = run(shell, lines);
    expect(said).toBe('');
    expect(calls).toEqual(
      names.flatMap((name) => {
        const patch = JSON.stringify([{ op: 'replace', path: '/rules', value: name }]);
        const target = `clusterroles.${API}/${name}`;
        return [
          ['delete', target],
          ['delete', '-n', name, '--ignore-not-found', `role.v1.${API}/${name}`],
          ['patch', '--type=json', '-p', patch, target],
          ['delete', target],
          ['apply', '-f', name],
        ];
      }),
    );
    expect(fs.readdirSync(folder).sort()).toEqual(['argv', 'kubectl']);
    for (const line of lines) expect(printable(line)).toBe(line);
  });

  it('name nothing where no argument can be the name', () => {
    const { calls } = run('sh', [deleteCommand(role('a\0')), deleteCommand(role('b\ud800'))]);
    expect(calls.map(([, target]) => target)).toEqual([
      `clusterroles.${API}/a\ufffd`,
      `clusterroles.${API}/b\ufffd`,
    ]);
  });

  it('take no kind for a flag', () => {
    const odd: Manifest = { apiVersion: 'v1', kind: '--ALL', metadata: { name: 'x' } };
    expect(run('sh', deleteCommands([odd])).calls).toEqual([
      ['delete', '--ignore-not-found', '--', '--all/x'],
    ]);
  });

  it('stay as people would write them where names are ordinary', () => {
    expect(deleteCommand(role('web', 'shop'))).toBe(`kubectl delete -n shop roles.${API}/web`);
  });
});
