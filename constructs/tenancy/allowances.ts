import { BulwarkError } from '../../src/errors';
import { parseCidr } from '../../src/network/cidr';
import type { TenantAllowances } from '../../src/tenancy/allowances';
import { placed, type Placement } from './placement';

/** What the guard rails have to let through for a tenant that is placed so and owns these addresses. */
export function allowancesOf(
  { allowances = {}, addresses = [] }: { allowances?: TenantAllowances; addresses?: readonly string[] },
  placement: Placement,
): TenantAllowances {
  return {
    ...placed(allowances, placement),
    ...(addresses.length > 0 && { networkCidrs: [...(allowances.networkCidrs ?? []), ...addresses] }),
  };
}

/**
 * @param where Path of the tenant, for messages.
 * @throws BulwarkError for what is no block of addresses.
 */
export function checkAddresses(where: string, addresses: readonly string[]): void {
  for (const cidr of addresses) {
    try {
      parseCidr(cidr);
    } catch (error) {
      throw new BulwarkError(`${where}: addresses: ${(error as Error).message}`);
    }
  }
}
