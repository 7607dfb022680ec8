import { CONTROLS, findControl } from '../controls/catalogue';
import { BulwarkError } from '../errors';
import { ALLOWANCES_NAME, ANY, PLATFORM_OWNED_LABEL } from '../manifest/kinds';
import type { Manifest } from '../manifest/manifest';
import { parseCidr } from '../network/cidr';

export { ANY, PLATFORM_OWNED_LABEL };

/**
 * What a tenant may use of a shared cluster. The guard rails in the cluster read it from one ConfigMap in each of the tenant's
 * namespaces, so a change of it changes no policy.
 */
export interface TenantAllowances {
  /**
   * Prefixes of the images that pods may run, each ending in `/`. An image without a registry is one of `docker.io/`, one
   * without a folder of `docker.io/library/`.
   * @default any image
   */
  readonly registries?: readonly string[];
  /** Whether every image has to be named by its digest. @default false */
  readonly imageDigests?: boolean;
  /**
   * Hosts that Ingresses and routes of the Gateway API may serve: `shop.example.com`, or `*.shop.example.com` for every name
   * below it (and not itself). A rule without a host, which serves every host, is always refused.
   * @default none
   */
  readonly ingressHosts?: readonly string[];
  /** Names of the IngressClasses that an Ingress may name; then it has to name one. @default any */
  readonly ingressClasses?: readonly string[];
  /** Names of the StorageClasses that claims may name. @default any */
  readonly storageClasses?: readonly string[];
  /**
   * Names of the PriorityClasses that pods may name. Where the cluster has a global default, name it too: the API server
   * writes its name into every pod.
   * @default none: pods have no priority
   */
  readonly priorityClasses?: readonly string[];
  /** Names of the RuntimeClasses that pods may name. @default none: pods run under the default runtime of the nodes */
  readonly runtimeClasses?: readonly string[];
  /** Names of the RuntimeClasses of which every pod has to name one; then `runtimeClasses` has to be left out. @default none */
  readonly sandboxes?: readonly string[];
  /**
   * Taints of nodes that pods may tolerate: `KEY=VALUE`, or `KEY` for each value of it. Those by which
   * Kubernetes says how a node is, such as `node.kubernetes.io/not-ready`, need not be named. What a RuntimeClass adds by its
   * `scheduling` does.
   * @default none but those of the tenant's pool
   */
  readonly tolerations?: readonly string[];
  /** Labels of nodes, `KEY=VALUE`, all of which every pod has to have in its nodeSelector. @default those of the tenant's pool */
  readonly nodeLabels?: readonly string[];
  /** Labels of nodes, `KEY=VALUE`, that no pod may select. @default those of tainted pools that are not the tenant's */
  readonly foreignNodeLabels?: readonly string[];
  /** Names of the Services that may be of type LoadBalancer, each of which is an entrance from outside. @default none */
  readonly loadBalancers?: readonly string[];
  /** Names of the Services that may be of type NodePort, each of which is open on every node. @default none */
  readonly nodePorts?: readonly string[];
  /** Roles that a RoleBinding of the tenant's people may grant: `Role/NAME` or `ClusterRole/NAME`. @default none */
  readonly roleRefs?: readonly string[];
  /** Namespaces of others that a NetworkPolicy of the tenant's people may name as peers. @default none */
  readonly networkNamespaces?: readonly string[];
  /**
   * Address blocks that a NetworkPolicy of the tenant's people may name as peers. From Kubernetes 1.31 also any block within
   * them; 1.30 compares them as text.
   * @default none
   */
  readonly networkCidrs?: readonly string[];
  /** Ids of controls that the guard rails do not hold the tenant's objects to. @default none */
  readonly waivedControls?: readonly string[];
}

export { ALLOWANCES_NAME } from '../manifest/kinds';

/** The lists of {@link TenantAllowances}, and what an unset one is. */
const LISTS = {
  registries: [ANY],
  ingressHosts: [],
  ingressClasses: [ANY],
  storageClasses: [ANY],
  priorityClasses: [],
  runtimeClasses: [],
  sandboxes: [],
  tolerations: [],
  nodeLabels: [],
  foreignNodeLabels: [],
  loadBalancers: [],
  nodePorts: [],
  roleRefs: [],
  networkNamespaces: [],
  networkCidrs: [],
  waivedControls: [],
} as const satisfies Readonly<
  Record<Exclude<keyof Required<TenantAllowances>, 'imageDigests'>, readonly string[]>
>;

/** A list of {@link TenantAllowances}. */
export type AllowanceList = keyof typeof LISTS;

/** Every list of {@link TenantAllowances}. */
export const ALLOWANCE_LISTS = Object.keys(LISTS) as readonly AllowanceList[];

/**
 * The ConfigMap that tells the guard rails what is allowed in a namespace.
 * @param where Who declares the allowances, for messages: a construct path.
 * @throws BulwarkError when an allowance is not what its field takes.
 */
export function allowancesConfigMap(
  namespace: string,
  allowances: TenantAllowances = {},
  where = `namespace ${namespace}`,
): Manifest {
  checkAllowances(allowances, where);
  const lists = ALLOWANCE_LISTS.map((key) => [key, allowances[key] ?? LISTS[key]] as const);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: ALLOWANCES_NAME, namespace, labels: { [PLATFORM_OWNED_LABEL]: 'true' } },
    data: {
      imageDigests: String(allowances.imageDigests ?? false),
      ...Object.fromEntries(
        lists.filter(([, values]) => values.length > 0).map(([key, values]) => [key, values.join('\n')]),
      ),
    },
  };
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const NAME = `${LABEL}([.]${LABEL})*`;

interface Format {
  readonly pattern: RegExp;
  /** What a value has to be, for a message. */
  readonly wanted: string;
}

const OBJECT_NAME: Format = {
  pattern: new RegExp(`^${NAME}$`),
  wanted: 'the name of an object: lower-case letters, digits, hyphens and dots',
};

/** A qualified name, as keys of labels and taints are. */
const KEY = `(${NAME}/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`;
const VALUE = '([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?';

const NODE_LABEL: Format = {
  pattern: new RegExp(`^${KEY}=${VALUE}$`),
  wanted: "a label 'KEY=VALUE' of nodes",
};

const FORMATS: Readonly<Record<Exclude<AllowanceList, 'networkCidrs' | 'waivedControls'>, Format>> = {
  registries: {
    // Without the slash a prefix such as registry.io would allow registry.io.evil.
    pattern: /^[^\s/]+(\/[^\s/]+)*\/$/,
    wanted: "a prefix of images that ends in '/', such as 'registry.example.com/shop/'",
  },
  ingressHosts: {
    pattern: new RegExp(`^([*][.])?${NAME}$`),
    wanted: "a host such as 'shop.example.com' or '*.shop.example.com'",
  },
  ingressClasses: OBJECT_NAME,
  storageClasses: OBJECT_NAME,
  priorityClasses: OBJECT_NAME,
  runtimeClasses: OBJECT_NAME,
  sandboxes: OBJECT_NAME,
  tolerations: {
    pattern: new RegExp(`^${KEY}(=${VALUE})?$`),
    wanted: "a taint 'KEY=VALUE' of nodes, or the 'KEY' of one",
  },
  nodeLabels: NODE_LABEL,
  foreignNodeLabels: NODE_LABEL,
  loadBalancers: OBJECT_NAME,
  nodePorts: OBJECT_NAME,
  roleRefs: {
    pattern: /^(Role|ClusterRole)\/[^\s/]+$/,
    wanted: "'Role/NAME' or 'ClusterRole/NAME'",
  },
  networkNamespaces: OBJECT_NAME,
};

/**
 * Refuses what would allow nothing, or more than it says.
 * @param where Who declares the allowances, for messages: a construct path.
 * @throws BulwarkError when an allowance is not what its field takes.
 */
export function checkAllowances(allowances: TenantAllowances, where: string): void {
  for (const [key, { pattern, wanted }] of Object.entries(FORMATS)) {
    const wrong = (allowances[key as AllowanceList] ?? []).find((value) => !pattern.test(value));
    if (wrong === undefined) continue;
    throw new BulwarkError(`${where}: ${key} holds '${wrong}', which is not ${wanted}. ${hint(key, wrong)}`);
  }
  refuseWayOutOfSandbox(allowances, where);
  for (const cidr of allowances.networkCidrs ?? []) {
    if (prefixOf(cidr, where) > 0) continue;
    throw new BulwarkError(
      `${where}: networkCidrs holds '${cidr}', which is every address, the cloud's metadata and other tenants included. ` +
        'Name the blocks that are meant.',
    );
  }
  for (const id of allowances.waivedControls ?? []) {
    if (findControl(id)) continue;
    throw new BulwarkError(
      `${where}: waivedControls holds '${id}', which is no control, so nothing would be waived. ` +
        `Use one of: ${CONTROLS.map((control) => control.id).join(', ')}.`,
    );
  }
}

function refuseWayOutOfSandbox(
  { sandboxes = [], runtimeClasses = [] }: TenantAllowances,
  where: string,
): void {
  if (sandboxes.length === 0 || runtimeClasses.length === 0) return;
  throw new BulwarkError(
    `${where}: has sandboxes, of which every pod has to name one, and runtimeClasses beside them, which would lead out of them. Remove runtimeClasses.`,
  );
}

function prefixOf(cidr: string, where: string): number {
  try {
    return parseCidr(cidr).prefix;
  } catch (error) {
    throw new BulwarkError(`${where}: networkCidrs: ${(error as Error).message}`);
  }
}

function hint(key: string, wrong: string): string {
  if (key === 'registries' && !wrong.endsWith('/')) {
    return `Write '${wrong}/': without the slash it would allow the images of ${wrong}.evil as well.`;
  }
  return 'Write it that way, or remove it.';
}
