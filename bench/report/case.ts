/** Makes the report of one folder in a process of its own, and prints what it took as JSON. */
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { reportCommand } from '../../src/cli/report';

/** What was measured. */
export interface Sample {
  /** Seconds of the clock, from reading the manifests to the written page. */
  readonly clock: number;
  /** Seconds of processor time for the same, those of helper threads included. */
  readonly cpu: number;
  /** Most memory that the process had, in MiB. */
  readonly memory: number;
  /** Size of the page in MB, of a million bytes. */
  readonly size: number;
}

async function measure(manifests: string, output: string): Promise<Sample> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const context = { version: '0', colour: false, terminal: false, now: new Date('2026-01-01') };
  await reportCommand([manifests], { output, target: '1.33' }, context);
  const { user, system } = process.cpuUsage(cpu);
  return {
    clock: (performance.now() - start) / 1000,
    cpu: (user + system) / 1e6,
    memory: process.resourceUsage().maxRSS / 1024,
    size: fs.statSync(output).size / 1e6,
  };
}

const [, , manifests = '', output = ''] = process.argv;
void measure(manifests, output).then((sample) => process.stdout.write(JSON.stringify(sample)));
