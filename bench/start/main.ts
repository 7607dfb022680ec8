/**
 * How long the command takes to say something, beside a Node.js that does nothing. See ../README.md.
 *
 *   npm run bench:start   builds the command, and starts it
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { median, medianRatio } from '../support/statistics';
import { digits, table } from '../support/table';

const TURNS = 15;
const COMMAND = path.join(__dirname, '../../lib/src/cli/main.js');

const CASES: readonly { readonly name: string; readonly args: readonly string[]; readonly goal?: number }[] =
  [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'bulwark --version', args: [COMMAND, '--version'], goal: 150 },
    { name: 'bulwark --help', args: [COMMAND, '--help'], goal: 300 },
    { name: 'bulwark check --help', args: [COMMAND, 'check', '--help'], goal: 300 },
    { name: 'bulwark controls run-as-non-root', args: [COMMAND, 'controls', 'run-as-non-root'] },
  ];

/** Milliseconds by the clock, from the start of the process to its end. */
function time(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}

function main(): void {
  const times = CASES.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn += 1) {
    CASES.forEach(({ args }, index) => times[index]!.push(time(args)));
  }
  const [nothing] = times;
  console.log(
    `Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}, ${TURNS} turns.\n`,
  );
  const rows = CASES.map(({ name, goal }, index) => {
    const measured = median(times[index]!);
    const verdict = goal === undefined ? ['', ''] : [String(goal), measured <= goal ? 'met' : 'MISSED'];
    return [name, digits(measured), digits(medianRatio(times[index]!, nothing!)), ...verdict];
  });
  console.log(table([['', 'ms', 'ratio', 'at most', ''], ...rows]));
}

main();
