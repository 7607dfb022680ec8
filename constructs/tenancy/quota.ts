import { BulwarkError } from '../../src/errors';
import { formatQuantity, parseQuantity } from '../../src/manifest/quantity';

/** The most that a tenant, or a namespace of it, may use at one time. */
export interface TenantQuota {
  /** Sum of the CPU limits, as a quantity of cores. @default '8' */
  readonly cpu?: string;
  /** Sum of the memory limits, as a quantity of bytes. @default '16Gi' */
  readonly memory?: string;
  /** Sum of the storage that claims request, as a quantity of bytes. @default '100Gi' */
  readonly storage?: string;
  /** @default 100 */
  readonly pods?: number;
  /** Services of type LoadBalancer; each is an entrance from outside. @default 0 */
  readonly loadBalancers?: number;
  /** Services of type NodePort; each is open on every node. @default 0 */
  readonly nodePorts?: number;
}

const DEFAULTS: Required<TenantQuota> = {
  cpu: '8',
  memory: '16Gi',
  storage: '100Gi',
  pods: 100,
  loadBalancers: 0,
  nodePorts: 0,
};

/** Share of a namespace, by name of the namespace; a namespace without one gets an equal part of what is left. */
export type Shares = ReadonlyMap<string, TenantQuota | undefined>;

/**
 * The `hard` part of a namespace's ResourceQuota. The quotas of all namespaces of a tenant add up to the tenant's at most.
 * @param tenant Path of the tenant, for messages.
 * @throws BulwarkError when the shares add up to more than the tenant has.
 */
export function hardOf(
  tenant: string,
  total: TenantQuota,
  shares: Shares,
  namespace: string,
): Record<string, string> {
  const part = (key: keyof TenantQuota) =>
    formatQuantity(partOf({ tenant, key, total: total[key] ?? DEFAULTS[key], shares }, namespace));
  const [cpu, memory] = [part('cpu'), part('memory')];
  return {
    'limits.cpu': cpu,
    'limits.memory': memory,
    'requests.cpu': cpu,
    'requests.memory': memory,
    'requests.storage': part('storage'),
    pods: part('pods'),
    'services.loadbalancers': part('loadBalancers'),
    'services.nodeports': part('nodePorts'),
  };
}

interface Division {
  readonly tenant: string;
  readonly key: keyof TenantQuota;
  readonly total: string | number;
  readonly shares: Shares;
}

/** CPU is divided by the thousandth of a core, everything else by whole bytes and objects. */
const NANO = 1_000_000_000n;

function partOf({ tenant, key, total, shares }: Division, namespace: string): bigint {
  const named = [...shares.values()].map((share) => share?.[key]).filter((share) => share !== undefined);
  const taken = named.reduce((sum, share) => sum + parseQuantity(String(share)), 0n);
  const left = parseQuantity(String(total)) - taken;
  if (left < 0n) {
    throw new BulwarkError(
      `${tenant}: its namespaces have a quota of ${formatQuantity(taken)} ${key} together, and the tenant has ${total}. ` +
        `Raise quota.${key} of the tenant, or lower that of a namespace.`,
    );
  }
  const own = shares.get(namespace)?.[key];
  if (own !== undefined) return parseQuantity(String(own));
  const step = key === 'cpu' ? NANO / 1000n : NANO;
  return (left / BigInt(shares.size - named.length) / step) * step;
}
