import type { AppArmorProfile, ExecuteRule, FileRule, NetworkAccess } from './profile';

/** What can be said about a ready-made profile. Each list is added to what the program needs anyway. */
export interface ReadyProfileOptions {
  /** Name of the profile. @default that of the program */
  readonly name?: string;
  /** More patterns of files to read. @default none */
  readonly readable?: readonly string[];
  /** More patterns of files to read, write and lock; folders that pods mount writable belong here. @default none */
  readonly writable?: readonly string[];
  /** More patterns of programs to execute, confined by the same profile. @default none */
  readonly executable?: readonly string[];
  /** @default none: the server has to listen above 1023 */
  readonly capabilities?: readonly string[];
  /** Sockets. The Security Profiles Operator knows `tcp`, `udp` and `raw` only. @default what the program can use */
  readonly network?: readonly NetworkAccess[];
}

/** Options of profiles for images that begin with a shell script. */
export interface EntrypointOptions extends ReadyProfileOptions {
  /**
   * Whether the image's entrypoint script runs, which needs a shell and the small programs it calls. With `false` only the
   * server itself can be executed, and `command` of the container has to name it.
   * @default true
   */
  readonly entrypoint?: boolean;
}

/** Options of {@link ReadyProfiles.goBinary}. */
export interface GoBinaryOptions extends ReadyProfileOptions {
  /** Path of the binary in the image, the only thing that can be executed. */
  readonly binary: string;
}

/** Options of {@link ReadyProfiles.nodejs}. */
export interface NodejsOptions extends EntrypointOptions {
  /** Folder with the program and its node_modules. @default '/app' */
  readonly app?: string;
}

/**
 * Profiles for common servers, as their official images install them, without root and behind ports above 1023. They allow what
 * the program needs and nothing more; what a deployment adds, such as a data folder of its own, is an option.
 */
export const ReadyProfiles = {
  /** nginx and images made from it. Content is read from /usr/share/nginx and what `readable` names. */
  nginx(options: EntrypointOptions = {}): AppArmorProfile {
    return compose('nginx', options, {
      files: [
        ...read(
          '/etc/nginx/',
          '/etc/nginx/**',
          '/usr/share/nginx/**',
          '/docker-entrypoint.d/',
          '/docker-entrypoint.d/**',
        ),
        ...write(
          '/var/cache/nginx/',
          '/var/cache/nginx/**',
          '/var/log/nginx/*',
          '/{var/,}run/nginx.pid',
          '/tmp/**',
        ),
      ],
      execute: [
        '/usr/{sbin,local/sbin}/nginx',
        ...entrypoint(options, '/docker-entrypoint.sh', '/docker-entrypoint.d/*'),
      ],
      network: ['tcp', 'udp', 'unix'],
    });
  },

  /** Redis and Valkey. Data is in /data. */
  redis(options: EntrypointOptions = {}): AppArmorProfile {
    return compose('redis', options, {
      files: [
        ...read('/{usr/local/,}etc/{redis,valkey}/**', '/sys/kernel/mm/transparent_hugepage/enabled'),
        ...write('/data/', '/data/**', '/tmp/**'),
      ],
      execute: [
        '/usr/{local/,}bin/{redis,valkey}-*',
        ...entrypoint(options, '/usr/local/bin/docker-entrypoint.sh'),
      ],
      network: ['tcp', 'udp', 'unix'],
    });
  },

  /** PostgreSQL. Data is in /var/lib/postgresql. */
  postgres(options: EntrypointOptions = {}): AppArmorProfile {
    return compose('postgres', options, {
      files: [
        ...read(
          '/etc/postgresql/**',
          '/usr/{local/,}share/postgresql/**',
          '/docker-entrypoint-initdb.d/',
          '/docker-entrypoint-initdb.d/**',
          '/sys/kernel/mm/{huge,transparent_huge}page*/**',
        ),
        ...write('/{var/,}run/postgresql/', '/{var/,}run/postgresql/**', '/dev/shm/**', '/tmp/**'),
        // The log is renamed into place through links.
        { path: '/var/lib/postgresql/', access: 'rw' },
        { path: '/var/lib/postgresql/**', access: 'rwkl' },
        { path: '/proc/[0-9]*/oom_score_adj', access: 'rw' },
      ],
      execute: [
        '/usr/lib/postgresql/*/bin/*',
        '/usr/local/bin/{initdb,pg_*,postgres,psql,createdb}',
        ...entrypoint(options, '/usr/local/bin/{docker-*.sh,gosu,su-exec}', '/docker-entrypoint-initdb.d/*'),
      ],
      network: ['tcp', 'udp', 'unix'],
    });
  },

  /** A statically linked Go program, the only thing in its container that can be executed. */
  goBinary(options: GoBinaryOptions): AppArmorProfile {
    return compose('go-binary', options, {
      files: [],
      execute: [options.binary],
      network: ['tcp', 'udp'],
      isStatic: true,
    });
  },

  /** A Node.js program. Nothing is writable unless `writable` says so. */
  nodejs(options: NodejsOptions = {}): AppArmorProfile {
    const app = (options.app ?? '/app').replace(/\/$/, '');
    return compose('nodejs', options, {
      files: [
        ...read(`${app}/`),
        // Native add-ons are mapped as code.
        { path: `${app}/**`, access: 'mr' },
        ...read('/proc/[0-9]*/{stat,statm,status,cgroup,limits}', '/proc/version_signature', '/package.json'),
      ],
      execute: ['/usr/{local/,}bin/node', ...entrypoint(options, '/usr/local/bin/docker-entrypoint.sh')],
      network: ['tcp', 'udp', 'unix'],
    });
  },
} as const;

/** What a program needs beyond what every one needs. */
interface Needs {
  readonly files: readonly FileRule[];
  /** Patterns. */
  readonly execute: readonly string[];
  readonly network: readonly NetworkAccess[];
  /** Whether it loads no libraries. @default false */
  readonly isStatic?: boolean;
}

function compose(program: string, options: ReadyProfileOptions, needs: Needs): AppArmorProfile {
  const { name = program, readable = [], writable = [], executable = [], capabilities = [] } = options;
  return {
    name,
    files: [
      ...(needs.isStatic ? [] : LIBRARIES),
      ...COMMON,
      ...needs.files,
      ...read(...readable),
      ...write(...writable),
    ],
    execute: [...needs.execute, ...executable].map((path): ExecuteRule => ({ path })),
    network: options.network ?? needs.network,
    capabilities,
  };
}

function read(...paths: readonly string[]): FileRule[] {
  return paths.map((path) => ({ path, access: 'r' }));
}

function write(...paths: readonly string[]): FileRule[] {
  return paths.map((path) => ({ path, access: 'rwk' }));
}

/** A shell, and what the entrypoint scripts of official images call. */
function entrypoint({ entrypoint: runs = true }: EntrypointOptions, ...scripts: readonly string[]): string[] {
  if (!runs) return [];
  const tools =
    'awk,basename,cat,cut,date,dirname,env,find,getent,grep,head,hostname,id,ls,mkdir,readlink,sed,sort,stat,tail,touch,tr,true,wc,xargs';
  return [...scripts, '/{usr/,}bin/{sh,bash,dash,ash,busybox}', `/{usr/,}bin/{${tools}}`];
}

/** What the loader reads and maps. */
const LIBRARIES: readonly FileRule[] = [
  { path: '/{usr/,usr/local/,}lib{,32,64}/', access: 'r' },
  { path: '/{usr/,usr/local/,}lib{,32,64}/**', access: 'mr' },
  ...read('/etc/ld.so.{cache,preload,conf}', '/etc/ld-musl-*.path'),
];

/** What any process reads: names and addresses, certificates, its own state, and the secrets of its pod. */
const COMMON: readonly FileRule[] = [
  ...read(
    '/etc/{hosts,hostname,host.conf,gai.conf,nsswitch.conf,resolv.conf,passwd,group,services,protocols,mime.types}',
  ),
  ...read('/etc/{localtime,timezone}', '/usr/share/{zoneinfo,locale,i18n}/**'),
  ...read(
    '/etc/ssl/',
    '/etc/ssl/**',
    '/etc/pki/**',
    '/etc/ca-certificates/**',
    '/usr/{local/,}share/ca-certificates/**',
  ),
  ...read('/etc/secrets/', '/etc/secrets/**', '/{var/,}run/secrets/', '/{var/,}run/secrets/**'),
  { path: '/dev/{null,full,zero}', access: 'rw' },
  ...read('/dev/{random,urandom}'),
  ...read('/proc/', '/proc/{cpuinfo,filesystems,loadavg,meminfo,stat,uptime,version}'),
  {
    path: '/proc/[0-9]*/{cgroup,comm,fd/,fd/*,limits,maps,mountinfo,mounts,stat,statm,status,cmdline}',
    access: 'r',
  },
  ...read(
    '/proc/sys/kernel/{cap_last_cap,hostname,ngroups_max,osrelease,overflowuid,random/*,threads-max}',
    '/proc/sys/net/core/somaxconn',
    '/proc/sys/vm/overcommit_memory',
  ),
  ...read(
    '/sys/devices/system/{cpu,node}/**',
    '/sys/fs/cgroup/',
    '/sys/fs/cgroup/**',
    '/sys/kernel/mm/transparent_hugepage/hpage_pmd_size',
  ),
];
