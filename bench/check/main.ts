/**
 * How long `bulwark check` takes for hardened services, and how much of it goes into asking the controls. See ../README.md.
 *
 *   npm run bench:check              builds the command, and measures 1,000 to 5,000 services
 *   npm run bench:check -- --quick   500 and 1,000 services
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { controlsOf } from '../../src/controls/profiles';
import { median, medianRatio } from '../support/statistics';
import { digits, table } from '../support/table';
import { writeManifests } from './manifests';
import type { Phases } from './phases';

/** Seconds of one run of the whole command. */
interface Command {
  /** Of all its threads together, so that other programs hardly change it. */
  readonly cpu: number;
  readonly clock: number;
}

interface Size {
  readonly services: number;
  readonly folder: string;
  readonly objects: number;
  readonly commands: Command[];
  readonly phases: Phases[];
}

const TURNS = 5;
const ROOT = path.resolve(__dirname, '../..');
const COMMAND = path.join(ROOT, 'lib/src/cli/main.js');

/** A module that tells on the end of a command how much processor time all its threads took. */
const USAGE = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process.stderr.write(JSON.stringify({ cpu: (user + system) / 1e6, clock: process.uptime() }));
})`)}`;

/** What was measured elsewhere for a set of this kind, with 1,000 services: seconds by the clock. Not measured here. */
const ELSEWHERE: readonly (readonly [tool: string, seconds: number])[] = [
  ['kube-score', 1],
  ['Polaris', 14],
  ['Checkov', 251],
];

function prepare(services: number, scratch: string): Size {
  const folder = path.join(scratch, String(services));
  return { services, folder, objects: writeManifests(folder, services), commands: [], phases: [] };
}

function runCommand({ folder, objects }: Size): Command {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', USAGE, COMMAND, 'check', folder, '--target', '1.33'],
    { encoding: 'utf8' },
  );
  if (status !== 0 || stdout.trim() !== `0 findings in ${objects} objects`) throw new Error(stdout + stderr);
  return JSON.parse(stderr.trim()) as Command;
}

function runPhases({ folder }: Size): Phases {
  const script = path.join(__dirname, 'phases.ts');
  const output = execFileSync(process.execPath, ['-r', 'ts-node/register/transpile-only', script, folder], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as Phases;
}

function results(sizes: readonly Size[]): string {
  const [smallest] = sizes;
  const rows = sizes.map((size) => {
    const of = (key: keyof Phases) => size.phases.map((phases) => phases[key]);
    const cpu = size.commands.map((command) => command.cpu);
    return [
      `${size.objects} objects`,
      digits(median(cpu)),
      digits(median(size.commands.map(({ clock }) => clock))),
      digits(median(of('parse'))),
      digits(median(of('evaluate'))),
      digits(medianRatio(of('evaluate'), of('parse'))),
      digits(growth(size, smallest!)),
    ];
  });
  return table([
    ['', 'command s', 'by the clock', 'parse s', 'evaluate s', 'evaluate/parse', 'growth'],
    ...rows,
  ]);
}

/** How many times as long an object takes as in a smaller set. */
function growth(size: Size, smaller: Size): number {
  const total = ({ phases }: Size) => phases.map(({ parse, evaluate }) => parse + evaluate);
  return (medianRatio(total(size), total(smaller)) * smaller.objects) / size.objects;
}

function verdicts(sizes: readonly Size[]): string {
  const size = sizes.find(({ services }) => services === 1_000)!;
  const share = medianRatio(
    size.phases.map(({ evaluate }) => evaluate),
    size.phases.map(({ parse }) => parse),
  );
  const worst = Math.max(
    ...sizes.flatMap((one) =>
      sizes.filter((other) => other.objects < one.objects).map((other) => growth(one, other)),
    ),
  );
  const goals: [string, number, number][] = [
    [
      'the whole command, 1,000 services, seconds of processor time',
      1,
      median(size.commands.map(({ cpu }) => cpu)),
    ],
    ['evaluate/parse, 1,000 services', 0.2, share],
    ['growth of the time for an object, from any size to a larger one', 1.3, worst],
  ];
  return table([
    ['', 'at most', 'measured', ''],
    ...goals.map(([name, limit, value]) => [
      name,
      String(limit),
      digits(value),
      value <= limit ? 'met' : 'MISSED',
    ]),
  ]);
}

function main(): void {
  const scratch = fs.mkdtempSync(path.join(scratchRoot(), 'bulwark-bench-'));
  try {
    const counts = process.argv.includes('--quick') ? [500, 1_000] : [1_000, 2_000, 5_000];
    const sizes = counts.map((services) => prepare(services, scratch));
    for (let turn = 0; turn < TURNS; turn += 1) {
      process.stderr.write(`turn ${turn + 1}\n`);
      for (const size of sizes) {
        size.commands.push(runCommand(size));
        size.phases.push(runPhases(size));
      }
    }
    const load = digits(os.loadavg()[0]!);
    console.log(
      `Node ${process.version}, ${os.cpus().length} processors, load ${load}, ${controlsOf('hardened').length} controls.`,
    );
    console.log(
      'Medians, in seconds of processor time: of all threads of the command; of the main thread for its parts.\n',
    );
    console.log(results(sizes));
    console.log(`\n${verdicts(sizes)}`);
    const others = ELSEWHERE.map(([tool, seconds]) => `${tool} ${seconds} s`).join(', ');
    console.log(`\nFor comparison, measured on another machine and not here, 1,000 services: ${others}.`);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** A file system in memory where there is one, so that a slow disk does not cover the differences. */
function scratchRoot(): string {
  return !process.env.TMPDIR && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
}

main();
