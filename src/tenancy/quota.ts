import { BulwarkError } from '../errors';
import { formatQuantity, parseQuantity } from '../manifest/quantity';

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
  /** @default 50 */
  readonly services?: number;
  /** Services of type LoadBalancer; each is an entrance from outside. @default 0 */
  readonly loadBalancers?: number;
  /** Services of type NodePort; each is open on every node. @default 0 */
  readonly nodePorts?: number;
  /** Beside the two that Kubernetes and the platform put into each namespace. @default 200 */
  readonly configMaps?: number;
  /** @default 200 */
  readonly secrets?: number;
  /** @default 50 */
  readonly persistentVolumeClaims?: number;
  /** Of the old kind, which Deployments have replaced. @default 10 */
  readonly replicationControllers?: number;
  /**
   * Objects of any other kind, by `PLURAL.GROUP`, such as `jobs.batch`, `ingresses.networking.k8s.io` or
   * `widgets.example.com`.
   * @default 1000 Jobs and 1000 Leases: what a runaway controller makes fills the database of the API server
   */
  readonly objects?: Readonly<Record<string, number>>;
}

/** Amounts by the key of {@link TenantQuota}, or by `PLURAL.GROUP`, in nano units. */
export type Amounts = ReadonlyMap<string, bigint>;

/** What a quota says, by the key of each amount. A key that is missing is not limited by it. */
export type Shares = ReadonlyMap<string, TenantQuota | undefined>;

const DEFAULTS: TenantQuota = {
  cpu: '8',
  memory: '16Gi',
  storage: '100Gi',
  pods: 100,
  services: 50,
  loadBalancers: 0,
  nodePorts: 0,
  configMaps: 200,
  secrets: 200,
  persistentVolumeClaims: 50,
  replicationControllers: 10,
  objects: { 'jobs.batch': 1000, 'leases.coordination.k8s.io': 1000 },
};

/** The keys of a ResourceQuota that an amount limits. */
const HARD_KEYS: Readonly<Record<string, readonly string[]>> = {
  cpu: ['limits.cpu', 'requests.cpu'],
  memory: ['limits.memory', 'requests.memory'],
  storage: ['requests.storage'],
  pods: ['pods'],
  services: ['services'],
  loadBalancers: ['services.loadbalancers'],
  nodePorts: ['services.nodeports'],
  configMaps: ['configmaps'],
  secrets: ['secrets'],
  persistentVolumeClaims: ['persistentvolumeclaims'],
  replicationControllers: ['replicationcontrollers'],
};

/** `kube-root-ca.crt` of Kubernetes and the tenant's allowances. */
const CONFIG_MAPS_OF_PLATFORM = 2n;

/** This one, and that of priorities. */
const QUOTAS_OF_PLATFORM = 2;

const NANO = 1_000_000_000n;

/**
 * All amounts of a tenant: those it names, and the defaults of the others.
 * @throws BulwarkError for what is no amount.
 */
export function amountsOf(quota: TenantQuota): Amounts {
  return amountsIn({ ...DEFAULTS, ...quota, objects: { ...DEFAULTS.objects, ...quota.objects } });
}

/**
 * Divides the amounts of a tenant: parts get what they name, and all others an equal part of what is left. The parts add up to
 * the whole at most.
 * @throws BulwarkError when the parts that are named add up to more than the whole, or when an equal part would be nothing.
 */
export function divide(whole: Amounts, shares: Shares): ReadonlyMap<string, Amounts> {
  const named = new Map([...shares].map(([part, quota]) => [part, amountsIn(quota ?? {})]));
  for (const amounts of named.values()) refuseUnknown(whole, amounts);
  const equal = new Map([...whole].map(([key, amount]) => [key, equalPart(key, amount, named)]));
  return new Map(
    [...named].map(([part, own]) => [
      part,
      new Map([...whole.keys()].map((key) => [key, own.get(key) ?? equal.get(key) ?? 0n])),
    ]),
  );
}

/** The `hard` part of the ResourceQuota of a namespace. */
export function hardOf(amounts: Amounts): Record<string, string> {
  const entries = [...amounts].flatMap(([key, amount]) => {
    const hard = key === 'configMaps' ? amount + CONFIG_MAPS_OF_PLATFORM * NANO : amount;
    return (HARD_KEYS[key] ?? [`count/${key}`]).map((name) => [name, formatQuantity(hard)] as const);
  });
  // Those of the platform; one more could only be somebody's who wants to count differently.
  return Object.fromEntries([...entries, ['resourcequotas', `${QUOTAS_OF_PLATFORM}`]]);
}

function amountsIn({ objects = {}, ...amounts }: TenantQuota): Amounts {
  for (const key of Object.keys(objects)) checkCounted(key);
  const entries = [...Object.entries(amounts), ...Object.entries(objects)].filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return new Map(entries.map(([key, amount]) => [key, parseAmount(key, amount)]));
}

function checkCounted(key: string): void {
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(key)) return;
  throw new BulwarkError(
    `quota.objects counts '${key}', which is no PLURAL.GROUP. Write for example 'jobs.batch' or 'widgets.example.com'; ` +
      'pods, Services and the like have fields of their own.',
  );
}

function parseAmount(key: string, amount: string | number): bigint {
  const parsed = parseQuantity(String(amount));
  if (parsed >= 0n) return parsed;
  throw new BulwarkError(`quota.${key} is ${amount}, and nobody can use less than nothing. Write 0 or more.`);
}

function refuseUnknown(whole: Amounts, part: Amounts): void {
  const unknown = [...part.keys()].find((key) => !whole.has(key));
  if (unknown === undefined) return;
  throw new BulwarkError(
    `A part of it has a quota of ${unknown}, and the tenant has none. Add it to the quota of the tenant.`,
  );
}

function equalPart(key: string, amount: bigint, named: ReadonlyMap<string, Amounts>): bigint | undefined {
  const parts = [...named.values()].flatMap((amounts) => amounts.get(key) ?? []);
  const taken = parts.reduce((sum, part) => sum + part, 0n);
  if (taken > amount) {
    throw new BulwarkError(
      `Its parts have a quota of ${formatQuantity(taken)} ${key} together, and the tenant has ${formatQuantity(amount)}. ` +
        `Raise quota.${key} of the tenant, or lower that of a part.`,
    );
  }
  const others = named.size - parts.length;
  if (others === 0) return undefined;
  // CPU is divided by the thousandth of a core, everything else by whole bytes and objects.
  const step = key === 'cpu' ? NANO / 1000n : NANO;
  const part = ((amount - taken) / BigInt(others) / step) * step;
  if (part > 0n || amount === taken) return part;
  throw new BulwarkError(
    `Of ${formatQuantity(amount)} ${key}, ${formatQuantity(amount - taken)} are left for ${others} parts of it, which is nothing for each. ` +
      `Raise quota.${key} of the tenant, or name the quota of its parts.`,
  );
}
