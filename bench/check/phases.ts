/**
 * One measurement in a process of its own, with the code that is published: reads the manifests of a folder, and asks every
 * control of the profile `hardened` about them. Prints the seconds of each part as JSON.
 */
import fs from 'node:fs';
import path from 'node:path';
import type * as InputModule from '../../src/cli/input';
import type * as AuditModule from '../../src/controls/audit';

/** Seconds of processor time of the thread that runs the program. */
export interface Phases {
  readonly objects: number;
  /** Reading and parsing the files. */
  readonly parse: number;
  /** Asking every control about every object, with the rules compiled. */
  readonly evaluate: number;
  /** The first time that controls are asked: with compiling the rules, and the JavaScript engine its code. */
  readonly first: number;
}

const LIB = path.resolve(__dirname, '../../lib/src');

function measure(folder: string): Phases {
  const { readPaths } = load<typeof InputModule>('cli/input');
  const { auditManifests } = load<typeof AuditModule>('controls/audit');
  const start = cpuSeconds();
  const { manifests } = readPaths([folder]);
  const parsed = cpuSeconds();
  const objects = manifests.map(({ manifest }) => manifest);
  const ask = () => {
    const before = cpuSeconds();
    const findings = auditManifests(objects, { target: '1.33' });
    if (findings.length > 0) throw new Error(`${findings.length} findings, and there should be none`);
    return cpuSeconds() - before;
  };
  const first = ask();
  return { objects: objects.length, parse: parsed - start, first, evaluate: ask() };
}

/** The published form of a module. */
function load<T>(name: string): T {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a file that is there once it is built
  return require(path.join(LIB, name)) as T;
}

/** Linux tells it for a thread; elsewhere the helpers of the JavaScript engine count, too. */
function cpuSeconds(): number {
  const ofThread = '/proc/thread-self/schedstat';
  if (fs.existsSync(ofThread)) return Number(fs.readFileSync(ofThread, 'utf8').split(' ')[0]) / 1e9;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

if (require.main === module) process.stdout.write(JSON.stringify(measure(process.argv[2]!)));
