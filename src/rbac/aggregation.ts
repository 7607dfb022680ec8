import { push } from '../groups';
import { selects } from '../manifest/inventory';
import { compareText, isObject, type Manifest } from '../manifest/manifest';
import { listOf } from '../lists';
import { rulesOf, type PolicyRule } from './policy-rule';

/** A rule that a role grants. */
export interface RoleRule {
  readonly rule: PolicyRule;
  /** The Role or ClusterRole in which it is written; another than the one that grants it where that collects rules. */
  readonly source: Manifest;
}

/**
 * The rules of every ClusterRole, by name, with those that an `aggregationRule` collects: the controller that does it in a
 * cluster replaces whatever is written in such a role by the rules of all others that a selector of it matches.
 */
export function aggregate(clusterRoles: readonly Manifest[]): Map<string, readonly RoleRule[]> {
  const sorted = [...clusterRoles].sort((a, b) => compareText(nameOf(a), nameOf(b)));
  const parts = partsOfAll(sorted);
  return new Map(sorted.map((role) => [nameOf(role), collected(role, parts)]));
}

type Parts = ReadonlyMap<Manifest, readonly Manifest[]>;

/** For each role that collects, the roles it collects. A label is looked up, so that it takes no time for all pairs of roles. */
function partsOfAll(roles: readonly Manifest[]): Parts {
  const collecting = roles.filter((role) => selectorsOf(role) !== undefined);
  if (collecting.length === 0) return new Map();
  const byLabel = new Map<string, Manifest[]>();
  for (const role of roles) {
    for (const label of Object.entries(role.metadata?.labels ?? {})) {
      push(byLabel, label.join('='), role);
    }
  }
  return new Map(
    collecting.map((role) => {
      const matched = selectorsOf(role)!.flatMap((selector) =>
        candidates(selector, roles, byLabel).filter(
          (other) => other !== role && selects(selector, other.metadata?.labels ?? {}),
        ),
      );
      return [role, [...new Set(matched)]];
    }),
  );
}

function candidates(
  selector: unknown,
  roles: readonly Manifest[],
  byLabel: ReadonlyMap<string, readonly Manifest[]>,
): readonly Manifest[] {
  const [label] = Object.entries(
    isObject(selector) && isObject(selector.matchLabels) ? selector.matchLabels : {},
  );
  return label ? (byLabel.get(label.join('=')) ?? []) : roles;
}

/** The roles among these from which others collect rules. */
export function collectedRoles(clusterRoles: readonly Manifest[]): ReadonlySet<Manifest> {
  return new Set([...partsOfAll(clusterRoles).values()].flat());
}

function collected(role: Manifest, parts: Parts): RoleRule[] {
  if (!parts.has(role)) return written(role);
  return [...reachable(role, parts)].flatMap((part) =>
    // What roles that collect each other had before may stay in both for ever, so it counts.
    !parts.has(part) || reachable(part, parts).has(part) ? written(part) : [],
  );
}

/** What a role collects, and what that collects, and so on. */
function reachable(role: Manifest, parts: Parts): Set<Manifest> {
  const found = new Set<Manifest>();
  const open = [role];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const part of parts.get(next) ?? []) {
      if (found.has(part)) continue;
      found.add(part);
      open.push(part);
    }
  }
  return found;
}

function written(source: Manifest): RoleRule[] {
  return rulesOf(source).map((rule) => ({ rule, source }));
}

function selectorsOf({ aggregationRule }: Manifest): readonly unknown[] | undefined {
  return isObject(aggregationRule) ? listOf(aggregationRule.clusterRoleSelectors) : undefined;
}

function nameOf(manifest: Manifest): string {
  return manifest.metadata?.name ?? '';
}

/** The rules that are written in a Role. */
export function rulesOfRole(role: Manifest): readonly RoleRule[] {
  return written(role);
}
