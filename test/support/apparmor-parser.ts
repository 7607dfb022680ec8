import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PARSER = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser'].find((file) => fs.existsSync(file));
/** Printed wherever the kernel has no AppArmor; compiling needs none. */
const HARMLESS = /^Cache read\/write disabled.*\n?/gm;

/** Whether `apparmor_parser` is installed (Debian package apparmor). In CI a missing one is an error, not a skipped test. */
export function hasParser(): boolean {
  if (!PARSER && process.env.CI) throw new Error('apparmor_parser is missing: apt-get install apparmor');
  return PARSER !== undefined;
}

/** A `describe` that needs the parser. */
export const describeWithParser = (title: string, body: () => void): void =>
  hasParser() ? describe(title, body) : describe.skip(`${title} (skipped: no apparmor_parser)`, body);

export interface Parsed {
  readonly status: number | null;
  readonly output: string;
}

/** Compiles profiles without loading them, all in one process. `options` are added to `-QTK`. */
export function compile(texts: readonly string[], options: readonly string[] = []): Parsed {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-apparmor-'));
  try {
    const files = texts.map((text, index) => {
      const file = path.join(folder, String(index));
      fs.writeFileSync(file, text);
      return file;
    });
    const { status, stdout, stderr } = spawnSync(PARSER!, ['-QTK', '--jobs=1', ...options, ...files], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return { status, output: (stdout + stderr).replace(HARMLESS, '') };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A state of the automaton that the parser makes of a path: where each byte leads, and whether it accepts. */
interface State {
  readonly next: Map<number, string>;
  accepts: boolean;
}

/**
 * The one text that a path in a profile matches, read out of the automaton that the kernel would run.
 * @returns undefined when it matches none or more than one.
 */
export function onlyMatch(rendered: string): string | undefined {
  const { status, output } = compile([`profile x {\n  ${rendered} r,\n}\n`], ['-D', 'dfa-states']);
  if (status !== 0) throw new Error(output);
  const states = new Map<string, State>();
  const stateOf = (name: string) => {
    const known = states.get(name) ?? { next: new Map<number, string>(), accepts: false };
    states.set(name, known);
    return known;
  };
  let at: State | undefined;
  for (const line of output.split('\n')) {
    const [, name, rest = ''] = /^\{(\d+)\}(.*)$/.exec(line) ?? [];
    if (name !== undefined) at = stateOf(name);
    if (name !== undefined && rest.startsWith(' (')) at!.accepts = true;
    const [, byte, target] = /^ {4}.*?0x([0-9a-f]+) -> \{(\d+)\}/.exec(line) ?? [];
    if (byte !== undefined) at!.next.set(parseInt(byte, 16), target!);
    else if (/->/.test(line)) return undefined;
  }
  return chain(states);
}

function chain(states: ReadonlyMap<string, State>): string | undefined {
  const bytes: number[] = [];
  for (let state = states.get('1'); state;) {
    if (state.accepts) return state.next.size === 0 ? Buffer.from(bytes).toString('utf8') : undefined;
    if (state.next.size !== 1) return undefined;
    const [[byte, target] = [0, '']] = state.next;
    bytes.push(byte);
    state = states.get(target);
  }
  return undefined;
}
