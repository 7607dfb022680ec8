import { isObject, type JsonObject } from '../manifest/manifest';
import { CONTAINER_LISTS, type PodTemplate } from '../manifest/pod';
import { objectsOf } from '../lists';

/** Capabilities each of which is root on the node: modules, raw memory, mounts, every file, every process. */
const NODE_CAPABILITIES: ReadonlySet<string> = new Set([
  ...['ALL', 'SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'DAC_READ_SEARCH', 'BPF', 'SYS_BOOT', 'MAC_ADMIN'],
]);

/**
 * How code in a pod gets to be root on its node, or undefined where its pod does not help. A capability in a user namespace is
 * one over that namespace only (KEP-127).
 */
export function wayToNode({ spec }: PodTemplate): string | undefined {
  const volume = objectsOf(spec.volumes).find(({ hostPath }) => isObject(hostPath));
  if (volume) return `mounts ${String((volume.hostPath as JsonObject).path)} of the node`;
  if (spec.hostPID === true) return 'sees the processes of the node (hostPID)';
  if (spec.hostNetwork === true)
    return 'is in the network of the node (hostNetwork), past every NetworkPolicy';
  if (spec.hostIPC === true) return 'shares memory with the node (hostIPC)';
  if (isHostProcess(spec.securityContext)) return 'is a process of the node (hostProcess)';
  for (const { securityContext } of CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list]))) {
    const way = containerWay(securityContext, spec.hostUsers === false);
    if (way) return way;
  }
  return undefined;
}

function containerWay(context: unknown, hasOwnUsers: boolean): string | undefined {
  if (!isObject(context)) return undefined;
  if (context.privileged === true) return 'is privileged';
  if (isHostProcess(context)) return 'is a process of the node (hostProcess)';
  if (hasOwnUsers) return undefined;
  const added = isObject(context.capabilities) ? context.capabilities.add : [];
  const capability = (Array.isArray(added) ? added : [])
    .map((name) => String(name).toUpperCase().replace(/^CAP_/, ''))
    .find((name) => NODE_CAPABILITIES.has(name));
  return capability && `has the capability ${capability}`;
}

function isHostProcess(context: unknown): boolean {
  return isObject(context) && isObject(context.windowsOptions) && context.windowsOptions.hostProcess === true;
}

/** The ServiceAccount of a pod, which is `default` where it names none. */
export function accountOf({ spec }: PodTemplate): string {
  const name = spec.serviceAccountName || spec.serviceAccount;
  return typeof name === 'string' && name !== '' ? name : 'default';
}

/**
 * Whether a token for the API server is in the pod's file system.
 * @param automounts What the ServiceAccount says, which counts where the pod says nothing.
 */
export function mountsToken({ spec }: PodTemplate, automounts: () => boolean): boolean {
  const automount = spec.automountServiceAccountToken;
  if (typeof automount === 'boolean' ? automount : automounts()) return true;
  return objectsOf(spec.volumes).some(
    ({ projected }) =>
      isObject(projected) &&
      objectsOf(projected.sources).some(
        ({ serviceAccountToken: token }) => isObject(token) && isForApiServer(token.audience),
      ),
  );
}

/** The audience that an API server has unless it is told another, with the domain of its cluster. */
const API_SERVER = /^(https:\/\/)?kubernetes\.default(\.svc(\..+)?)?$/;

/** One for another audience is refused by the API server. */
function isForApiServer(audience: unknown): boolean {
  return typeof audience !== 'string' || audience === '' || API_SERVER.test(audience);
}
