/**
 * A program for a child process: synthesizes the newer edition, once for each run, with a fault at one file operation. Takes
 * an array of {@link Run} as JSON, and prints an array of {@link Outcome} as JSON if it lives that long.
 */
import { BulwarkError } from '../../src/errors';
import { runWithFault, type FaultAt, type Operation } from './faulty-files';
import { edition } from './two-editions';

/** One synthesis. */
export interface Run {
  readonly outdir: string;
  /** @default nothing fails */
  readonly at?: FaultAt;
}

/** What came of it. */
export interface Outcome {
  readonly operations: readonly Operation[];
  /** @default it went well */
  readonly error?: { readonly message: string; readonly isClear: boolean; readonly code?: string };
}

if (require.main === module) {
  const runs = JSON.parse(process.argv[2]!) as Run[];
  process.stdout.write(JSON.stringify(runs.map(synthesize)));
}

function synthesize({ outdir, at }: Run): Outcome {
  const cluster = edition('new', outdir);
  const { operations, error } = runWithFault(() => void cluster.synth(), at);
  if (error === undefined) return { operations };
  const { message, code } = error as NodeJS.ErrnoException;
  return { operations, error: { message, isClear: error instanceof BulwarkError, ...(code && { code }) } };
}
