/**
 * How long a whole cluster of many tenants takes, with every control and every proof. See ../README.md.
 *
 *   npm run bench:tenancy              100 to 1,000 tenants
 *   npm run bench:tenancy -- --quick   100 and 200 tenants
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { median, medianRatio } from '../support/statistics';
import { digits, table } from '../support/table';
import type { Sample } from './case';

/** A number of tenants, and what was measured with them in turns. */
interface Measured {
  readonly tenants: number;
  readonly samples: Sample[];
}

const SIZES = [100, 200, 500, 1000];
const QUICK = [100, 200];
const TURNS = 3;

/** Seconds that the largest cluster may take on two processors, and the most that the time for a tenant may grow. */
const GOALS = { seconds: 15, growth: 1.3 };

/** Measures in turns, every size once in each, each time in a new process. */
function measureAll(sizes: readonly number[]): Measured[] {
  const measured = sizes.map((tenants): Measured => ({ tenants, samples: [] }));
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { tenants, samples } of measured) {
      process.stderr.write(`turn ${turn + 1}: ${tenants} tenants\n`);
      samples.push(measure(tenants));
    }
  }
  return measured;
}

function measure(tenants: number): Sample {
  const script = path.join(__dirname, 'case.ts');
  const args = ['-r', 'ts-node/register/transpile-only', script, String(tenants)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Sample;
}

/** How many times as long a tenant takes in one size as in another. */
function growth(one: Measured, smaller: Measured): number {
  const cpu = ({ samples }: Measured) => samples.map((sample) => sample.cpu);
  return (medianRatio(cpu(one), cpu(smaller)) * smaller.tenants) / one.tenants;
}

function clock({ samples }: Measured): number {
  return median(samples.map(({ build, synth }) => build + synth));
}

function rows(measured: readonly Measured[]): string {
  const middle = (one: Measured, key: keyof Sample) =>
    digits(median(one.samples.map((sample) => sample[key])));
  const cells = measured.map((one) => [
    `${one.tenants} tenants`,
    String(one.samples[0]!.objects),
    middle(one, 'build'),
    middle(one, 'synth'),
    middle(one, 'summary'),
    middle(one, 'cpu'),
    middle(one, 'memory'),
    digits(growth(one, measured[0]!)),
  ]);
  return table([
    ['', 'objects', 'build s', 'synth s', 'summary s', 'processor s', 'MiB', 'growth'],
    ...cells,
  ]);
}

function verdicts(measured: readonly Measured[]): string {
  const largest = measured.at(-1)!;
  const worst = Math.max(...measured.slice(1).map((one, index) => growth(one, measured[index]!)));
  const verdict = (met: boolean) => (met ? 'met' : 'MISSED');
  return table([
    ['', 'goal', 'measured', ''],
    [
      `seconds of the clock, ${largest.tenants} tenants`,
      `at most ${GOALS.seconds}`,
      digits(clock(largest)),
      verdict(clock(largest) <= GOALS.seconds),
    ],
    [
      'growth of the time for a tenant, from size to size',
      `at most ${GOALS.growth}`,
      digits(worst),
      verdict(worst <= GOALS.growth),
    ],
  ]);
}

function main(): void {
  const quick = process.argv.includes('--quick');
  const measured = measureAll(quick ? QUICK : SIZES);
  console.log(`Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}.`);
  console.log('Three namespaces a tenant. Medians; processor time is that of all threads.\n');
  console.log(rows(measured));
  console.log(quick ? '\nThe goals are about 1,000 tenants: leave out --quick.' : `\n${verdicts(measured)}`);
}

main();
