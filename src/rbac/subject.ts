import { BulwarkError } from '../errors';
import { compareText, isObject } from '../manifest/manifest';

/** Somebody the API server knows. */
export type Subject =
  | { readonly kind: 'User' | 'Group'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly name: string; readonly namespace: string };

/** Who a request is from, as authentication has found out. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const ALL_ACCOUNTS = 'system:serviceaccounts';
/** The group of everybody who has logged in. */
export const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const ANONYMOUS = 'system:anonymous';

/** The group whose members may do everything, whatever the roles say. */
export const MASTERS = 'system:masters';

/** As whom the API server knows a request that does not say who it is from. */
export const NOBODIES: readonly Subject[] = [
  { kind: 'Group', name: UNAUTHENTICATED },
  { kind: 'User', name: ANONYMOUS },
];

/**
 * Whether the API server itself says who is in a group, or is a user: whoever logs in, whoever does not, ServiceAccounts. A
 * binding of it is about all of those, and makes nobody one of the binding's own.
 */
export function isOfEverybody({ kind, name }: Subject): boolean {
  if (kind === 'User') return name === ANONYMOUS;
  return (
    kind === 'Group' && (name === AUTHENTICATED || name === UNAUTHENTICATED || name.startsWith(ALL_ACCOUNTS))
  );
}

/** A user who is the name of a ServiceAccount is that ServiceAccount. */
export function normalSubject(subject: Subject): Subject {
  const [, namespace, name] = (subject.kind === 'User' && ACCOUNT.exec(subject.name)) || [];
  return namespace && name ? { kind: 'ServiceAccount', namespace, name } : subject;
}

/** What makes a subject the same subject. */
export function subjectKey(subject: Subject): string {
  return subject.kind === 'ServiceAccount'
    ? `User:system:serviceaccount:${subject.namespace}:${subject.name}`
    : `${subject.kind}:${subject.name}`;
}

/** `ServiceAccount shop-web/api`, `Group shop-dev`. */
export function describeSubject(subject: Subject): string {
  return subject.kind === 'ServiceAccount'
    ? `ServiceAccount ${subject.namespace}/${subject.name}`
    : `${subject.kind} ${subject.name}`;
}

/** Orders subjects by kind, namespace and name. */
export function compareSubjects(a: Subject, b: Subject): number {
  return compareText(describeSubject(a), describeSubject(b));
}

/**
 * The subject as whom it makes requests: with the groups that the API server itself puts it into. A user's other groups are
 * known to whoever logs them in only; a Group stands for a member that is in no other.
 */
export function identityOfSubject(subject: Subject): Identity {
  const one = normalSubject(subject);
  if (one.kind === 'ServiceAccount') {
    const user = `system:serviceaccount:${one.namespace}:${one.name}`;
    return { user, groups: [`${ALL_ACCOUNTS}:${one.namespace}`, ALL_ACCOUNTS, AUTHENTICATED] };
  }
  if (one.kind === 'User') {
    return { user: one.name, groups: [one.name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED] };
  }
  if (one.name === UNAUTHENTICATED) return { user: ANONYMOUS, groups: [UNAUTHENTICATED] };
  return { user: '', groups: [...new Set([one.name, ...impliedGroups(one.name), AUTHENTICATED])] };
}

/** A member of the ServiceAccounts of a namespace is one of all ServiceAccounts. */
function impliedGroups(group: string): string[] {
  return group.startsWith(`${ALL_ACCOUNTS}:`) ? [ALL_ACCOUNTS] : [];
}

/** The subjects whose rights an identity has: itself and each of its groups. */
export function subjectsOfIdentity({ user, groups }: Identity): Subject[] {
  const own = user === '' ? [] : [normalSubject({ kind: 'User', name: user })];
  return [...own, ...groups.map((name): Subject => ({ kind: 'Group', name }))];
}

/**
 * The subject that an entry of a binding names, or undefined where the API server would not know whom it means.
 * @param namespace Namespace of the binding, which a ServiceAccount without one is in.
 */
export function boundSubject(entry: unknown, namespace: string | undefined): Subject | undefined {
  if (!isObject(entry) || typeof entry.name !== 'string') return undefined;
  const { kind, name } = entry;
  if (kind === 'User' || kind === 'Group') return normalSubject({ kind, name });
  if (kind !== 'ServiceAccount') return undefined;
  const place = typeof entry.namespace === 'string' && entry.namespace !== '' ? entry.namespace : namespace;
  return place === undefined ? undefined : { kind, name, namespace: place };
}

/**
 * Reads a subject as people write it: `User:jane`, `Group:shop-dev`, `ServiceAccount:shop-web/api`, or the user name
 * `system:serviceaccount:shop-web:api` of a ServiceAccount.
 * @throws BulwarkError when it is none of these.
 */
export function parseSubject(text: string): Subject {
  const account = /^(?:service-?account|sa)[: ]([^/:]+)[/:]([^/:]+)$/i.exec(text);
  if (account) return { kind: 'ServiceAccount', namespace: account[1]!, name: account[2]! };
  const named = /^(user|group)[: ](.+)$/i.exec(text);
  if (named) return normalSubject({ kind: /^u/i.test(named[1]!) ? 'User' : 'Group', name: named[2]! });
  const user = normalSubject({ kind: 'User', name: text });
  if (user.kind === 'ServiceAccount') return user;
  throw new BulwarkError(
    `'${text}' is no subject. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME.`,
  );
}
