import { BulwarkError } from '../../src/errors';
import type { TenantAllowances } from '../../src/tenancy/allowances';
import type { TenantQuota } from '../../src/tenancy/quota';
import type { SelfService } from './people';

/**
 * How far a tenant is trusted.
 *
 * - `trusted`: colleagues with code of their own. Developers may run commands in pods.
 * - `semi-trusted`: colleagues or partners, who make mistakes and whose accounts are stolen.
 * - `hostile`: customers whose code nobody has seen. Pods get a kernel and nodes of their own.
 */
export type TrustLevel = 'trusted' | 'semi-trusted' | 'hostile';

const LEVELS: readonly TrustLevel[] = ['trusted', 'semi-trusted', 'hostile'];

/** Whether one level trusts no more than another. */
export function isAsStrict(level: TrustLevel, than: TrustLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(than);
}

/** @throws BulwarkError for a level that is none, which would be taken for one that trusts more than was meant. */
export function checkTrust(where: string, trust: TrustLevel): void {
  if (LEVELS.includes(trust)) return;
  throw new BulwarkError(
    `${where}: trust is '${String(trust)}', and there is no such level. Use one of: ${LEVELS.join(', ')}.`,
  );
}

/** What a hostile tenant may not have at all. */
export interface HostileProps {
  readonly quota: TenantQuota;
  readonly selfService: SelfService;
  readonly allowances: TenantAllowances;
}

/** @throws BulwarkError when a hostile tenant is given an entrance, or rights of the platform. */
export function checkHostile(where: string, { quota, selfService, allowances }: HostileProps): void {
  const isGiven: Readonly<Record<string, boolean | number | undefined>> = {
    'quota.nodePorts, a port on every node': quota.nodePorts,
    'quota.loadBalancers, an entrance past the ingress controller': quota.loadBalancers,
    'selfService.networkPolicies': selfService.networkPolicies,
    'selfService.roleBindings': selfService.roleBindings,
    'selfService.namespaces': selfService.namespaces?.atMost,
    'allowances.runtimeClasses, a way out of the sandbox': allowances.runtimeClasses?.length,
    'allowances.sandboxes, which are those of the target': allowances.sandboxes?.length,
    'allowances.waivedControls': allowances.waivedControls?.length,
  };
  const given = Object.keys(isGiven).filter((what) => isGiven[what]);
  if (given.length === 0) return;
  throw new BulwarkError(
    `${where}: is hostile, and is given ${given.join('; ')}. Remove that, or say trust: 'semi-trusted' if the tenant deserves it.`,
  );
}
