import { BulwarkError } from '../../src/errors';
import type { TrustLevel } from './trust';
import { Subject, type BindingSubject } from '../identity/subject';
import type { TenantRole } from './roles';
import type { NamespaceSelfService } from './self-service';

/** The people of a tenant, by what they may do in its namespaces: names of groups, or subjects. */
export interface TenantGroups {
  /** Read everything but Secrets. @default nobody */
  readonly viewers?: readonly (string | BindingSubject)[];
  /** Read, restart pods and scale workloads; in a trusted tenant also run commands in pods. @default nobody */
  readonly developers?: readonly (string | BindingSubject)[];
  /** Deploy workloads: best the ServiceAccount of a pipeline, not people. @default nobody */
  readonly deployers?: readonly (string | BindingSubject)[];
}

/** What the people of a tenant may do themselves that is the platform's otherwise. The guard rails keep it within the tenant. */
export interface SelfService {
  /** Whether deployers write NetworkPolicies; the guard rails let through no peer beyond the tenant's allowances. @default false */
  readonly networkPolicies?: boolean;
  /** Whether deployers write RoleBindings, to the roles that the allowance `roleRefs` names. @default false */
  readonly roleBindings?: boolean;
  /** Whether some of its people make namespaces, through Capsule. @default only those are made that are declared */
  readonly namespaces?: NamespaceSelfService;
}

/** Whom to bind a role to. */
export interface RoleHolders {
  readonly role: TenantRole;
  readonly subjects: readonly BindingSubject[];
}

const ROLE_OF = { viewers: 'viewer', developers: 'developer', deployers: 'deployer' } as const;

/** Who holds which role in every namespace of a tenant. */
export function holders(groups: TenantGroups, trust: TrustLevel, selfService: SelfService): RoleHolders[] {
  const of = (key: keyof TenantGroups) =>
    (groups[key] ?? []).map((each) => (typeof each === 'string' ? Subject.group(each) : each));
  const all: RoleHolders[] = [
    ...(['viewers', 'developers', 'deployers'] as const).map((key) => ({
      role: ROLE_OF[key],
      subjects: of(key),
    })),
    ...(trust === 'trusted' ? [{ role: 'debugger', subjects: of('developers') } as const] : []),
    ...(selfService.networkPolicies ? [{ role: 'networker', subjects: of('deployers') } as const] : []),
    ...(selfService.roleBindings ? [{ role: 'granter', subjects: of('deployers') } as const] : []),
  ];
  return all.filter(({ subjects }) => subjects.length > 0);
}

/**
 * Refuses groups that are more than a tenant's.
 * @throws BulwarkError for one without a name, and for a group or user that Kubernetes itself gives to everybody, or to administrators.
 */
export function checkGroups(where: string, groups: TenantGroups): void {
  for (const [key, members = []] of Object.entries(groups) as [string, TenantGroups['viewers']][]) {
    checkMembers(where, `groups.${key}`, members);
  }
}

/**
 * As {@link checkGroups}, for one list.
 * @param list What the list is called, for messages.
 */
export function checkMembers(
  where: string,
  list: string,
  members: readonly (string | BindingSubject)[],
): void {
  const names = members.map(nameOf);
  if (names.includes('')) {
    throw new BulwarkError(
      `${where}: ${list} holds one without a name. Name a group of your login provider.`,
    );
  }
  const reserved = names.find((name) => /^system:(?!serviceaccount:)/.test(name ?? ''));
  if (reserved === undefined) return;
  throw new BulwarkError(
    `${where}: ${list} holds '${reserved}', which Kubernetes gives to whom it likes: to every pod, to everybody who logs in, ` +
      'or to administrators. Name a group of your login provider.',
  );
}

/** The name of a group or user; undefined for an account, which is judged where it is bound. */
function nameOf(member: string | BindingSubject): string | undefined {
  if (typeof member === 'string') return member;
  return member instanceof Subject && member.entry.kind !== 'ServiceAccount' ? member.entry.name : undefined;
}
