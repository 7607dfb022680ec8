import { spawnSync } from 'node:child_process';
import { deleteCommand } from '../../../src/drift/fix';
import { printable } from '../../../src/wording';

/** What the shell makes of a command: the arguments that kubectl would get. */
function argumentsOf(command: string): string[] {
  const { stdout } = spawnSync('bash', ['-c', `kubectl() { printf '%s\\0' "$@"; }; ${command}`], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return stdout.split('\0').slice(0, -1);
}

describe('a command that ends a finding', () => {
  it.each([
    'plain',
    "it's; rm -rf $HOME `id` \\",
    'system:two words',
    'clear\u001b[2J\nnext',
    'turn\u202earound\u200b',
    "both\u0007 of \\ and '",
    'smile \u{1f600}\u0007',
  ])('names %j and nothing else, and shows no sign that is not seen', (name) => {
    const command = deleteCommand({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
    });
    expect(argumentsOf(command)).toEqual(['delete', 'clusterroles.rbac.authorization.k8s.io', name]);
    expect(printable(command)).toBe(command);
  });
});
