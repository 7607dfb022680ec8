import type { NamedExpression } from './policy';

/** Users that are the control plane itself. */
const SYSTEM_USERS = ['system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler'];

/** Groups of the control plane: its controllers have accounts in kube-system, kubelets are system:nodes. */
const SYSTEM_GROUPS = ['system:serviceaccounts:kube-system', 'system:nodes'];

/** True for requests of anybody who is in none of the groups. */
function outsideOf(groups: readonly string[]): string {
  return `!request.userInfo.?groups.orValue([]).exists(group, group in [${quoted(groups)}])`;
}

/** Asks nothing of those groups; nothing at all where there are none. */
export function exempt(name: string, groups: readonly string[]): NamedExpression[] {
  return groups.length > 0 ? [{ name, expression: outsideOf(groups) }] : [];
}

/** The groups of whom a condition made by {@link exempt} asks nothing; undefined for any other expression. */
export function exemptedBy(expression: string): readonly string[] | undefined {
  const [, list = ''] = /in \[(.*)\]\)$/.exec(expression) ?? [];
  const groups = [...list.matchAll(/'([^'\\]*)'/g)].map(([, group]) => group!);
  return groups.length > 0 && outsideOf(groups) === expression ? groups : undefined;
}

/** Asks nothing of the control plane: what it writes follows from what people were allowed to write. */
export const EXCEPT_CONTROL_PLANE: NamedExpression = {
  name: 'not-the-control-plane',
  expression: `${outsideOf(SYSTEM_GROUPS)} && !(request.userInfo.?username.orValue('') in [${quoted(SYSTEM_USERS)}])`,
};

/** The elements of a list in CEL. */
export function quoted(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value).replaceAll("'", "\\'").replaceAll('"', "'")).join(', ');
}
