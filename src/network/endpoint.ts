import { isIP } from 'node:net';
import { BulwarkError } from '../errors';
import { compareText } from '../manifest/manifest';
import type { IpFamily } from '../target/target';
import { formatRange, type AddressRange } from './addresses';
import { addressToNumber } from './cidr';
import type { Endpoint } from './connections';
import { workloadName, type Pods, type Workload } from './pods';

/** Either end of a question: a workload or an address. */
export type Party =
  | { readonly kind: 'workload'; readonly workload: Workload }
  | { readonly kind: 'address'; readonly family: IpFamily; readonly address: bigint; readonly text: string };

/** `namespace/name[Kind]`, `a-b[External]` or `{ingress-controller}`. */
export function endpointName(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'workload':
      return workloadName(endpoint.workload);
    case 'addresses':
      return rangeName(endpoint.range);
    case 'ingress-controller':
      return '{ingress-controller}';
  }
}

const RANGE_NAMES = new WeakMap<AddressRange, string>();

/** Every workload has a connection with the same few ranges, whose numbers take long to write. */
function rangeName(range: AddressRange): string {
  const known = RANGE_NAMES.get(range);
  if (known !== undefined) return known;
  const name = `${formatRange(range)}[External]`;
  RANGE_NAMES.set(range, name);
  return name;
}

/**
 * Finds who is meant by `namespace/name`, `namespace/name[Kind]` or an IP address.
 * @throws BulwarkError when there is no such workload, or more than one.
 */
export function findParty(text: string, pods: Pods): Party {
  const version = isIP(text);
  if (version !== 0) {
    const family = version === 4 ? 'IPv4' : 'IPv6';
    return { kind: 'address', family, address: addressToNumber(text), text };
  }
  const exact = pods.workloads.get(text);
  if (exact) return { kind: 'workload', workload: exact };
  const found = [...pods.workloads.values()].filter(({ namespace, name }) => `${namespace}/${name}` === text);
  if (found.length === 1) return { kind: 'workload', workload: found[0]! };
  throw new BulwarkError(
    found.length === 0 ? noSuchWorkload(text, pods) : ambiguous(text, found.map(workloadName)),
  );
}

/** @throws BulwarkError when neither is in the cluster. */
export function requireWorkload(source: Party, destination: Party): void {
  if (source.kind === 'workload' || destination.kind === 'workload') return;
  throw new BulwarkError(
    `${source.text} and ${destination.text} are both outside of the cluster, where no policy has a say. Name a workload.`,
  );
}

function ambiguous(text: string, names: readonly string[]): string {
  return `There is more than one workload '${text}'. Say which: ${names.join(' or ')}.`;
}

function noSuchWorkload(text: string, { workloads }: Pods): string {
  const name = text.slice(text.indexOf('/') + 1);
  const names = [...workloads.values()].map(workloadName).sort(compareText);
  const near = names.filter((one) => one.includes(`/${name}[`) || one.startsWith(`${text}/`));
  const some = near.length > 0 ? near : names;
  const shown = some.slice(0, 5).join(', ') + (some.length > 5 ? ` and ${some.length - 5} more` : '');
  const hint = names.length === 0 ? 'The manifests have no workload.' : `There is ${shown}.`;
  return `There is no workload '${text}'. Write namespace/name, svc/namespace/name for a Service, or an IP address. ${hint}`;
}
