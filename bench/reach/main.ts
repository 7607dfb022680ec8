/**
 * How long it takes to find out who can reach whom. See ../README.md.
 *
 *   npm run bench:reach              everything, up to a million pods
 *   npm run bench:reach -- --quick   up to 10,000 pods
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { digits, table } from '../support/table';
import type { Case, Sample } from './case';

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
}

main();
