import { identityOf } from '../manifest/manifest';
import type { PolicyRule } from './policy-rule';
import { rbacOf, type Grant } from './rbac';

/**
 * Whether every cluster grants it: by a binding of that name to that role which the API server itself makes, to that very subject,
 * and by a rule that the role has there. What a manifest says of itself does not count, its labels included: anybody can write
 * them.
 */
export function isBuiltIn({ subject, binding, role, rule }: Grant): boolean {
  return rbacOf([])
    .rolesOf(subject)
    .some(
      (standard) =>
        identityOf(standard.binding) === identityOf(binding) &&
        identityOf(standard.role) === identityOf(role) &&
        standard.rules.some((one) => covers(one.rule, rule)),
    );
}

/** Whether a rule allows whatever another one does, told from what is written in both. */
function covers(wide: PolicyRule, narrow: PolicyRule): boolean {
  const namesAll = wide.resourceNames.length === 0;
  const namesSome = narrow.resourceNames.length > 0;
  return (
    hasAll(wide.verbs, narrow.verbs) &&
    hasAll(wide.apiGroups, narrow.apiGroups) &&
    hasAll(wide.resources, narrow.resources) &&
    hasAll(wide.nonResourceURLs, narrow.nonResourceURLs) &&
    (namesAll || (namesSome && narrow.resourceNames.every((name) => wide.resourceNames.includes(name))))
  );
}

function hasAll(wide: readonly string[], narrow: readonly string[]): boolean {
  return wide.includes('*') || narrow.every((value) => wide.includes(value));
}
