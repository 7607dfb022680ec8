import { formatQuantity, parseQuantity } from '../manifest/quantity';
import type { ClusterCapacity } from '../target/capacity';
import type { Amounts } from './quota';

/** A tenant and all that it may use. */
export interface Claim {
  /** Path of the tenant. */
  readonly tenant: string;
  readonly amounts: Amounts;
}

const DIMENSIONS = ['cpu', 'memory', 'storage', 'pods'] as const;

/**
 * What is wrong when all tenants use all that they may at the same time: one message for each resource of which the cluster
 * then has too little.
 */
export function exceededCapacity(capacity: ClusterCapacity, claims: readonly Claim[]): string[] {
  const factor = BigInt(Math.round((capacity.overcommit ?? 1) * 1000));
  return DIMENSIONS.flatMap((key) => {
    const declared = capacity[key];
    if (declared === undefined) return [];
    const available = (parseQuantity(String(declared)) * factor) / 1000n;
    const claimed = claims.reduce((sum, { amounts }) => sum + (amounts.get(key) ?? 0n), 0n);
    if (claimed <= available) return [];
    const overcommitted = factor === 1000n ? '' : `, or ${formatQuantity(available)} overcommitted`;
    return [
      `The quotas of ${claims.length} tenants add up to ${formatQuantity(claimed)} ${key}, and the cluster has ${declared}${overcommitted}: ` +
        `the last to start would not, though their quota says that they may. Most is claimed by ${largest(claims, key)}. ` +
        `Lower quota.${key} there, add nodes and raise capacity.${key} of the target, or allow capacity.overcommit.`,
    ];
  });
}

function largest(claims: readonly Claim[], key: string): string {
  const amount = ({ amounts }: Claim) => amounts.get(key) ?? 0n;
  return [...claims]
    .sort((a, b) => Number(amount(b) - amount(a)))
    .slice(0, 3)
    .map((claim) => `${claim.tenant} (${formatQuantity(amount(claim))})`)
    .join(', ');
}
