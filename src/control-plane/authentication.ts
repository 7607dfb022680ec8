import { BulwarkError } from '../errors';
import type { ClusterTarget } from '../target/target';

/** An OpenID Connect issuer whose tokens people sign in with. */
export interface OidcIssuer {
  /** The issuer's URL, exactly as in the `iss` claim. */
  readonly url: string;
  /** Who the tokens are for: the `aud` claim holds one of these. */
  readonly audiences: readonly string[];
  /** Certificate authority of the issuer, as PEM. @default the ones that the node's system trusts */
  readonly certificateAuthority?: string;
  /** Where the name comes from. @default the claim `sub`, with the prefix `oidc:` */
  readonly username?: ClaimMapping;
  /** Where the groups come from. @default the claim `groups`, with the prefix `oidc:` */
  readonly groups?: ClaimMapping;
  /** What has to be true of the claims, as CEL over `claims`, with the message for who is refused. @default none */
  readonly claimRules?: readonly TokenRule[];
  /** What has to be true of the user, as CEL over `user`. @default no name or group of Kubernetes' own */
  readonly userRules?: readonly TokenRule[];
}

/** How a claim becomes a name, by its name and a prefix, or by an expression. */
export type ClaimMapping =
  | { readonly claim: string; readonly prefix: string }
  /** CEL over `claims`, for example `"oidc:" + claims.email`. */
  | { readonly expression: string };

/** A condition and what is said where it is false. */
export interface TokenRule {
  readonly expression: string;
  readonly message: string;
}

/** Who may sign in. */
export interface AuthenticationOptions {
  /** @default none: only client certificates and ServiceAccounts */
  readonly issuers?: readonly OidcIssuer[];
  /**
   * Paths that answer without credentials: probes ask them.
   * @default ['/livez', '/readyz', '/healthz']
   */
  readonly anonymousPaths?: readonly string[];
}

/** What makes the API server authenticate so: a file, from 1.30, or flags. */
export interface Authentication {
  /** For `--authentication-config`. */
  readonly configuration: object | undefined;
  /** More flags of kube-apiserver. */
  readonly flags: Readonly<Record<string, string>>;
  /** PEM files that flags name, by the name of the file. */
  readonly certificates: ReadonlyMap<string, string>;
}

const HEALTH_PATHS = ['/livez', '/readyz', '/healthz'];
const DEFAULT_PREFIX = 'oidc:';

/** No token of a person makes its owner a component of the cluster, whatever the issuer writes into it. */
const NO_SYSTEM_NAMES: readonly TokenRule[] = [
  {
    expression: "!user.username.startsWith('system:')",
    message: 'names that begin with system: are those of Kubernetes itself',
  },
  {
    expression: "user.groups.all(group, !group.startsWith('system:'))",
    message: 'groups that begin with system: are those of Kubernetes itself',
  },
];

/**
 * Authentication: OpenID Connect for people, and without credentials nothing but health.
 *
 * From 1.34 as AuthenticationConfiguration v1 and from 1.30 as v1beta1 (KEP-3331), before that as flags, which know one
 * issuer. The paths for anonymous requests are part of the file from 1.32 (KEP-4633); before that anonymous requests stay
 * enabled for the probes, and RBAC lets them see health and version only.
 *
 * @throws BulwarkError for an issuer without https, without audiences, named twice, or that flags cannot express.
 */
export function authentication(options: AuthenticationOptions, target: ClusterTarget): Authentication {
  const { issuers = [], anonymousPaths = HEALTH_PATHS } = options;
  issuers.forEach(checkIssuer);
  refuseTwice(issuers);
  checkPaths(anonymousPaths);
  if (target.minor < 30) return asFlags(issuers, target);
  const hasConditions = target.minor >= 32;
  return {
    configuration: {
      apiVersion: `apiserver.config.k8s.io/${target.minor >= 34 ? 'v1' : 'v1beta1'}`,
      kind: 'AuthenticationConfiguration',
      jwt: issuers.map(jwtOf),
      ...(hasConditions && { anonymous: anonymousOf(anonymousPaths) }),
    },
    flags: hasConditions ? {} : { 'anonymous-auth': anonymousPaths.length > 0 ? 'true' : 'false' },
    certificates: new Map(),
  };
}

function anonymousOf(paths: readonly string[]): object {
  if (paths.length === 0) return { enabled: false };
  return { enabled: true, conditions: paths.map((path) => ({ path })) };
}

function jwtOf(issuer: OidcIssuer): object {
  const { url, audiences, certificateAuthority, claimRules = [], userRules = NO_SYSTEM_NAMES } = issuer;
  return {
    issuer: {
      url,
      audiences,
      // Said also for one audience, where the API server takes it for granted, so that adding a second needs no second line.
      ...(audiences.length > 1 && { audienceMatchPolicy: 'MatchAny' }),
      ...(certificateAuthority && { certificateAuthority }),
    },
    ...(claimRules.length > 0 && { claimValidationRules: claimRules }),
    claimMappings: {
      username: mapping(issuer.username, 'sub'),
      groups: mapping(issuer.groups, 'groups'),
    },
    userValidationRules: userRules,
  };
}

function mapping(given: ClaimMapping | undefined, claim: string): ClaimMapping {
  return given ?? { claim, prefix: DEFAULT_PREFIX };
}

function asFlags(issuers: readonly OidcIssuer[], target: ClusterTarget): Authentication {
  const [issuer] = issuers;
  const flags = { 'anonymous-auth': 'true' };
  if (!issuer) return { configuration: undefined, flags, certificates: new Map() };
  const username = flagMapping(issuer.username, 'sub');
  const groups = flagMapping(issuer.groups, 'groups');
  if (
    issuers.length > 1 ||
    issuer.audiences.length > 1 ||
    issuer.claimRules ||
    issuer.userRules ||
    !username ||
    !groups
  ) {
    throw new BulwarkError(
      `authentication: Kubernetes ${target.version} reads issuers from flags, which know one issuer with one audience and plain claims. ` +
        'Use one such issuer, or a target of 1.30 or newer, where it is a file (KEP-3331).',
    );
  }
  const certificates = new Map(
    issuer.certificateAuthority ? [['oidc-ca.crt', issuer.certificateAuthority]] : [],
  );
  return {
    configuration: undefined,
    flags: {
      ...flags,
      'oidc-issuer-url': issuer.url,
      'oidc-client-id': issuer.audiences[0]!,
      'oidc-username-claim': username.claim,
      'oidc-username-prefix': username.prefix,
      'oidc-groups-claim': groups.claim,
      'oidc-groups-prefix': groups.prefix,
    },
    certificates,
  };
}

function flagMapping(given: ClaimMapping | undefined, claim: string) {
  const mapped = mapping(given, claim);
  return 'claim' in mapped ? mapped : undefined;
}

function checkIssuer({ url, audiences, username, groups }: OidcIssuer): void {
  if (!isIssuerUrl(url)) {
    throw new BulwarkError(
      `authentication: the issuer '${url}' is no https URL without user, query and fragment. Anyone between the API server and it could hand out keys of their own: write 'https://HOST/PATH', exactly as in the token's iss claim.`,
    );
  }
  if (audiences.length === 0 || audiences.some((audience) => audience.trim() === '')) {
    throw new BulwarkError(
      `authentication: the issuer '${url}' has no audience, so a token made for any other application would sign in here. Add audiences: ['kubernetes'], the client that was registered for the cluster.`,
    );
  }
  const bare = Object.entries({ username, groups }).find(
    ([, given]) => given && 'claim' in given && given.prefix === '',
  );
  if (bare) {
    throw new BulwarkError(
      `authentication: ${bare[0]} of '${url}' has no prefix, so the issuer could name somebody like a user or group of your own. Add prefix: 'oidc:'.`,
    );
  }
}

function isIssuerUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && `${url.username}${url.search}${url.hash}` === '';
}

function refuseTwice(issuers: readonly OidcIssuer[]): void {
  const urls = issuers.map(({ url }) => url);
  const twice = urls.find((url, at) => urls.indexOf(url) !== at);
  if (twice) {
    throw new BulwarkError(
      `authentication: the issuer '${twice}' is there twice, which the API server refuses. Put its audiences into one entry.`,
    );
  }
}

function checkPaths(paths: readonly string[]): void {
  const bad = paths.find((path) => !/^\/[-a-z0-9/]*$/.test(path));
  if (bad !== undefined) {
    throw new BulwarkError(
      `authentication: anonymousPaths holds '${bad}', and the API server compares whole paths. Write one that begins with '/', without wildcards, for example '/livez'.`,
    );
  }
}
