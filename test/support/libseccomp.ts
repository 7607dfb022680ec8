import { spawnSync } from 'node:child_process';

const PYTHON = '/usr/bin/python3';

/** Whether libseccomp can be asked (Debian package python3-seccomp). In CI a missing one is an error, not a skipped test. */
export function hasLibseccomp(): boolean {
  const found = spawnSync(PYTHON, ['-c', 'import seccomp']).status === 0;
  if (!found && process.env.CI)
    throw new Error('libseccomp cannot be asked: apt-get install python3-seccomp');
  return found;
}

/** A `describe` that needs libseccomp. */
export const describeWithLibseccomp = (title: string, body: () => void): void =>
  hasLibseccomp() ? describe(title, body) : describe.skip(`${title} (skipped: no python3-seccomp)`, body);

/** Runs a Python program that has `seccomp` and `input`, what it was given, and returns what it prints as JSON. */
function python(program: string, input: unknown): any {
  const prelude = 'import json, os, sys, ctypes, seccomp\ninput = json.load(sys.stdin)\n';
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', prelude + program], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** For each name and number of an architecture, what libseccomp has for the other; a negative number where it has none. */
export function resolve(architecture: string, questions: readonly (string | number)[]): (string | number)[] {
  return python(
    'arch = getattr(seccomp.Arch, input["architecture"])\n' +
      'answers = [seccomp.resolve_syscall(arch, question) for question in input["questions"]]\n' +
      'print(json.dumps([a.decode() if isinstance(a, bytes) else a for a in answers]))',
    { architecture, questions },
  );
}

/** A system call to try: its number, and arguments that make it harmless. */
export interface Trial {
  readonly number: number;
  readonly args?: readonly number[];
}

/**
 * What the kernel does with system calls under a profile: for each the error number, 0 where the call came through, or the
 * negative number of the signal that ended the process. Each is tried in a process of its own that libseccomp gave the filter to.
 */
export function tryUnder(oci: object, trials: readonly Trial[]): number[] {
  return python(
    `
ACTIONS = {
  'SCMP_ACT_ALLOW': lambda errno: seccomp.ALLOW, 'SCMP_ACT_ERRNO': lambda errno: seccomp.ERRNO(errno),
  'SCMP_ACT_KILL_PROCESS': lambda errno: seccomp.KILL_PROCESS, 'SCMP_ACT_KILL_THREAD': lambda errno: seccomp.KILL,
  'SCMP_ACT_TRAP': lambda errno: seccomp.TRAP, 'SCMP_ACT_LOG': lambda errno: seccomp.LOG,
}
OPERATORS = {name: getattr(seccomp, name[9:]) for name in
  ['SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_GT', 'SCMP_CMP_GE', 'SCMP_CMP_MASKED_EQ']}
oci = input['oci']
default = ACTIONS[oci['defaultAction']](oci.get('defaultErrnoRet', 1))
filter = seccomp.SyscallFilter(default)
native = seccomp.Arch()
for rule in oci['syscalls']:
  action = ACTIONS[rule['action']](rule.get('errnoRet', 1))
  for name in rule['names']:
    # A container runtime passes over what the machine does not have.
    if seccomp.resolve_syscall(native, name) < 0 or rule['action'] == oci['defaultAction']: continue
    args = [seccomp.Arg(a['index'], OPERATORS[a['op']], a['value'], a.get('valueTwo', 0)) for a in rule.get('args', [])]
    filter.add_rule(action, name, *args)
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
results = []
for trial in input['trials']:
  args = [ctypes.c_long(value) for value in [trial['number']] + trial.get('args', [])]
  ctypes.set_errno(0)
  pid = os.fork()
  if pid == 0:
    filter.load()
    failed = libc.syscall(*args) == -1
    libc._exit(ctypes.get_errno() if failed else 0)
  status = os.waitpid(pid, 0)[1]
  results.append(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
print(json.dumps(results))
`,
    { oci, trials },
  );
}
