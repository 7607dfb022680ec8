import { BulwarkError } from '../../src/errors';
import {
  COST_CENTER_LABEL,
  NODE_POOL_LABEL,
  OWNER_LABEL,
  PARENT_LABEL,
  TRUST_LABEL,
} from '../../src/manifest/kinds';
import type { TrustLevel } from './trust';

/** What a tenant's namespaces say of it. */
export interface Labelled {
  readonly trust: TrustLevel;
  /** Name of the tenant that it is a team of. */
  readonly parent: string | undefined;
  readonly owner?: string;
  readonly costCenter?: string;
  readonly nodePool?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * The labels of every namespace of a tenant; what it says in `labels` overrides none of them.
 * @param where Path of the tenant, for messages.
 * @throws BulwarkError for a value that no label can have.
 */
export function labelsOf(where: string, tenant: Labelled): Record<string, string> {
  const { trust, parent, owner, costCenter, nodePool } = tenant;
  const decided = Object.entries({
    [TRUST_LABEL]: trust,
    [PARENT_LABEL]: parent,
    [OWNER_LABEL]: owner,
    [COST_CENTER_LABEL]: costCenter,
    [NODE_POOL_LABEL]: nodePool,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const labels = { ...tenant.labels, ...Object.fromEntries(decided) };
  for (const [key, value] of Object.entries(labels)) checkValue(where, key, value);
  return labels;
}

function checkValue(where: string, key: string, value: string): void {
  if (/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value)) return;
  throw new BulwarkError(
    `${where}: '${value}' cannot be the label ${key}, and the API server would refuse the Namespace. Use at most 63 letters, digits, ` +
      "hyphens, dots and underscores, such as 'team-shop' or 'cc-4711'.",
  );
}
