/** Measures one size in a process of its own, and prints what it measured as JSON. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { manyTenants } from './cluster';

/** What was measured. */
export interface Sample {
  readonly objects: number;
  /** Seconds of the clock for building the constructs. */
  readonly build: number;
  /** Seconds of the clock for the synthesis, with every proof and the files. */
  readonly synth: number;
  /** Seconds of the clock for the summary with the theorem, as text. */
  readonly summary: number;
  /** Seconds of processor time for both, those of helper threads included. */
  readonly cpu: number;
  /** Most memory that the process had, in MiB. */
  readonly memory: number;
}

function measure(tenants: number, outdir: string): Sample {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const cluster = manyTenants(tenants, outdir);
  const built = performance.now();
  const synthesis = cluster.synth();
  const end = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  synthesis.describe();
  return {
    objects: synthesis.manifests.length,
    build: (built - start) / 1000,
    synth: (end - built) / 1000,
    summary: (performance.now() - end) / 1000,
    cpu: (user + system) / 1e6,
    memory: process.resourceUsage().maxRSS / 1024,
  };
}

/** A file system in memory where there is one, so that a slow disk does not cover the differences. */
const SCRATCH = !process.env.TMPDIR && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

const folder = fs.mkdtempSync(path.join(SCRATCH, 'bulwark-bench-'));
try {
  process.stdout.write(JSON.stringify(measure(Number(process.argv[2]), path.join(folder, 'dist'))));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
