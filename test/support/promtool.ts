import { spawnSync } from 'node:child_process';

/** Whether `promtool` is installed (Debian package prometheus). In CI a missing one is an error, not a skipped test. */
function hasPromtool(): boolean {
  const isThere = spawnSync('promtool', ['--version']).status === 0;
  if (!isThere && process.env.CI) throw new Error('promtool is missing: apt-get install prometheus');
  return isThere;
}

/** A `describe` that needs `promtool`. */
export const describeWithPromtool = (title: string, body: () => void): void =>
  hasPromtool() ? describe(title, body) : describe.skip(`${title} (skipped: no promtool)`, body);

/** Runs `promtool`. @returns what it printed, and how it ended. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
