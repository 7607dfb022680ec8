import { BulwarkError } from '../errors';
import { checkProfileName, isProfileName, nameByContent } from '../profile-name';
import { CAPABILITIES, SIGNALS } from './names';
import { isLiteral, renderPath, usesVariable } from './path';
import type {
  AppArmorProfile,
  AppArmorRules,
  ExecuteRule,
  FileRule,
  NetworkAccess,
  Peer,
  RenderedAppArmorProfile,
} from './profile';

/** Stands for the name while the hash is not known. No rule can hold it. */
const OWN_NAME = '\u0000';

/**
 * Denied whatever is allowed, includes too: what changes the node or the file system a container sees, and what shows the
 * memory of the kernel.
 */
const ALWAYS_DENIED: readonly string[] = [
  'deny mount,',
  'deny umount,',
  'deny pivot_root,',
  'deny capability mac_admin,',
  'deny capability mac_override,',
  'deny capability sys_module,',
  'deny /proc/sys/** wkl,',
  'deny /proc/sysrq-trigger rwkl,',
  'deny /proc/kcore rwkl,',
  'deny /proc/kmem rwkl,',
  'deny /proc/mem rwkl,',
  'deny /sys/** wkl,',
  'deny /sys/firmware/** rwkl,',
  'deny /sys/kernel/debug/** rwkl,',
  'deny /sys/kernel/security/** rwkl,',
  'deny /sys/kernel/tracing/** rwkl,',
];

/** How the processes of a container runtime are confined where a distribution confines them at all. */
const RUNTIMES = ['unconfined', 'crun', 'runc'];

const SOCKETS: Readonly<Record<NetworkAccess, readonly string[]>> = {
  tcp: ['inet stream', 'inet6 stream'],
  udp: ['inet dgram', 'inet6 dgram'],
  raw: ['inet raw', 'inet6 raw'],
  unix: ['unix stream', 'unix dgram', 'unix seqpacket'],
  netlink: ['netlink raw'],
  packet: ['packet raw', 'packet dgram'],
};

/**
 * Writes a profile as text that `apparmor_parser` of AppArmor 3.0 and newer compiles. The name ends with a hash of the text:
 * a changed profile is loaded beside the one that running pods use, and each pod keeps what it was started with.
 *
 * @throws BulwarkError for a name, path, capability or signal that is none.
 */
export function renderAppArmorProfile(profile: AppArmorProfile): RenderedAppArmorProfile {
  const where = `AppArmor profile ${JSON.stringify(profile.name)}`;
  checkProfileName(profile.name, where);
  const template = render(profile, where);
  const name = nameByContent(profile.name, template);
  return { name, text: template.replaceAll(OWN_NAME, name) };
}

function render(profile: AppArmorProfile, where: string): string {
  const children = Object.entries(profile.children ?? {});
  const names = children.map(([name]) => childName(name, where));
  const family = [OWN_NAME, ...names.map((name) => `${OWN_NAME}//${name}`)];
  const own: Context = { where, self: OWN_NAME, family, children: new Set(names) };
  const body = [
    ...rulesOf(profile, own),
    ...children.flatMap(([name, rules]) => {
      const context = {
        ...own,
        where: `${where}, child ${name}`,
        self: `${OWN_NAME}//${name}`,
        children: new Set<string>(),
      };
      return ['', ...block(`profile ${name}`, rulesOf(rules, context))];
    }),
  ];
  const needsTunables = [profile, ...children.map(([, rules]) => rules)].some(needsDeclarations);
  return [
    // The meaning of the same text must not depend on what a distribution takes for a default.
    'abi <abi/3.0>,',
    ...(needsTunables ? ['include <tunables/global>'] : []),
    '',
    ...block(`profile ${OWN_NAME}`, body),
    '',
  ].join('\n');
}

function needsDeclarations({ files = [], execute = [], includes = [], deny }: AppArmorRules): boolean {
  const paths = [...files, ...execute, ...(deny?.files ?? [])].map(({ path }) => path);
  return includes.length > 0 || paths.some(usesVariable);
}

/** Paths that a container's mount namespace makes unreachable are judged by what is left of them. */
function block(head: string, lines: readonly string[]): string[] {
  const indented = lines.map((line) => (line === '' ? '' : `  ${line}`));
  return [`${head} flags=(attach_disconnected,mediate_deleted) {`, ...indented, '}'];
}

function childName(name: string, where: string): string {
  if (isProfileName(name)) return name;
  throw new BulwarkError(
    `${where}: ${JSON.stringify(name)} is no name for a child profile. Use at most 52 lower-case letters, digits and hyphens.`,
  );
}

/** What a block of rules needs to know of the profile it is in. */
interface Context {
  /** For messages. */
  readonly where: string;
  /** Name under which the block is loaded. */
  readonly self: string;
  /** Every name under which processes of the container run. */
  readonly family: readonly string[];
  readonly children: ReadonlySet<string>;
}

function rulesOf(rules: AppArmorRules, context: Context): string[] {
  const { where } = context;
  const { files = [], execute = [], capabilities = [], network = [], includes = [] } = rules;
  const sections = [
    includes.map((file) => `include <${includeName(file, where)}>`),
    fileRules(files, where),
    executeRules(execute, context),
    capabilityRules(capabilities, where),
    networkRules(network, where),
    signalRules(rules, context),
    ptraceRules(rules, context),
    deniedRules(rules, where),
    ALWAYS_DENIED,
  ];
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index ? ['', ...section] : section));
}

function deniedRules({ deny = {} }: AppArmorRules, where: string): string[] {
  const { files = [], capabilities = [], network = [] } = deny;
  return [
    ...fileRules(files, where),
    ...capabilityRules(capabilities, where),
    ...networkRules(network, where),
  ].map((rule) => `deny ${rule}`);
}

function includeName(file: string, where: string): string {
  // Only what a distribution installs: a file that somebody else may write would be a rule that nobody reads.
  if (/^(?:abstractions|tunables)(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/.test(file)) return file;
  throw new BulwarkError(
    `${where}: ${JSON.stringify(file)} cannot be included. Use a file below abstractions/ or tunables/, for example abstractions/openssl.`,
  );
}

/** One line for each path: the parser adds up what several lines allow, but refuses `w` and `a` together. */
function fileRules(files: readonly FileRule[], where: string): string[] {
  const access = new Map<string, Set<string>>();
  for (const file of files) {
    const key = `${file.owner ? 'owner ' : ''}${renderPath(file.path, where)}`;
    const letters = access.get(key) ?? new Set<string>();
    accessLetters(file, where).forEach((letter) => letters.add(letter));
    access.set(key, letters);
  }
  return [...access].map(([path, letters]) => {
    // To write is to append, too.
    if (letters.has('w')) letters.delete('a');
    return `${path} ${[...'mrwakl'].filter((letter) => letters.has(letter)).join('')},`;
  });
}

function accessLetters({ path, access }: FileRule, where: string): string[] {
  if (/^[rwaklm]+$/.test(access) && !/w.*a|a.*w/.test(access)) return [...access];
  throw new BulwarkError(
    `${where}: access ${JSON.stringify(access)} to ${JSON.stringify(path)} is none. Use letters of r, w or a, k, l and m; what may be executed goes under execute.`,
  );
}

function executeRules(rules: readonly ExecuteRule[], { where, children }: Context): string[] {
  const transitions = new Map<string, string>();
  for (const { path, as = 'inherit' } of rules) {
    const rendered = renderPath(path, where);
    const transition = as === 'inherit' ? 'mrix' : `rCx -> ${as.child}`;
    if (as !== 'inherit') refuseTransition(path, as.child, where, children);
    if (transitions.has(rendered) && transitions.get(rendered) !== transition) {
      throw new BulwarkError(
        `${where}: ${JSON.stringify(path)} is executed in two ways, of which the parser takes neither. Remove one of them.`,
      );
    }
    transitions.set(rendered, transition);
  }
  return [...transitions].map(([path, transition]) => `${path} ${transition},`);
}

function refuseTransition(path: string, child: string, where: string, children: ReadonlySet<string>): void {
  if (!children.has(child)) {
    throw new BulwarkError(
      `${where}: ${JSON.stringify(path)} is to run as the child ${JSON.stringify(child)}, which is not among its children. Add it there.`,
    );
  }
  // Where two patterns meet with different transitions, the parser refuses the profile. One path is always the closer match.
  if (!isLiteral(path)) {
    throw new BulwarkError(
      `${where}: ${JSON.stringify(path)} matches many programs, and a child profile is for one. Name the program by its full path.`,
    );
  }
}

function capabilityRules(capabilities: readonly string[], where: string): string[] {
  return [...new Set(capabilities)].map((name) => {
    if (CAPABILITIES.has(name)) return `capability ${name.toLowerCase()},`;
    throw new BulwarkError(
      `${where}: there is no capability ${JSON.stringify(name)}. Use a name as Kubernetes writes it, for example NET_BIND_SERVICE.`,
    );
  });
}

function networkRules(network: readonly NetworkAccess[], where: string): string[] {
  return [...new Set(network)].flatMap((access) => {
    if (Object.hasOwn(SOCKETS, access)) return SOCKETS[access].map((socket) => `network ${socket},`);
    throw new BulwarkError(
      `${where}: there is no network access ${JSON.stringify(access)}. Use one of: ${Object.keys(SOCKETS).join(', ')}.`,
    );
  });
}

function signalRules({ signals = [] }: AppArmorRules, { where, self, family }: Context): string[] {
  return [
    // Without these no container could be stopped, and a server could not stop its workers.
    ...RUNTIMES.map((peer) => `signal (receive) peer=${peer},`),
    ...family.map((peer) => `signal (send, receive) peer=${peer},`),
    ...signals.map((rule) => {
      const unknown = rule.signals?.find((name) => !SIGNALS.has(name));
      if (unknown !== undefined) {
        throw new BulwarkError(
          `${where}: there is no signal ${JSON.stringify(unknown)}. Use names such as term, hup and usr1.`,
        );
      }
      const set = rule.signals?.length ? ` set=(${rule.signals.join(', ')})` : '';
      return `signal (${accessOf(rule.access, ['send', 'receive'], where)})${set} peer=${peerName(rule.peer, self, where)},`;
    }),
  ];
}

function ptraceRules({ ptrace = [] }: AppArmorRules, { where, self }: Context): string[] {
  const known = ['trace', 'read', 'tracedby', 'readby'];
  return ptrace.map(
    ({ access, peer }) => `ptrace (${accessOf(access, known, where)}) peer=${peerName(peer, self, where)},`,
  );
}

/** No access at all would read as every access. */
function accessOf(access: readonly string[], known: readonly string[], where: string): string {
  const unknown = access.find((word) => !known.includes(word));
  if (access.length > 0 && unknown === undefined) return access.join(', ');
  throw new BulwarkError(
    `${where}: a rule about other processes has the access ${JSON.stringify(access)}. Use one or more of: ${known.join(', ')}.`,
  );
}

function peerName(peer: Peer, self: string, where: string): string {
  if (peer === 'self') return self;
  if (peer === 'unconfined') return peer;
  if (/^[A-Za-z0-9_/][A-Za-z0-9_./-]*$/.test(peer.profile)) return peer.profile;
  throw new BulwarkError(
    `${where}: ${JSON.stringify(peer.profile)} is no name of a profile. Use letters, digits, dots, slashes, hyphens and underscores.`,
  );
}
