import { ApiObject, Chart } from 'cdk8s';
import type { ISubject, IServiceAccount } from 'cdk8s-plus-27';
import { BulwarkError } from '../../src/errors';
import { compareText } from '../../src/manifest/manifest';
import { isNamespaceName, isObjectName } from '../../src/manifest/names';

/** Whom a role is bound to: a {@link Subject}, a subject of cdk8s-plus such as a ServiceAccount, or a workload for its account. */
export type BindingSubject = Subject | ISubject | { readonly serviceAccount?: IServiceAccount };

/** A subject as bindings name it (rbac.authorization.k8s.io/v1 Subject). */
export interface SubjectEntry {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Someone who is no construct of this program: a person, a group of people, or a ServiceAccount that is made elsewhere. */
export class Subject {
  /** A user, by the name that the API server has for them. Prefer a group: people come and go. */
  static user(name: string): Subject {
    return new Subject({ apiGroup: RBAC_GROUP, kind: 'User', name });
  }

  /** A group, by the name that the API server has for it, the prefix of the login provider included. */
  static group(name: string): Subject {
    return new Subject({ apiGroup: RBAC_GROUP, kind: 'Group', name });
  }

  /** A ServiceAccount, in whatever namespace. */
  static serviceAccount(namespace: string, name: string): Subject {
    return new Subject({ kind: 'ServiceAccount', name, namespace });
  }

  private constructor(
    /** @internal */
    readonly entry: SubjectEntry,
  ) {}
}

/**
 * A subject as a binding names it.
 * @param where Path of the role, for messages.
 * @throws BulwarkError for a workload without an account, and for an account of unknown namespace, or that cannot be one.
 */
export function entryOf(where: string, subject: BindingSubject): SubjectEntry {
  if (subject instanceof Subject) return named(where, subject.entry);
  if ('toSubjectConfiguration' in subject) return configured(where, subject);
  if (subject.serviceAccount) return configured(where, subject.serviceAccount);
  throw new BulwarkError(
    `${where}: is bound to a workload without a ServiceAccount. Give it one: serviceAccount: new LockedServiceAccount(...).`,
  );
}

/** Each once, in an order that does not depend on that of the calls. */
export function sortedSubjects(subjects: Iterable<SubjectEntry>): SubjectEntry[] {
  const byKey = new Map([...subjects].map((entry) => [keyOf(entry), entry]));
  return [...byKey].sort(([a], [b]) => compareText(a, b)).map(([, entry]) => entry);
}

function keyOf({ kind, namespace = '', name }: SubjectEntry): string {
  return JSON.stringify([kind, namespace, name]);
}

function configured(where: string, subject: ISubject): SubjectEntry {
  const { kind, name, apiGroup, namespace } = subject.toSubjectConfiguration();
  if (kind !== 'ServiceAccount') return named(where, { kind, name, apiGroup: apiGroup || RBAC_GROUP });
  const found = namespace ?? namespaceOfChart(subject);
  if (found !== undefined) return named(where, { kind, name, namespace: found });
  throw new BulwarkError(
    `${where}: is bound to the ServiceAccount ${name} of ${subject.node.path}, whose namespace is unknown; without it the API ` +
      "server refuses the binding. Set the account's metadata.namespace, or the namespace of its chart.",
  );
}

function namespaceOfChart(subject: ISubject): string | undefined {
  // An account that is only referred to is in no namespace of ours.
  return subject.node.children.some((child) => ApiObject.isApiObject(child))
    ? Chart.of(subject).namespace
    : undefined;
}

function named(where: string, entry: SubjectEntry): SubjectEntry {
  if (entry.name === '') {
    throw new BulwarkError(`${where}: is bound to a ${entry.kind} without a name. Name it, or bind nobody.`);
  }
  if (entry.kind === 'ServiceAccount') checkAccount(where, entry);
  return entry;
}

/** What the API server would refuse only when the binding is applied. */
function checkAccount(where: string, { namespace = '', name }: SubjectEntry): void {
  if (isNamespaceName(namespace) && isObjectName(name)) return;
  throw new BulwarkError(
    `${where}: is bound to the ServiceAccount '${namespace}/${name}', which cannot be one: lower-case letters, digits, hyphens and, in the name, ` +
      "dots make one. Write Subject.serviceAccount('NAMESPACE', 'NAME').",
  );
}
