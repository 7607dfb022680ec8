/** What a program may do with the files that a pattern matches: read, write, append, lock, link, map as code. */
export type FileAccess = 'r' | 'w' | 'a' | 'k' | 'l' | 'm';

/** A rule about files. */
export interface FileRule {
  /**
   * Absolute path in AppArmor's pattern language: `*` within a folder, `**` across folders, `?`, `[a-z]`, `{a,b}`. A name that
   * comes from elsewhere goes through {@link literalPath}.
   */
  readonly path: string;
  /** Letters of {@link FileAccess}, for example `r` or `rwk`. `a` and `w` exclude each other. */
  readonly access: string;
  /** Only for files that belong to the user of the process. @default false */
  readonly owner?: boolean;
}

/** A program that may be executed. */
export interface ExecuteRule {
  /** Path of the program, as in {@link FileRule.path}. */
  readonly path: string;
  /**
   * What confines the program: this profile, or one of its `children`. A pod with `allowPrivilegeEscalation: false` runs with
   * `no_new_privs`, under which the kernel refuses the change to a child that allows anything its parent does not.
   * @default 'inherit'
   */
  readonly as?: 'inherit' | { readonly child: string };
}

/** Sockets of one family and type; `tcp`, `udp` and `raw` are those of IPv4 and IPv6 together. */
export type NetworkAccess = 'tcp' | 'udp' | 'raw' | 'unix' | 'netlink' | 'packet';

/** Another profile: this one, none at all, or one by its name. */
export type Peer = 'self' | 'unconfined' | { readonly profile: string };

/** Signals from or to a peer. */
export interface SignalRule {
  readonly access: readonly ('send' | 'receive')[];
  readonly peer: Peer;
  /** Names such as `term`, `hup`. @default all */
  readonly signals?: readonly string[];
}

/** Tracing, and reading the state of other processes, which `ps` does. */
export interface PtraceRule {
  readonly access: readonly ('trace' | 'read' | 'tracedby' | 'readby')[];
  readonly peer: Peer;
}

/** What a program may do. Whatever is not named is refused; mounts cannot be named. */
export interface AppArmorRules {
  /** @default none */
  readonly files?: readonly FileRule[];
  /** @default none */
  readonly execute?: readonly ExecuteRule[];
  /** Names as Kubernetes writes them, for example `NET_BIND_SERVICE`. @default none */
  readonly capabilities?: readonly string[];
  /** @default none */
  readonly network?: readonly NetworkAccess[];
  /** Beside those that every container needs: from the container runtime, and among its own processes. @default none */
  readonly signals?: readonly SignalRule[];
  /** @default none */
  readonly ptrace?: readonly PtraceRule[];
  /**
   * Files of the node, such as `abstractions/openssl`. What they say differs between distributions, so the hash in the name
   * of the profile does not stand for it.
   * @default none
   */
  readonly includes?: readonly string[];
  /** What is refused although a rule above allows it, silently. @default none */
  readonly deny?: {
    readonly files?: readonly FileRule[];
    readonly capabilities?: readonly string[];
    readonly network?: readonly NetworkAccess[];
  };
}

/** An AppArmor profile for a container: a list of what is allowed. */
export interface AppArmorProfile extends AppArmorRules {
  /** What the profile is for, for example `shop-frontend`. A hash of the text is added when it is loaded. */
  readonly name: string;
  /** Profiles for programs that the container executes, by name. @default none */
  readonly children?: Readonly<Record<string, AppArmorRules>>;
}

/** A profile as text, under the name by which pods ask for it. */
export interface RenderedAppArmorProfile {
  /** `NAME-HASH`. Another text has another name, so a node never has to replace a profile that is in use. */
  readonly name: string;
  readonly text: string;
}
