/**
 * How large the report of a cluster of many tenants is, how long it takes to make, and how long a browser takes to open it. See
 * ../README.md.
 *
 *   npm run bench:report              100 to 1,000 tenants
 *   npm run bench:report -- --quick   100 and 250 tenants
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import puppeteer, { type Browser } from 'puppeteer-core';
import { median, medianRatio } from '../support/statistics';
import { digits, table } from '../support/table';
import { manyTenants } from '../tenancy/cluster';
import type { Sample } from './case';

/** A number of tenants, and what was measured with them in turns. */
interface Measured {
  readonly tenants: number;
  readonly objects: number;
  readonly samples: readonly Opened[];
}

/** A report that was made and opened. */
interface Opened extends Sample {
  /** Seconds of the clock from asking for the page until it was laid out and painted. */
  readonly open: number;
}

const SIZES = [100, 250, 500, 1000];
const QUICK = [100, 250];
const TURNS = 3;

/** Megabytes and seconds to open that the report of the largest cluster may take, and the most that the time for a tenant may grow. */
const GOALS = { size: 20, open: 3, growth: 1.3 };

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Measures in turns, every size once in each, so that what slows the machine down slows down all of them. */
async function measureAll(sizes: readonly number[], folder: string): Promise<Measured[]> {
  // With the construct of each object in the page, which makes it larger.
  process.env.CDK8S_RECORD_CONSTRUCT_METADATA = 'true';
  const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const clusters = sizes.map((tenants) => {
      process.stderr.write(`synthesizing ${tenants} tenants\n`);
      const outdir = path.join(folder, String(tenants), 'dist');
      const objects = manyTenants(tenants, outdir).synth().manifests.length;
      return { tenants, objects, outdir, samples: [] as Opened[] };
    });
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const { tenants, outdir, samples } of clusters) {
        process.stderr.write(`turn ${turn + 1}: ${tenants} tenants\n`);
        const page = `${outdir}.html`;
        samples.push({ ...make(outdir, page), open: await open(browser, page) });
      }
    }
    return clusters;
  } finally {
    await browser.close();
  }
}

function make(manifests: string, page: string): Sample {
  const script = path.join(__dirname, 'case.ts');
  const args = ['-r', 'ts-node/register/transpile-only', script, manifests, page];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Sample;
}

async function open(browser: Browser, file: string): Promise<number> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const start = performance.now();
  await page.goto(`file://${file}`, { waitUntil: 'load' });
  // The second frame comes after the first was painted.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const seconds = (performance.now() - start) / 1000;
  await page.close();
  return seconds;
}

/** How many times as long a tenant takes in one size as in another. */
function growth(one: Measured, smaller: Measured): number {
  const cpu = ({ samples }: Measured) => samples.map((sample) => sample.cpu);
  return (medianRatio(cpu(one), cpu(smaller)) * smaller.tenants) / one.tenants;
}

function middle({ samples }: Measured, key: keyof Opened): number {
  return median(samples.map((sample) => sample[key]));
}

function rows(measured: readonly Measured[]): string {
  const cells = measured.map((one) => [
    `${one.tenants} tenants`,
    String(one.objects),
    ...(['size', 'clock', 'cpu', 'memory', 'open'] as const).map((key) => digits(middle(one, key))),
    digits(growth(one, measured[0]!)),
  ]);
  return table([['', 'objects', 'MB', 'make s', 'processor s', 'MiB', 'open s', 'growth'], ...cells]);
}

function verdicts(measured: readonly Measured[]): string {
  const largest = measured.at(-1)!;
  const worst = Math.max(...measured.slice(1).map((one, index) => growth(one, measured[index]!)));
  const verdict = (value: number, goal: number) => [
    `at most ${goal}`,
    digits(value),
    value <= goal ? 'met' : 'MISSED',
  ];
  return table([
    ['', 'goal', 'measured', ''],
    [`MB of the page, ${largest.tenants} tenants`, ...verdict(middle(largest, 'size'), GOALS.size)],
    [`seconds to open it`, ...verdict(middle(largest, 'open'), GOALS.open)],
    ['growth of the time for a tenant, from size to size', ...verdict(worst, GOALS.growth)],
  ]);
}

/** A file system in memory where there is one, so that a slow disk does not cover the differences. */
const SCRATCH = !process.env.TMPDIR && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

async function main(): Promise<void> {
  const quick = process.argv.includes('--quick');
  const folder = fs.mkdtempSync(path.join(SCRATCH, 'bulwark-bench-'));
  try {
    const measured = await measureAll(quick ? QUICK : SIZES, folder);
    console.log(`Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}.`);
    console.log('Three namespaces a tenant. Medians; processor time is that of all threads.\n');
    console.log(rows(measured));
    console.log(
      quick ? '\nThe goals are about 1,000 tenants: leave out --quick.' : `\n${verdicts(measured)}`,
    );
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

void main();
