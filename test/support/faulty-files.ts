import fs from 'node:fs';
import path from 'node:path';

/** What goes wrong at the k-th file operation. */
export type Fault = 'kill before' | 'kill after' | 'kill halfway' | 'EIO' | 'ENOSPC';

/** A file operation that changes something: the name of the function of `fs` and the path it was given. */
export interface Operation {
  readonly name: string;
  readonly path: string;
}

/** Every function of `fs` that changes a file system and returns when it has. */
const MUTATING = [
  'appendFileSync',
  'chmodSync',
  'chownSync',
  'copyFileSync',
  'cpSync',
  'fchmodSync',
  'fchownSync',
  'fdatasyncSync',
  'fsyncSync',
  'ftruncateSync',
  'futimesSync',
  'lchownSync',
  'linkSync',
  'lutimesSync',
  'mkdirSync',
  'mkdtempSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
  'writevSync',
] as const;

type Callable = (...args: unknown[]) => unknown;

const functions = fs as unknown as Record<string, Callable>;
const originals = Object.fromEntries(MUTATING.map((name) => [name, functions[name]!]));

/** Which operation fails, and how. */
export interface FaultAt {
  /** Counted from 1. */
  readonly k: number;
  readonly fault: Fault;
  /**
   * Whether a kill is only pretended: no operation after it has an effect, as if there was no process any more, and the step
   * ends with an error. A hundred of these take less time than two processes.
   * @default false
   */
  readonly pretend?: boolean;
}

interface Watch {
  readonly at: FaultAt | undefined;
  readonly operations: Operation[];
  isDead: boolean;
}

let watch: Watch | undefined;

/**
 * Runs a step in which every mutating file operation works but the k-th, counted from 1, which fails in the given way. What
 * Node itself calls inside of an operation (rmSync: unlinkSync, rmdirSync) counts as well, where Node does so in JavaScript.
 * @returns The operations, and what the step threw.
 */
export function runWithFault(step: () => void, at?: FaultAt): { operations: Operation[]; error: unknown } {
  // Replaced once for all: Node keeps what it finds at the first rmSync.
  for (const name of MUTATING) functions[name] = (...args) => intercept(name, args);
  const own: Watch = { at, operations: [], isDead: false };
  watch = own;
  try {
    step();
    return { operations: own.operations, error: undefined };
  } catch (error) {
    return { operations: own.operations, error };
  } finally {
    watch = undefined;
    Object.assign(fs, originals);
  }
}

function intercept(name: string, args: readonly unknown[]): unknown {
  const original = originals[name]!;
  if (!watch) return original(...args);
  if (watch.isDead) throw new Error('There is no process any more.');
  watch.operations.push({ name, path: String(args[0]) });
  const { at, operations } = watch;
  if (operations.length !== at?.k) return original(...args);
  if (at.fault === 'EIO' || at.fault === 'ENOSPC') throw systemError(at.fault, name, String(args[0]));
  const own = watch;
  // What is called inside of this operation is not to be counted.
  watch = undefined;
  try {
    if (at.fault === 'kill halfway') doHalf(name, args);
    if (at.fault === 'kill after') original(...args);
  } catch {
    // It fails of itself; the process dies all the same.
  }
  if (!at.pretend) die();
  watch = own;
  own.isDead = true;
  throw new Error('The process was killed.');
}

function systemError(code: string, name: string, file: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${name} '${file}'`), { code });
}

/** The two operations that are not done at once: writing a file, and removing a folder with what is in it. */
function doHalf(name: string, args: readonly unknown[]): void {
  const [target, content] = args as [string, string];
  if (name === 'writeFileSync') fs.writeFileSync(target, content.slice(0, content.length / 2));
  if (name === 'rmSync' && fs.existsSync(target)) {
    const entries = fs.readdirSync(target);
    entries
      .slice(0, Math.ceil(entries.length / 2))
      .forEach((entry) => fs.rmSync(path.join(target, entry), { recursive: true }));
  }
}

/** Ends this process at once: no handler, no `finally` and no buffered write comes after this. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // A signal to oneself is delivered before the call returns; should it not be, nothing more may happen anyway.
  for (;;);
}
