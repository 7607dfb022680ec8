import { waiversOf } from '../controls/waiver';
import { identityOf, type Manifest } from '../manifest/manifest';
import type { DeclaredConnection } from '../network/declared';
import { findCrossings, type Crossing } from '../network/isolation';
import { workloadName } from '../network/pods';
import { formatPorts } from '../network/ports';
import {
  networkOfTenants,
  NOTHING_DECLARED,
  reachedMetadata,
  type MetadataReach,
} from '../network/tenant-network';
import { describeEscape, proveGuardedPermissions, type TenantEscape } from '../rbac/tenant-proof';
import type { ClusterTarget } from '../target/target';

/** What {@link proveTenancy} is told beside the manifests. */
export interface TenancyOptions {
  readonly target: ClusterTarget;
  /** Every connection that somebody asked for, on both sides. @default not known: every way between two tenants is a hole */
  readonly declared?: readonly DeclaredConnection[];
  /**
   * The same objects in any order, without the annotations of waivers, where they have been looked at already: what was found
   * out of a lent list is not found out again.
   * @default the manifests
   */
  readonly judged?: readonly Manifest[];
}

/**
 * That for each ordered pair of tenants no network path and no chain of rights leads from any subject or pod of one to any
 * object or pod of the other, save what both agreed to; or what shows that it is not so.
 */
export interface TenancyTheorem {
  /** Whether it is true. */
  readonly holds: boolean;
  /** What shows that it is not, as sentences without a full stop; empty when it is true. */
  readonly counterExamples: readonly string[];
  /** Names of all tenants. */
  readonly tenants: readonly string[];
  readonly network: NetworkOfTheorem;
  readonly rights: RightsOfTheorem;
}

/** What the policies let through, about tenants. */
export interface NetworkOfTheorem {
  /** How many connections somebody asked for; undefined where that is not known. */
  readonly declared: number | undefined;
  /** Whether every pod may connect to exactly what was declared. False where that is not known. */
  readonly isAsDeclared: boolean;
  /** Ordered pairs of tenants that meet because both have declared it, with an example each. */
  readonly agreed: readonly Crossing[];
  /** Ordered pairs of tenants that meet where nobody has declared it, with an example each. */
  readonly holes: readonly Crossing[];
  /** Metadata addresses that pods of tenants reach where nobody has declared it. */
  readonly metadata: readonly MetadataReach[];
}

/** Where rights lead out of tenants. */
export interface RightsOfTheorem {
  /** Ways that a waiver of `no-way-out-of-tenant` on the binding or workload agrees to. */
  readonly agreed: readonly TenantEscape[];
  readonly holes: readonly TenantEscape[];
}

/**
 * Proves that tenants are kept apart, or shows by what they are not. Namespaces tell their tenant by the label
 * `cdk8s-bulwark/tenant`.
 *
 * Pods are looked at by classes that policies tell apart, and rights from each tenant until they leave it, so that no pair of
 * tenants is looked at unless something leads from one to the other: the time is linear in the manifests.
 */
export function proveTenancy(
  manifests: readonly Manifest[],
  { target, declared, judged = manifests }: TenancyOptions,
): TenancyTheorem {
  const { tenancy, escapes } = proveGuardedPermissions(judged);
  const network = tenancy.tenants.length > 0 ? proveNetwork(judged, target, declared) : NO_TENANTS;
  const waived = escapes.length > 0 ? waivedObjects(manifests) : new Set();
  const isAgreed = ({ manifest }: TenantEscape) => waived.has(identityOf(manifest));
  const holes = escapes.filter((escape) => !isAgreed(escape));
  const counterExamples = [...network.holes.map(crossingSentence), ...holes.map(describeEscape)];
  return {
    holds: counterExamples.length === 0,
    counterExamples,
    tenants: tenancy.tenants,
    network,
    rights: { agreed: escapes.filter(isAgreed), holes },
  };
}

/** Those that a waiver excuses from the control, by identity. */
function waivedObjects(manifests: readonly Manifest[]): ReadonlySet<string> {
  const isWaived = (manifest: Manifest) =>
    waiversOf(manifest).some(({ control }) => control === 'no-way-out-of-tenant');
  return new Set(manifests.filter(isWaived).map(identityOf));
}

const NO_TENANTS: NetworkOfTheorem = {
  declared: undefined,
  isAsDeclared: false,
  agreed: [],
  holes: [],
  metadata: [],
};

function proveNetwork(
  manifests: readonly Manifest[],
  target: ClusterTarget,
  declared: readonly DeclaredConnection[] | undefined,
): NetworkOfTheorem {
  const network = networkOfTenants(manifests, declared ?? NOTHING_DECLARED, target);
  const { actual, wanted, isAsDeclared } = network;
  return {
    declared: declared?.length,
    isAsDeclared: declared !== undefined && isAsDeclared,
    agreed: findCrossings(wanted, { limit: Infinity }),
    holes: isAsDeclared ? [] : findCrossings(actual, { wanted }),
    metadata: reachedMetadata(network),
  };
}

function crossingSentence({ from, to, source, destination, ports }: Crossing): string {
  const [own, other] = [source, destination].map(workloadName);
  return `The tenant ${from} reaches the tenant ${to}: ${own} => ${other} on ${formatPorts(ports)}`;
}
