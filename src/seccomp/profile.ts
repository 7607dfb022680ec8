import { SECURITY_PROFILES_API_VERSION } from '../apparmor/operator';
import { BulwarkError } from '../errors';
import { checkProfileName, nameByContent } from '../profile-name';
import { editDistance } from '../spelling';
import type { Manifest } from '../manifest/manifest';
import { SYSCALLS, syscallNumber, type Architecture } from './syscalls';

/** What the kernel does with a system call. */
export type SeccompAction = 'allow' | 'errno' | 'kill-process' | 'kill-thread' | 'trap' | 'log';

/** A condition on an argument of a system call. */
export interface SeccompArgument {
  /** 0 for the first argument, 5 for the last. */
  readonly index: number;
  readonly op: '==' | '!=' | '<' | '<=' | '>' | '>=';
  /** A whole number from 0. Pointers cannot be looked behind. */
  readonly value: number;
  /** Bits of the argument to compare; only with `==`. @default all */
  readonly mask?: number;
}

/** What to do with some system calls. */
export interface SeccompRule {
  /** Names, for example `openat`. */
  readonly syscalls: readonly string[];
  readonly action: SeccompAction;
  /** Number of the error that the program sees; only with `errno`. @default 1, EPERM */
  readonly errno?: number;
  /** All of them have to hold for the rule to apply. @default none */
  readonly args?: readonly SeccompArgument[];
}

/** A seccomp profile: what a container may ask of the kernel. */
export interface SeccompProfile {
  /** What the profile is for, for example `shop-frontend`. A hash of the content is added when it is loaded. */
  readonly name: string;
  /**
   * What happens to a call that no rule is about.
   * @default 'errno': the profile is a list of what is allowed
   */
  readonly defaultAction?: SeccompAction;
  /**
   * Architectures of the nodes. Calls of any other one, also of the 32-bit mode of a 64-bit machine, end the process.
   * @default ['amd64', 'arm64']
   */
  readonly architectures?: readonly Architecture[];
  readonly rules: readonly SeccompRule[];
}

/** A profile as the kubelet reads it, in the format of the OCI runtime specification. */
export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly OciSyscall[];
}

/** A rule of an {@link OciSeccomp}. */
export interface OciSyscall {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
}

/** A profile under the name by which pods ask for it. */
export interface RenderedSeccompProfile {
  /** `NAME-HASH`. */
  readonly name: string;
  readonly oci: OciSeccomp;
  /** Content of the file. */
  readonly text: string;
}

/**
 * What runc and crun call between the moment the filter is in force and the start of the program. A list of what is allowed
 * without these is a container that never starts.
 */
export const RUNTIME_SYSCALLS: readonly string[] = (
  'brk capget capset chdir clone close dup3 epoll_create1 epoll_ctl epoll_pwait execve exit exit_group fchdir fchown fcntl ' +
  'fstat fstatfs futex getcwd getdents64 getegid geteuid getgid getpid getppid getrandom gettid getuid ioctl lseek mmap ' +
  'mprotect munmap nanosleep newfstatat openat openat2 pipe2 prctl pread64 prlimit64 read readlinkat rseq rt_sigaction ' +
  'rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield set_robust_list set_tid_address setgid setgroups setuid ' +
  'sigaltstack statfs statx tgkill umask wait4 write'
).split(' ');

const ACTIONS: Readonly<Record<SeccompAction, string>> = {
  allow: 'SCMP_ACT_ALLOW',
  errno: 'SCMP_ACT_ERRNO',
  'kill-process': 'SCMP_ACT_KILL_PROCESS',
  'kill-thread': 'SCMP_ACT_KILL_THREAD',
  trap: 'SCMP_ACT_TRAP',
  log: 'SCMP_ACT_LOG',
};

const OPERATORS: Readonly<Record<SeccompArgument['op'], string>> = {
  '==': 'SCMP_CMP_EQ',
  '!=': 'SCMP_CMP_NE',
  '<': 'SCMP_CMP_LT',
  '<=': 'SCMP_CMP_LE',
  '>': 'SCMP_CMP_GT',
  '>=': 'SCMP_CMP_GE',
};

const SCMP_ARCHITECTURES: Readonly<Record<Architecture, string>> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
  arm: 'SCMP_ARCH_ARM',
  '386': 'SCMP_ARCH_X86',
  ppc64le: 'SCMP_ARCH_PPC64LE',
  s390x: 'SCMP_ARCH_S390X',
  riscv64: 'SCMP_ARCH_RISCV64',
};

const EPERM = 1;
const LARGEST_ERRNO = 4095;

/**
 * Writes a profile as the kubelet reads it. What a container runtime needs to start a container is allowed as well, unless a
 * rule names it.
 *
 * @throws BulwarkError for a system call that none of the architectures has: a runtime passes over a name it does not know,
 *   so a misspelt call would be allowed where it should be refused.
 */
export function renderSeccompProfile(profile: SeccompProfile): RenderedSeccompProfile {
  const where = `seccomp profile ${JSON.stringify(profile.name)}`;
  checkProfileName(profile.name, where);
  const { defaultAction = 'errno', architectures = ['amd64', 'arm64'], rules } = profile;
  check(profile, architectures, where);
  const named = new Set(rules.flatMap(({ syscalls }) => syscalls));
  const forRuntime: SeccompRule = {
    syscalls: RUNTIME_SYSCALLS.filter((name) => !named.has(name) && isKnown(name, architectures)),
    action: 'allow',
  };
  const all = defaultAction === 'allow' || forRuntime.syscalls.length === 0 ? rules : [...rules, forRuntime];
  const oci: OciSeccomp = {
    defaultAction: ACTIONS[defaultAction],
    ...(defaultAction === 'errno' && { defaultErrnoRet: EPERM }),
    architectures: architectures.map((architecture) => SCMP_ARCHITECTURES[architecture]),
    syscalls: all.map(ociRule),
  };
  const text = `${JSON.stringify(oci, null, 2)}\n`;
  return { name: nameByContent(profile.name, text), oci, text };
}

/** A profile as a resource of the Security Profiles Operator, which writes it to `operator/NAME.json` on every node. */
export function operatorSeccompProfile(profile: SeccompProfile): Manifest {
  const { name, oci } = renderSeccompProfile(profile);
  // The operator has no field for the error of the default action, which is EPERM for it, too.
  const { defaultErrnoRet: _errno, ...spec } = oci;
  return {
    apiVersion: SECURITY_PROFILES_API_VERSION,
    kind: 'SeccompProfile',
    metadata: { name },
    spec,
  };
}

function ociRule({ syscalls, action, errno, args = [] }: SeccompRule): OciSyscall {
  return {
    names: [...new Set(syscalls)].sort(),
    action: ACTIONS[action],
    ...(action === 'errno' && { errnoRet: errno ?? EPERM }),
    ...(args.length > 0 && {
      args: args.map(({ index, op, value, mask }) =>
        mask === undefined
          ? { index, value, op: OPERATORS[op] }
          : { index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' },
      ),
    }),
  };
}

function isKnown(name: string, architectures: readonly Architecture[]): boolean {
  return architectures.some((architecture) => syscallNumber(name, architecture) !== undefined);
}

function check(profile: SeccompProfile, architectures: readonly Architecture[], where: string): void {
  const { defaultAction = 'errno', rules } = profile;
  if (architectures.length === 0) {
    throw new BulwarkError(
      `${where}: names no architecture, so no call would be allowed. Use ['amd64', 'arm64'].`,
    );
  }
  if (rules.every(({ action }) => action === defaultAction)) {
    throw new BulwarkError(
      `${where}: no rule differs from the default action '${defaultAction}', so the profile would say nothing. Add a rule with another action.`,
    );
  }
  const actions = new Map<string, string>();
  for (const rule of rules) {
    checkNames(rule, architectures, where);
    checkValues(rule, where);
    if (rule.args?.length) continue;
    for (const name of rule.syscalls) {
      if ((actions.get(name) ?? rule.action) !== rule.action) {
        throw new BulwarkError(`${where}: has two rules about ${name} that disagree. Remove one of them.`);
      }
      actions.set(name, rule.action);
    }
  }
}

function checkNames({ syscalls }: SeccompRule, architectures: readonly Architecture[], where: string): void {
  if (syscalls.length === 0) throw new BulwarkError(`${where}: has a rule without system calls. Name some.`);
  const unknown = syscalls.find((name) => !isKnown(name, architectures));
  if (unknown === undefined) return;
  const advice = SYSCALLS.includes(unknown)
    ? `${architectures.join(' and ')} have no such call; add the architecture that has it`
    : `Did you mean ${closest(unknown)}?`;
  throw new BulwarkError(
    `${where}: there is no system call ${JSON.stringify(unknown)}, and a container runtime passes over a name it does not know. ${advice.replace(/[^?]$/, '$&.')}`,
  );
}

function checkValues({ action, errno, args = [] }: SeccompRule, where: string): void {
  if (errno !== undefined && (action !== 'errno' || !isWhole(errno, LARGEST_ERRNO) || errno === 0)) {
    throw new BulwarkError(
      `${where}: errno ${errno} is for the action 'errno' and from 1 to ${LARGEST_ERRNO}, for example 38 for ENOSYS.`,
    );
  }
  const wrong = args.find(
    ({ index, value, op, mask }) =>
      !isWhole(index, 5) || !isWhole(value) || (mask !== undefined && (op !== '==' || !isWhole(mask))),
  );
  if (wrong) {
    throw new BulwarkError(
      `${where}: ${JSON.stringify(wrong)} is no condition on an argument. Use an index from 0 to 5, whole numbers from 0, and a mask with == only.`,
    );
  }
}

function isWhole(value: number, largest = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= largest;
}

/** The name that takes the fewest changes to get to. */
function closest(name: string): string {
  const distances = SYSCALLS.map((known) => [editDistance(name, known), known] as const);
  return distances.reduce((best, candidate) => (candidate[0] < best[0] ? candidate : best))[1];
}
