import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { PLATFORM_OWNED_LABEL } from '../../src/manifest/kinds';
import type { Manifest } from '../../src/manifest/manifest';
import type { ClusterTarget } from '../../src/target/target';
import { allowancesConfigMap, type TenantAllowances } from '../../src/tenancy/allowances';
import type { Amounts, TenantQuota } from '../../src/tenancy/quota';
import { selfServiceManifests } from '../../src/tenancy/self-service';
import { targetOf } from '../blueprint/settings';
import { Subject, entryOf, sortedSubjects, type BindingSubject } from '../identity/subject';
import { closingPolicies, dnsOpenings } from '../network/default-deny';
import { limits, podSecurityLabels, type NamespaceObject } from './namespace-objects';
import { checkMembers, type RoleHolders } from './people';
import { tenantRole } from './roles';

/** More than anybody has; each of them is a part of the quota. */
const MOST = 1000;

/** Namespaces that people of a tenant make themselves. Capsule makes them what the synthesis would have made them. */
export interface NamespaceSelfService {
  /** Who makes and deletes them: names of groups, or subjects. What people may do in them is said by `groups` of the tenant. */
  readonly owners: readonly (string | BindingSubject)[];
  /** How many of them there can be at one time, 1000 at most. */
  readonly atMost: number;
  /** The part of the tenant's quota that each of them gets. @default an equal part of what the other parts leave, as a declared one */
  readonly quota?: TenantQuota;
}

/** What the namespaces get from their tenant. @internal */
export interface SelfServiceOwner {
  /** Name of the tenant. */
  readonly tenant: string;
  /** Labels that the tenant alone decides. */
  readonly labels: Readonly<Record<string, string>>;
  /** What each of them may use; asked for when everything is declared. */
  readonly amounts: () => Amounts;
  readonly allowances: TenantAllowances;
  readonly people: readonly RoleHolders[];
}

/** What Capsule and the guard rails have to be told so that people of a tenant make namespaces themselves. @internal */
export class SelfServiceNamespaces extends Chart {
  constructor(scope: Construct, id: string, owner: SelfServiceOwner, service: NamespaceSelfService) {
    super(scope, id);
    const { path } = scope.node;
    const { owners, atMost } = service;
    const subjects = owners.map((each) =>
      entryOf(path, typeof each === 'string' ? Subject.group(each) : each),
    );
    const manifests = selfServiceManifests(path, {
      tenant: owner.tenant,
      owners: sortedSubjects(subjects),
      atMost,
      labels: { ...owner.labels, ...podSecurityLabels(targetOf(this)) },
      objects: [...this.walls(owner), ...this.bindings(owner)].map(ofPlatform),
    });
    for (const manifest of manifests) new ApiObject(this, manifest.kind, manifest);
  }

  private walls({ amounts, allowances }: SelfServiceOwner): NamespaceObject[] {
    const { apiVersion, kind, metadata, data } = allowancesConfigMap('', allowances, this.node.path);
    return [
      ...Object.values(limits(amounts, allowances.priorityClasses)),
      ...closingPolicies('', dnsOpenings(targetOf(this), '')),
      { apiVersion, kind, metadata: { name: metadata!.name! }, data },
    ];
  }

  private bindings({ people }: SelfServiceOwner): NamespaceObject[] {
    return people.map(({ role, subjects }) => {
      const { name } = tenantRole(this, role);
      return {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: sortedSubjects(subjects.map((subject) => entryOf(this.node.path, subject))),
      };
    });
  }
}

function ofPlatform(object: NamespaceObject): Manifest {
  const labels = { [PLATFORM_OWNED_LABEL]: 'true' };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/**
 * @param where Path of the tenant, for messages.
 * @throws BulwarkError where nobody could make a namespace, and where nothing would hold what people make.
 */
export function checkSelfService(
  where: string,
  { owners, atMost }: NamespaceSelfService,
  target: ClusterTarget,
): void {
  checkMembers(where, 'selfService.namespaces.owners', owners);
  const problem = problemOf(owners.length, atMost, target);
  if (problem !== undefined) throw new BulwarkError(`${where}: selfService.namespaces ${problem}`);
}

function problemOf(
  owners: number,
  atMost: number,
  { capsule, minor, version }: ClusterTarget,
): string | undefined {
  if (!capsule) {
    return (
      'lets people make namespaces, and what belongs into them only a controller can put there. Install Capsule and say so: ' +
      'ClusterTarget.kubernetes(version, { capsule: true }).'
    );
  }
  if (minor < 30) {
    return `needs ValidatingAdmissionPolicy, and Kubernetes ${version} has none. Declare the namespaces, or upgrade to 1.30.`;
  }
  if (owners === 0) return 'has no owners, so nobody could make a namespace. Name a group, or leave it out.';
  if (Number.isInteger(atMost) && atMost >= 1 && atMost <= MOST) return undefined;
  return `has atMost ${atMost}, which is no number of namespaces. Write a whole number from 1 to ${MOST}.`;
}
