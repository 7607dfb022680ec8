import { BulwarkError } from '../errors';
import type { SeccompProfile } from './profile';
import { SYSCALLS, syscallName, type Architecture } from './syscalls';

/** How the audit log writes an architecture (AUDIT_ARCH_* of linux/audit.h). */
const AUDIT_ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  c000003e: 'amd64',
  c00000b7: 'arm64',
  '40000028': 'arm',
  '40000003': '386',
  c0000015: 'ppc64le',
  '80000016': 's390x',
  c00000f3: 'riscv64',
};

const KNOWN: ReadonlySet<string> = new Set(SYSCALLS);

/** A record of the audit log, also as the kernel prints it: `audit: type=1326 ... arch=c000003e syscall=59`. */
const AUDIT = /\barch=([0-9a-f]{8})\b.*\bsyscall=(\d+)\b/;
/** A row of `strace -c`: share, seconds, time per call, calls, errors, name. */
const SUMMARY = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+(?:\d+\s+)?([a-z_][a-z0-9_]*)\s*$/;
/** A line of strace: process, time, then the call, or its end. */
const TRACE = /^(?:\[pid\s+\d+\]\s+|\d+\s+)?(?:[\d:.]+\s+)?(?:<\.\.\. )?([a-z_][a-z0-9_]*)(?:\(| resumed>)/;
/** A list: one name on a line, or several with commas or spaces, in quotes or not. */
const LIST = /^[\s"',[\]-]*[a-z_][a-z0-9_]*(?:[\s"',[\]]+[a-z_][a-z0-9_]*)*[\s"',[\]]*$/;

/**
 * The system calls in a record of what a program did: the audit log of a seccomp profile with the action `log`, the output of
 * `strace -f` or `strace -c`, or a list of names. Lines that are none of these are passed over.
 *
 * @throws BulwarkError when there is no system call in it.
 */
export function syscallsIn(record: string): string[] {
  const names = new Set(record.split('\n').flatMap(namesIn));
  if (names.size === 0) {
    throw new BulwarkError(
      'There is no system call in the record. Give the output of strace -f or strace -c, lines of the audit log with arch= and syscall=, or names.',
    );
  }
  return [...names].sort();
}

/**
 * A profile that allows what a program was seen to do, and nothing else. What it does only sometimes has to be in the record,
 * too: let it start, serve, fail and stop.
 *
 * @throws BulwarkError when there is no system call in the record.
 */
export function learnSeccompProfile(
  name: string,
  record: string,
  options: Pick<SeccompProfile, 'architectures' | 'defaultAction'> = {},
): SeccompProfile {
  return { ...options, name, rules: [{ action: 'allow', syscalls: syscallsIn(record) }] };
}

function namesIn(line: string): string[] {
  if (AUDIT.test(line)) return audited(line);
  const [, name] = SUMMARY.exec(line) ?? TRACE.exec(line) ?? [];
  if (name !== undefined) return KNOWN.has(name) ? [name] : [];
  const listed = LIST.test(line) ? (line.match(/[a-z_][a-z0-9_]*/g) ?? []) : [];
  // A line of words that are not all system calls is prose.
  return listed.every((word) => KNOWN.has(word)) ? listed : [];
}

function audited(line: string): string[] {
  const [, arch = '', number] = AUDIT.exec(line) ?? [];
  const architecture = AUDIT_ARCHITECTURES[arch];
  const name = architecture && syscallName(Number(number), architecture);
  return name === undefined ? [] : [name];
}
