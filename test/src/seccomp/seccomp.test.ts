import fc from 'fast-check';
import {
  ARCHITECTURES,
  learnSeccompProfile,
  operatorSeccompProfile,
  renderSeccompProfile,
  SYSCALLS,
  syscallName,
  syscallNumber,
  syscallsIn,
  type SeccompProfile,
} from '../../../src/seccomp';
import { describeWithLibseccomp, resolve, tryUnder, type Trial } from '../../support/libseccomp';
import { errorOf } from '../../support/objects';

const oci = (profile: SeccompProfile) => renderSeccompProfile(profile).oci;

describe('a seccomp profile', () => {
  it('is a list of what is allowed, with what the container runtime needs, in the format of the kubelet', () => {
    const { name, text } = renderSeccompProfile({
      name: 'web',
      rules: [{ action: 'allow', syscalls: ['socket', 'bind'] }],
    });
    expect(name).toMatch(/^web-[0-9a-f]{10}$/);
    expect(JSON.parse(text)).toEqual({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
      syscalls: [
        { names: ['bind', 'socket'], action: 'SCMP_ACT_ALLOW' },
        { names: expect.arrayContaining(['execve', 'futex', 'setuid']), action: 'SCMP_ACT_ALLOW' },
      ],
    });
  });

  it('is named by what it says', () => {
    const named = (syscalls: string[]) =>
      renderSeccompProfile({ name: 'web', rules: [{ action: 'allow', syscalls }] }).name;
    expect(named(['socket', 'bind'])).toBe(named(['bind', 'socket', 'bind']));
    expect(named(['socket'])).not.toBe(named(['bind']));
  });

  it('leaves a call of the container runtime to the rule that names it', () => {
    const { syscalls } = oci({
      name: 'web',
      rules: [
        { action: 'allow', syscalls: ['socket'] },
        { action: 'kill-process', syscalls: ['clone'] },
      ],
    });
    expect(syscalls.filter(({ names }) => names.includes('clone')).map(({ action }) => action)).toEqual([
      'SCMP_ACT_KILL_PROCESS',
    ]);
  });

  it('adds nothing to a list of what is refused', () => {
    const { syscalls } = oci({
      name: 'web',
      defaultAction: 'allow',
      rules: [{ action: 'errno', errno: 38, syscalls: ['io_uring_setup'] }],
    });
    expect(syscalls).toEqual([{ names: ['io_uring_setup'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
  });

  const rule = (syscalls: string[], more: object = {}) => ({
    name: 'web',
    rules: [{ action: 'allow' as const, syscalls, ...more }],
  });
  it.each<readonly [string, SeccompProfile, RegExp]>([
    ['a misspelt call', rule(['opneat']), /no system call "opneat".*Did you mean openat\?/],
    ['a call of another architecture', rule(['socketcall']), /amd64 and arm64 have no such call/],
    ['a call that is a member of every object', rule(['constructor']), /no system call "constructor"/],
    ['a rule about nothing', rule([]), /a rule without system calls/],
    ['no rule', { name: 'web', rules: [] }, /would say nothing/],
    [
      'rules that say what happens anyway',
      { name: 'web', rules: [{ action: 'errno', syscalls: ['bind'] }] },
      /would say nothing/,
    ],
    [
      'rules that disagree',
      {
        name: 'web',
        rules: [
          { action: 'allow', syscalls: ['bind'] },
          { action: 'trap', syscalls: ['bind'] },
        ],
      },
      /two rules about bind/,
    ],
    ['an errno of a call that is allowed', rule(['bind'], { errno: 1 }), /errno 1 is for the action/],
    [
      'an argument that is none',
      rule(['bind'], { args: [{ index: 6, op: '==', value: 1 }] }),
      /no condition on an argument/,
    ],
    [
      'a negative value',
      rule(['bind'], { args: [{ index: 0, op: '==', value: -1 }] }),
      /no condition on an argument/,
    ],
    [
      'a mask with >',
      rule(['bind'], { args: [{ index: 0, op: '>', value: 1, mask: 1 }] }),
      /no condition on an argument/,
    ],
    ['no architecture', { ...rule(['bind']), architectures: [] }, /names no architecture/],
    ['a name', { ...rule(['bind']), name: '../x' }, /is no name for a profile/],
  ])('refuses %s', (_, profile, message) => {
    const error = errorOf(() => renderSeccompProfile(profile));
    expect(error.name).toBe('BulwarkError');
    expect(error.message).toMatch(message);
  });

  it('is a resource of the Security Profiles Operator with the same rules', () => {
    const profile: SeccompProfile = {
      name: 'web',
      rules: [
        { action: 'allow', syscalls: ['clone'], args: [{ index: 0, op: '==', value: 0, mask: 0x7e020000 }] },
      ],
    };
    const { apiVersion, kind, metadata, spec } = operatorSeccompProfile(profile);
    expect({ apiVersion, kind, metadata }).toEqual({
      apiVersion: 'security-profiles-operator.x-k8s.io/v1',
      kind: 'SeccompProfile',
      metadata: { name: renderSeccompProfile(profile).name },
    });
    expect((spec as any).syscalls[0].args).toEqual([
      { index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
    ]);
    expect((spec as any).defaultAction).toBe('SCMP_ACT_ERRNO');
  });
});

describe('a profile that is learned', () => {
  const STRACE = `execve("/usr/bin/web", ["web"], 0x7ffd) = 0
[pid   812] openat(AT_FDCWD, "/etc/hosts", O_RDONLY) = 3
812   10:01:02.123456 connect(3, {sa_family=AF_INET}, 16) = -1 EINPROGRESS
[pid   812] <... epoll_wait resumed>[], 128, 0) = 0
--- SIGCHLD {si_signo=SIGCHLD} ---
+++ exited with 0 +++`;
  const SUMMARY = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 62.11    0.000423          12        35           read
 20.00    0.000136           6        22         3 newfstatat
------ ----------- ----------- --------- --------- ----------------
100.00    0.000681                   57         3 total`;
  const AUDIT = `type=SECCOMP msg=audit(1713863200.123:456): auid=4294967295 uid=1000 pid=812 comm="web" exe="/web" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000
[12345.678] audit: type=1326 audit(1713863201.1:457): pid=812 comm="web" sig=0 arch=c00000b7 syscall=220 compat=0 code=0x7ffc0000`;

  it.each([
    ['strace -f', STRACE, ['connect', 'epoll_wait', 'execve', 'openat']],
    ['strace -c', SUMMARY, ['newfstatat', 'read']],
    ['the audit log, by the number of the architecture', AUDIT, ['clone', 'socket']],
    ['a list', 'read\nwrite\n', ['read', 'write']],
    ['a list in JSON', '["read", "write"]', ['read', 'write']],
    ['a list with commas', 'read, write, openat', ['openat', 'read', 'write']],
  ])('allows what is in %s', (_, record, expected) => {
    expect(syscallsIn(record)).toEqual(expected);
    const { syscalls } = oci(learnSeccompProfile('web', record));
    expect(syscalls[0]).toEqual({ names: expected, action: 'SCMP_ACT_ALLOW' });
  });

  it.each([
    '',
    'the program may read and write',
    'arch=c000003e syscall=99999',
    'shutdown_everything(1) = 0',
  ])('is refused for a record without system calls: %j', (record) => {
    expect(() => syscallsIn(record)).toThrow(/There is no system call in the record/);
  });
});

describeWithLibseccomp('libseccomp', () => {
  // Newer than libseccomp 2.5.4, which Debian 12 has.
  const isNewer = (name: string) => (syscallNumber(name, 'riscv64') ?? 0) >= 450 || name === 'uretprobe';

  it.each(ARCHITECTURES.map((architecture) => [architecture] as const))(
    'has the same numbers for %s',
    (architecture) => {
      const theirs = {
        amd64: 'X86_64',
        arm64: 'AARCH64',
        arm: 'ARM',
        '386': 'X86',
        ppc64le: 'PPC64LE',
        s390x: 'S390X',
        riscv64: 'RISCV64',
      };
      const names = SYSCALLS.filter((name) => !isNewer(name));
      const numbers = names.map((name) => syscallNumber(name, architecture));
      // Asked by number where there is one: for a name, libseccomp prefers the call that others hide behind, such as socketcall.
      const answers = resolve(
        theirs[architecture],
        names.map((name, index) => numbers[index] ?? name),
      );
      const different = names.filter((name, index) => {
        const answer = answers[index]!;
        if (numbers[index] !== undefined) return answer !== name;
        // A call that the architecture has only behind socketcall or ipc.
        return (
          Number(answer) >= 0 &&
          !['socketcall', 'ipc'].includes(syscallName(Number(answer), architecture) ?? '')
        );
      });
      expect(names.length).toBeGreaterThan(450);
      expect(different).toEqual([]);
    },
  );

  const native = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const call = (name: string, args: number[] = []): Trial => ({ number: syscallNumber(name, native)!, args });
  // Each fails without a filter, with an error of its own, so that it can be tried anywhere and told from a refusal.
  const HARMLESS: readonly (readonly [string, Trial, number])[] = [
    ['bind', call('bind', [-1, 0, 0]), 9],
    ['mount', call('mount', [0, 0, 0, 0, 0]), 14],
    ['ptrace', call('ptrace', [99, 0, 0, 0]), 3],
    ['openat2', call('openat2', [-1, 0, 0, 0]), 22],
    ['fchdir', call('fchdir', [-1]), 9],
  ];
  const outcomes = (profile: SeccompProfile) => {
    const results = tryUnder(
      oci(profile),
      HARMLESS.map(([, trial]) => trial),
    );
    return Object.fromEntries(HARMLESS.map(([name], index) => [name, results[index]]));
  };
  const UNFILTERED = Object.fromEntries(HARMLESS.map(([name, , errno]) => [name, errno]));

  it('lets through what a profile allows and refuses everything else', () => {
    expect(outcomes({ name: 'web', rules: [{ action: 'allow', syscalls: ['bind'] }] })).toEqual({
      bind: 9,
      mount: 1,
      ptrace: 1,
      // Of the container runtime.
      openat2: 22,
      fchdir: 9,
    });
  });

  it('refuses, ends or traps what a profile names, and lets everything else through', () => {
    const [SIGSYS, ENOSYS] = [31, 38];
    expect(
      outcomes({
        name: 'web',
        defaultAction: 'allow',
        rules: [
          { action: 'errno', errno: ENOSYS, syscalls: ['mount'] },
          { action: 'kill-process', syscalls: ['ptrace'] },
          { action: 'trap', syscalls: ['openat2'] },
          { action: 'log', syscalls: ['fchdir'] },
        ],
      }),
    ).toEqual({ ...UNFILTERED, mount: ENOSYS, ptrace: -SIGSYS, openat2: -SIGSYS });
  });

  it('looks at arguments as the profile says', () => {
    const under = (args: SeccompProfile['rules'][number]['args']) => ({
      name: 'web',
      defaultAction: 'allow' as const,
      rules: [{ action: 'errno' as const, errno: 95, syscalls: ['fchdir'], args }],
    });
    const fds = [1000, 1001, 1003].map((fd) => call('fchdir', [fd]));
    expect(tryUnder(oci(under([{ index: 0, op: '==', value: 1001 }])), fds)).toEqual([9, 95, 9]);
    expect(tryUnder(oci(under([{ index: 0, op: '>=', value: 1001 }])), fds)).toEqual([9, 95, 95]);
    expect(tryUnder(oci(under([{ index: 0, op: '<', value: 1001 }])), fds)).toEqual([95, 9, 9]);
    expect(tryUnder(oci(under([{ index: 0, op: '!=', value: 1001 }])), fds)).toEqual([95, 9, 95]);
    expect(tryUnder(oci(under([{ index: 0, op: '==', value: 2, mask: 2 }])), fds)).toEqual([9, 9, 95]);
  });

  it('agrees about any list of allowed calls', () => {
    fc.assert(
      fc.property(fc.subarray(HARMLESS.map(([name]) => name)), (allowed) => {
        const denied = HARMLESS.map(([name]) => name).filter((name) => !allowed.includes(name));
        const rules: SeccompProfile['rules'] = [
          { action: 'allow', syscalls: ['getpid', ...allowed] },
          ...(denied.length > 0 ? [{ action: 'errno' as const, errno: 1, syscalls: denied }] : []),
        ];
        const expected = HARMLESS.map(([name, , errno]) => [name, allowed.includes(name) ? errno : 1]);
        expect(outcomes({ name: 'web', rules })).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 12 },
    );
  });
});

it('knows the calls of an architecture by number and by name', () => {
  for (const name of SYSCALLS) {
    const number = syscallNumber(name, 'arm64');
    if (number !== undefined) expect(syscallName(number, 'arm64')).toBe(name);
  }
  expect(syscallName(-1, 'amd64')).toBeUndefined();
  expect(syscallNumber('open', 'arm64')).toBeUndefined();
});
