/**
 * How long construction and synthesis take, for stock cdk8s, for our blueprint and for the least that any synthesis has to
 * do. See ../README.md.
 *
 *   npm run bench:synth              everything
 *   npm run bench:synth -- --quick   500 charts and a chain of 8 only
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { medianRatio, median } from '../support/statistics';
import { digits, table } from '../support/table';
import type { Case, Sample } from './case';

/** A case and how often it is measured. */
interface Planned extends Case {
  readonly turns: number;
}

/** A case and what was measured, in the order of the turns. */
interface Measured extends Case {
  readonly samples: Sample[];
}

/** Something that has to hold on any machine. */
interface Goal {
  readonly name: string;
  readonly limit: number;
  readonly atLeast: boolean;
  readonly measured: (of: keyof Sample) => number;
}

const FLAT = [500, 1000, 2000];
const FLAT_BEYOND_APP = [4000, 8000];
const CHAINS = [8, 10, 12];
const CHAINS_BEYOND_APP = [100, 1000, 4000];
const TURNS = 5;

/** Stock cdk8s takes so long for these that measuring them more often is not worth the wait. */
const FEWER_TURNS: Readonly<Record<number, number>> = { 500: 3, 1000: 2, 2000: 1, 12: 2 };

function plan(quick: boolean): Planned[] {
  const [flat, chains] = quick ? [[500], [8]] : [FLAT, CHAINS];
  const sizes = [
    ...flat.map((charts) => ({ charts, chained: false })),
    ...chains.map((charts) => ({ charts, chained: true })),
  ];
  const beyond = [
    ...FLAT_BEYOND_APP.map((charts) => ({ charts, chained: false })),
    ...CHAINS_BEYOND_APP.map((charts) => ({ charts, chained: true })),
  ];
  const turns = quick ? 3 : TURNS;
  return [
    ...sizes.flatMap((size): Planned[] => [
      { ...size, maker: 'App', turns: Math.min(turns, FEWER_TURNS[size.charts] ?? turns) },
      { ...size, maker: 'Blueprint', turns },
      ...(size.chained ? [] : [{ ...size, maker: 'floor', turns } as const]),
    ]),
    ...(quick ? [] : beyond.map((size): Planned => ({ ...size, maker: 'Blueprint', turns }))),
  ];
}

/** Measures in turns, every case once in each, each time in a new process. */
function measureAll(planned: readonly Planned[]): Measured[] {
  const measured = planned.map((one) => ({ ...one, samples: [] as Sample[] }));
  for (let turn = 0; turn < Math.max(...planned.map(({ turns }) => turns)); turn += 1) {
    for (const one of measured.filter(({ turns }) => turn < turns)) {
      process.stderr.write(`turn ${turn + 1}: ${one.maker}, ${describeSize(one)}\n`);
      one.samples.push(measure(one));
    }
  }
  return measured;
}

function measure({ maker, charts, chained }: Case): Sample {
  const script = path.join(__dirname, 'case.ts');
  const wanted: Case = { maker, charts, chained };
  const output = execFileSync(
    process.execPath,
    ['-r', 'ts-node/register/transpile-only', script, JSON.stringify(wanted)],
    { encoding: 'utf8' },
  );
  return JSON.parse(output) as Sample;
}

function describeSize({ charts, chained }: Case): string {
  return chained ? `chain of ${charts} charts` : `${charts} charts`;
}

/** Looks up what was measured, and compares. */
class Results {
  constructor(readonly all: readonly Measured[]) {}

  find(maker: Case['maker'], charts: number, chained: boolean): Measured | undefined {
    return this.all.find((one) => one.maker === maker && one.charts === charts && one.chained === chained);
  }

  seconds(one: Measured, of: keyof Sample): number[] {
    return one.samples.map((sample) => sample[of]);
  }

  /** How many times as long one case takes as another. */
  ratio(numerator: Measured, denominator: Measured, of: keyof Sample): number {
    return medianRatio(this.seconds(numerator, of), this.seconds(denominator, of));
  }

  /** How many times as long a chart takes in one case as in another. */
  growth(one: Measured, smaller: Measured, of: keyof Sample): number {
    return (this.ratio(one, smaller, of) * smaller.charts) / one.charts;
  }

  blueprints(chained: boolean): Measured[] {
    return this.all.filter((one) => one.maker === 'Blueprint' && one.chained === chained);
  }

  /**
   * The most that the time for a chart grows from any size to any larger one. The smallest size alone would flatter: it has
   * to wait for the compiler of the JavaScript engine.
   */
  worstGrowth(sizes: readonly Measured[], of: keyof Sample): number {
    const growths = sizes.flatMap((one) =>
      sizes.filter(({ charts }) => charts < one.charts).map((smaller) => this.growth(one, smaller, of)),
    );
    return Math.max(...growths);
  }
}

function comparison(results: Results): string {
  const rows = [...results.blueprints(false), ...results.blueprints(true)];
  const cells = rows.map((ours) => {
    const stock = results.find('App', ours.charts, ours.chained);
    const floor = results.find('floor', ours.charts, ours.chained);
    const smallest = results.blueprints(ours.chained)[0]!;
    const smallestStock = results.find('App', smallest.charts, ours.chained)!;
    const seconds = (one?: Measured) => (one ? digits(median(results.seconds(one, 'cpu'))) : '');
    return [
      describeSize(ours),
      seconds(stock),
      seconds(ours),
      seconds(floor),
      stock ? digits(results.ratio(stock, ours, 'cpu')) : '',
      floor ? digits(results.ratio(ours, floor, 'cpu')) : '',
      stock ? digits(results.growth(stock, smallestStock, 'cpu')) : '',
      digits(results.growth(ours, smallest, 'cpu')),
    ];
  });
  const heading = ['', 'App s', 'Blueprint s', 'floor s', 'App/Blueprint', 'Blueprint/floor'];
  return table([[...heading, 'App growth', 'Blueprint growth'], ...cells]);
}

function goals(results: Results, charts: number): Goal[] {
  const [stock, ours, floor] = (['App', 'Blueprint', 'floor'] as const).map((maker) =>
    results.find(maker, charts, false)!,
  );
  const flat = results.blueprints(false);
  // A chain of a few charts takes less time than the compiler of the JavaScript engine.
  const chains = results.blueprints(true).filter((one) => one.charts >= CHAINS_BEYOND_APP[0]!);
  return [
    {
      name: `App / Blueprint, ${charts} charts`,
      limit: 20,
      atLeast: true,
      measured: (of) => results.ratio(stock!, ours!, of),
    },
    {
      name: `Blueprint / floor, ${charts} charts`,
      limit: 2,
      atLeast: false,
      measured: (of) => results.ratio(ours!, floor!, of),
    },
    {
      name: 'growth of the time for a chart, 500 to 8000 charts',
      limit: 1.3,
      atLeast: false,
      measured: (of) => results.worstGrowth(flat, of),
    },
    {
      name: 'growth of the time for a chart, chains of 100 to 4000',
      limit: 1.3,
      atLeast: false,
      measured: (of) => results.worstGrowth(chains, of),
    },
  ];
}

function verdicts(results: Results): string {
  const cells = goals(results, FLAT.at(-1)!).map(({ name, limit, atLeast, measured }) => {
    const met = atLeast ? measured('cpu') >= limit : measured('cpu') <= limit;
    const goal = `${atLeast ? 'at least' : 'at most'} ${limit}`;
    return [name, goal, digits(measured('cpu')), digits(measured('clock')), met ? 'met' : 'MISSED'];
  });
  return table([['', 'goal', 'measured', 'by the clock', ''], ...cells]);
}

function main(): void {
  const quick = process.argv.includes('--quick');
  const results = new Results(measureAll(plan(quick)));
  console.log(`Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}.`);
  console.log('Medians, in seconds of processor time of the main thread.');
  console.log(
    'Growth: how many times as long a chart takes as in the smallest app, or chain, of the table.\n',
  );
  console.log(comparison(results));
  console.log(quick ? '\nThe goals are about larger apps: leave out --quick.' : `\n${verdicts(results)}`);
}

main();
