import fc from 'fast-check';
import {
  literalPath,
  operatorAppArmorProfile,
  ReadyProfiles,
  renderAppArmorProfile,
  type AppArmorProfile,
} from '../../../src/apparmor';
import { patternsMeet, renderPath } from '../../../src/apparmor/path';
import { compile, describeWithParser, onlyMatch } from '../../support/apparmor-parser';
import { errorOf } from '../../support/objects';
import { fileName, profile } from './profile-arbitrary';

const text = (of: AppArmorProfile) => renderAppArmorProfile(of).text;
const rulesIn = (of: AppArmorProfile) =>
  text(of)
    .split('\n')
    .map((line) => line.trim());

const READY: readonly (readonly [string, AppArmorProfile])[] = [
  ['nginx', ReadyProfiles.nginx()],
  ['nginx without its entrypoint', ReadyProfiles.nginx({ entrypoint: false })],
  ['redis', ReadyProfiles.redis()],
  ['postgres', ReadyProfiles.postgres()],
  ['a Go binary', ReadyProfiles.goBinary({ binary: '/server', capabilities: ['NET_BIND_SERVICE'] })],
  [
    'Node.js',
    ReadyProfiles.nodejs({ app: '/srv/app/', writable: ['/srv/data/**'], readable: ['/srv/conf/*'] }),
  ],
];

describe('an AppArmor profile', () => {
  it('allows what it lists, and refuses mounts and the files of the kernel whatever it lists', () => {
    expect(
      text({
        name: 'shop-web',
        files: [{ path: '/srv/**', access: 'r' }],
        execute: [{ path: '/server' }],
        network: ['tcp'],
        capabilities: ['NET_BIND_SERVICE'],
      }),
    ).toBe(`abi <abi/3.0>,

profile shop-web-9e6231f8c3 flags=(attach_disconnected,mediate_deleted) {
  /srv/** r,

  /server mrix,

  capability net_bind_service,

  network inet stream,
  network inet6 stream,

  signal (receive) peer=unconfined,
  signal (receive) peer=crun,
  signal (receive) peer=runc,
  signal (send, receive) peer=shop-web-9e6231f8c3,

  deny mount,
  deny umount,
  deny pivot_root,
  deny capability mac_admin,
  deny capability mac_override,
  deny capability sys_module,
  deny /proc/sys/** wkl,
  deny /proc/sysrq-trigger rwkl,
  deny /proc/kcore rwkl,
  deny /proc/kmem rwkl,
  deny /proc/mem rwkl,
  deny /sys/** wkl,
  deny /sys/firmware/** rwkl,
  deny /sys/kernel/debug/** rwkl,
  deny /sys/kernel/security/** rwkl,
  deny /sys/kernel/tracing/** rwkl,
}
`);
  });

  it('is named by what it says: the same text has the same name, another text another one', () => {
    const files = [{ path: '/srv/**', access: 'r' }];
    const { name } = renderAppArmorProfile({ name: 'web', files });
    expect(name).toMatch(/^web-[0-9a-f]{10}$/);
    expect(renderAppArmorProfile({ name: 'web', files, network: [] }).name).toBe(name);
    expect(renderAppArmorProfile({ name: 'web', files: [{ path: '/srv/**', access: 'rw' }] }).name).not.toBe(
      name,
    );
  });

  it('adds up what several rules say about one path', () => {
    const files = ['r', 'a', 'w', 'k'].map((access) => ({ path: '/data', access }));
    expect(rulesIn({ name: 'web', files })).toContain('/data rwk,');
  });

  it.each([
    ['a name', { name: 'Web, {' }, /is no name for a profile/],
    ['a name with a line break', { name: 'web\n}' }, /is no name for a profile/],
    ['a relative path', { files: [{ path: 'srv', access: 'r' }] }, /does not begin with \//],
    ['a line break', { files: [{ path: '/srv\n/** w,', access: 'r' }] }, /a control character/],
    ['an open brace', { files: [{ path: '/{a,b', access: 'r' }] }, /a \{ is not closed/],
    ['one alternative', { files: [{ path: '/{a}', access: 'r' }] }, /fewer than two alternatives/],
    ['a class that is none', { files: [{ path: '/[', access: 'r' }] }, /begins no class/],
    ['a bracket too many', { files: [{ path: '/]', access: 'r' }] }, /closes nothing/],
    ['a brace too many', { files: [{ path: '/a,b}', access: 'r' }] }, /fewer than two alternatives/],
    ['***', { files: [{ path: '/***', access: 'r' }] }, /\*\*\* is neither/],
    ['an open escape', { files: [{ path: '/a\\', access: 'r' }] }, /ends with a backslash/],
    ['an unknown variable', { files: [{ path: '/@{SECRETS}', access: 'r' }] }, /a variable that is none of/],
    [
      'execution as file access',
      { files: [{ path: '/a', access: 'rix' }] },
      /what may be executed goes under execute/,
    ],
    ['write with append', { files: [{ path: '/a', access: 'wa' }] }, /access "wa"/],
    ['a capability', { capabilities: ['net_admin, /** w'] }, /there is no capability/],
    ['a socket', { network: ['tcp, /** w' as never] }, /there is no network access/],
    [
      'a member of every object as a socket',
      { network: ['constructor' as never] },
      /there is no network access/,
    ],
    [
      'a signal',
      { signals: [{ access: ['send' as const], peer: 'self' as const, signals: ['term) peer=x, '] }] },
      /there is no signal/,
    ],
    ['no access', { signals: [{ access: [], peer: 'self' as const }] }, /Use one or more of: send, receive/],
    [
      'a peer',
      { ptrace: [{ access: ['read' as const], peer: { profile: 'x, /** w' } }] },
      /is no name of a profile/,
    ],
    ['an include of a file that anybody may write', { includes: ['../../tmp/x'] }, /cannot be included/],
    ['an unknown child', { execute: [{ path: '/x', as: { child: 'y' } }] }, /is not among its children/],
    [
      'a child for many programs',
      { execute: [{ path: '/*', as: { child: 'y' } }], children: { y: {} } },
      /matches many programs/,
    ],
    [
      'two ways for one program',
      { execute: [{ path: '/x' }, { path: '/x', as: { child: 'y' } }], children: { y: {} } },
      /in two ways/,
    ],
    ['the name of a child', { children: { 'y {': {} } }, /is no name for a child profile/],
  ])('refuses %s, and says what to write', (_, rules, message) => {
    const error = errorOf(() => text({ name: 'web', ...rules }));
    expect(error.name).toBe('BulwarkError');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/(Use|Add|Remove|Name) /);
  });
});

describeWithParser('the AppArmor parser', () => {
  it.each(READY)('compiles the ready profile of %s', (_, ready) => {
    expect(compile([text(ready)])).toEqual({ status: 0, output: '' });
  });

  it('compiles 500 random profiles, and finds in each the rules that it was made of and no other', () => {
    const seed = Date.now() % 2 ** 31;
    const profiles = fc.sample(profile, { numRuns: 500, seed });
    const { status, output } = compile(profiles.map(text), ['-d']);
    // Everything that was compiled is in the output, so only what went wrong is worth showing.
    const errors = output.split('\n').filter((line) => /error|conflict|failed/i.test(line));
    expect({ seed, status, errors }).toEqual({ seed, status: 0, errors: [] });
    const dumps = output.split('----- Debugging built structures -----').slice(1);
    const found = new Map(dumps.map((dump) => [/^Name:\t\t(.*)$/m.exec(dump)?.[1], pathRules(dump)]));
    const wrong = profiles
      .map((one) => ({
        text: text(one),
        expected: expectedPathRules(one),
        found: found.get(renderAppArmorProfile(one).name),
      }))
      .filter((one) => one.found !== one.expected);
    expect({ seed, wrong: wrong.slice(0, 1) }).toEqual({ seed, wrong: [] });
  });

  it('matches exactly the name that literalPath was given, whatever it holds', () => {
    const seed = Date.now() % 2 ** 31;
    for (const name of [
      ...fc.sample(fileName, { numRuns: 120, seed }),
      ' w, /** rwlkmix',
      'a?b',
      '@{PROC}',
      '{a,b}',
      '^x^',
    ]) {
      const path = `/srv/${name}`.replaceAll(/\/+/g, '/');
      expect({ seed, only: onlyMatch(renderPath(literalPath(path), 'test')) }).toEqual({ seed, only: path });
    }
  });

  it('is an oracle that tells a pattern from a name', () => {
    expect(onlyMatch('/a*')).toBeUndefined();
    expect(onlyMatch('/{a,b}')).toBeUndefined();
    expect(onlyMatch('"/a b"')).toBe('/a b');
    const injected = compile(['profile x {\n  /srv/a w, /** rwlkm,\n}\n'], ['-d']);
    expect(pathRules(injected.output)).toBe(2);
  });
});

/**
 * Paths of the rules in what the parser prints, for each profile and child: all but those that it adds of itself, takes from
 * included files, or knows by a variable.
 */
function pathRules(dump: string): number {
  const blocks = dump.split(/^Name:\t\t/m).slice(1);
  const paths = (block: string) => [...block.matchAll(/^Mode:\t\S+\tName:\t\((\/srv\/.*|\/\*\*)\)$/gm)];
  return sum(blocks.map((block) => new Set(paths(block).map(([, path]) => path)).size));
}

function expectedPathRules(of: AppArmorProfile): number {
  const blocks = [of, ...Object.values(of.children ?? {})];
  return sum(
    blocks.map(({ files = [], execute = [], deny }) => {
      const paths = [...files, ...execute, ...(deny?.files ?? [])].map(({ path }) => path);
      const own = paths.filter((path) => path.startsWith('/srv/'));
      return new Set(own.map((path) => renderPath(path, 'test').replace(/^"(.*)"$/, '$1'))).size;
    }),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('a profile as a resource of the Security Profiles Operator', () => {
  it('holds the same lists', () => {
    const profile: AppArmorProfile = {
      name: 'web',
      files: [
        { path: '/etc/web/**', access: 'r' },
        { path: '/lib/**', access: 'mr' },
        { path: '/data/**', access: 'rwk' },
        { path: '/dev/stdout', access: 'w' },
      ],
      execute: [{ path: '/server' }],
      capabilities: ['NET_BIND_SERVICE'],
      network: ['tcp'],
    };
    expect(operatorAppArmorProfile(profile)).toEqual({
      apiVersion: 'security-profiles-operator.x-k8s.io/v1',
      kind: 'AppArmorProfile',
      metadata: { name: renderAppArmorProfile(profile).name },
      spec: {
        abstract: {
          executable: { allowedExecutables: ['/server'], allowedLibraries: ['/lib/**'] },
          filesystem: {
            readOnlyPaths: ['/etc/web/**'],
            readWritePaths: ['/data/**'],
            writeOnlyPaths: ['/dev/stdout'],
          },
          network: { allowRaw: false, allowedProtocols: { allowTcp: true, allowUdp: false } },
          capability: { allowedCapabilities: ['net_bind_service'] },
        },
      },
    });
  });

  it.each([
    ['owner', { files: [{ path: '/a', access: 'r', owner: true }] }, /owner \/a/],
    ['append', { files: [{ path: '/a', access: 'a' }] }, /a of \/a/],
    ['a denial', { deny: { files: [{ path: '/a', access: 'r' }] } }, /deny rules/],
    ['a child', { children: { x: {} } }, /child profiles/],
    ['ptrace', { ptrace: [{ access: ['read' as const], peer: 'self' as const }] }, /ptrace rules/],
    ['netlink', { network: ['netlink' as const] }, /the network access netlink/],
    ['a comma in a name', { files: [{ path: literalPath('/a"b'), access: 'r' }] }, /the path/],
    [
      'a path that is writable within one that is not',
      {
        files: [
          { path: '/srv/**', access: 'r' },
          { path: '/srv/data/**', access: 'rw' },
        ],
      },
      /\/srv\/data\/\*\* being writable within \/srv\/\*\*/,
    ],
  ])('refuses %s, which it cannot say', (_, rules, message) => {
    const error = errorOf(() => operatorAppArmorProfile({ name: 'web', ...rules }));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/ProfileLoader\.nodeFiles\(\)/);
  });
});

describe('patterns that can match one path', () => {
  it.each([
    ['/srv/**', '/srv/data/x', true],
    ['/srv/*', '/srv/data/x', false],
    ['/{a,b}/x', '/b/*', true],
    ['/{a,b}/x', '/c/*', false],
    ['/{,usr/}lib/**', '/usr/lib/x', true],
    ['/{a,{b,c}}', '/c', true],
    ['/{a,{b,c}}', '/d', false],
    ['/[0-9]x', '/5x', true],
    ['/a\\*', '/ab', false],
    ['/a*b*c', '/axbyc', true],
    ['/a*b*c', '/axc', false],
    ['/dev/{null,zero}', '/dev/{random,urandom}', false],
    ['/@{PROC}/stat', '/proc/stat', true],
  ])('%s and %s: %s', (one, other, expected) => {
    expect([patternsMeet(one, other), patternsMeet(other, one)]).toEqual([expected, expected]);
  });
});

it('lets the operator load the ready profiles of programs without sockets of Unix', () => {
  const network = ['tcp', 'udp'] as const;
  for (const ready of [
    ReadyProfiles.nginx({ network }),
    ReadyProfiles.redis({ network }),
    ReadyProfiles.postgres({ network }),
    ReadyProfiles.nodejs({ network }),
    ReadyProfiles.goBinary({ binary: '/server' }),
  ]) {
    expect(operatorAppArmorProfile(ready).metadata?.name).toBe(renderAppArmorProfile(ready).name);
  }
});
