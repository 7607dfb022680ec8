/**
 * How long it takes to find out who can reach whom. See ../README.md.
 *
 *   npm run bench:reach              everything, up to a million pods
 *   npm run bench:reach -- --quick   up to 10,000 pods
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { digits, table } from '../support/table';
import { toYaml } from '../../src/manifest/yaml';
import type { Case, Sample } from './case';
import { clusterOf } from './clusters';

const SIZES = [
  { namespaces: 20, replicas: 10 },
  { namespaces: 200, replicas: 10 },
  { namespaces: 2000, replicas: 10 },
  { namespaces: 25_000, replicas: 8 },
];
const READ_FROM_YAML = [200, 2000];

function plan(quick: boolean): readonly (Case & { readonly name: string })[] {
  const sizes = quick ? SIZES.slice(0, 2) : SIZES;
  const read = quick ? READ_FROM_YAML.slice(0, 1) : READ_FROM_YAML;
  return [
    ...sizes.map((size) => ({
      name: 'tenants',
      shape: { kind: 'tenants', as: 'Pod', ...size } as const,
      yaml: false,
    })),
    ...read.map((namespaces) => ({
      name: 'tenants, YAML',
      shape: { kind: 'tenants', as: 'Deployment', namespaces, replicas: 2 } as const,
      yaml: true,
    })),
    ...(quick ? [10_000] : [10_000, 100_000]).map((pods) => ({
      name: 'random',
      shape: { kind: 'random', pods, policies: pods / 5 } as const,
      yaml: false,
    })),
  ];
}

/** Measures in a process of its own, so that nothing is compiled or left behind by another case. */
function measure(one: Case): Sample {
  const file = path.join(__dirname, 'case.ts');
  const loader = ['-r', 'ts-node/register/transpile-only', '--max-old-space-size=8192'];
  const output = execFileSync(process.execPath, [...loader, file, JSON.stringify(one)], { encoding: 'utf8' });
  return JSON.parse(output) as Sample;
}

/** A module that tells on the end of a command how much processor time all its threads took. */
const USAGE = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process.stderr.write(JSON.stringify({ cpu: (user + system) / 1e6, clock: process.uptime() }));
})`)}`;

interface Usage {
  readonly cpu: number;
  readonly clock: number;
}

/** Of the command in lib, from its start to its end, for each kind of time: the fastest of five runs. */
function secondsOfCommand(workloads: number): Usage {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-reach-'));
  const shape = { kind: 'tenants', as: 'Deployment', namespaces: workloads / 5, replicas: 2 } as const;
  fs.writeFileSync(path.join(folder, 'cluster.yaml'), toYaml(clusterOf(shape)));
  const command = path.join(__dirname, '../../lib/src/cli/main.js');
  const runs = [1, 2, 3, 4, 5].map(() => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', USAGE, command, 'reach', folder], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stderr.slice(stderr.lastIndexOf('{'))) as Usage;
  });
  fs.rmSync(folder, { recursive: true });
  return {
    cpu: Math.min(...runs.map(({ cpu }) => cpu)),
    clock: Math.min(...runs.map(({ clock }) => clock)),
  };
}

/** Seconds that netpol-analyzer took for as many workloads, 2 replicas each: measured once, elsewhere. */
const NETPOL_ANALYZER = new Map([
  [100, 0.7],
  [300, 5.3],
  [1000, 47.5],
]);

function main(): void {
  const cases = plan(process.argv.includes('--quick'));
  console.log(
    `Node ${process.version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}. Seconds of processor time.`,
  );
  const heading = [
    '',
    'pods',
    'policies',
    'read',
    'build',
    'all pairs',
    'isolation',
    'us per pod',
    'peak MB',
  ];
  const rows = cases.map(({ name, ...one }) => {
    const { pods, policies, readSeconds, buildSeconds, pairSeconds, isolationSeconds, peakMegabytes } =
      measure(one);
    const engine = buildSeconds + pairSeconds;
    const seconds = [readSeconds, buildSeconds, pairSeconds, isolationSeconds].map(digits);
    return [
      name,
      `${pods}`,
      `${policies}`,
      ...seconds,
      digits((engine / pods) * 1e6),
      peakMegabytes.toFixed(0),
    ];
  });
  console.log(table([heading, ...rows]));
  const commands = [...NETPOL_ANALYZER].map(([workloads, theirs]) => {
    const { cpu, clock } = secondsOfCommand(workloads);
    return [
      `${workloads}`,
      digits(cpu),
      digits(clock),
      digits(theirs),
      digits(theirs / clock),
      digits(theirs / cpu),
    ];
  });
  console.log('\nThe whole command, bulwark reach FOLDER. Seconds of processor time, and by the clock.');
  console.log(
    table([
      ['workloads', 'processor', 'clock', 'netpol-analyzer', 'times', 'by processor time'],
      ...commands,
    ]),
  );
}

main();
