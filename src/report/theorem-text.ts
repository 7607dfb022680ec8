import { workloadName } from '../network/pods';
import type { NetworkOfTheorem, TenancyTheorem } from '../tenancy/theorem';
import { counted } from '../wording';

/** A label and what it is about. */
type Line = readonly [label: string, text: string];

/** What was proved of tenants, or what they are open to, in a line about the network and one about whom they are kept from. */
export function describeTheorem(theorem: TenancyTheorem): Line[] {
  const { tenants, network } = theorem;
  return [
    ...(tenants.length > 0 ? [['network', describeNetwork(network)] as const] : []),
    ...(tenants.length > 0 ? [['isolation', describeIsolation(theorem)] as const] : []),
  ];
}

function describeNetwork(network: NetworkOfTheorem): string {
  return [describeDeclared(network), describeMetadata(network)].filter(Boolean).join('; ');
}

function describeDeclared({ declared, isAsDeclared }: NetworkOfTheorem): string | undefined {
  if (declared === undefined) return undefined;
  return isAsDeclared
    ? `${counted(declared, 'declared connection holds', 'declared connections hold')} and nothing else is reachable`
    : `what is reachable is not what ${counted(declared, 'declared connection says', 'declared connections say')}`;
}

function describeMetadata({ metadata }: NetworkOfTheorem): string {
  const [first] = metadata;
  if (!first) return 'metadata addresses are closed';
  const workloads = new Set(metadata.map(({ workload }) => workload)).size;
  return (
    `${counted(workloads, 'workload reaches', 'workloads reach')} metadata addresses, ` +
    `such as ${workloadName(first.workload)} ${first.address}`
  );
}

function describeIsolation({ holds, tenants, network, rights }: TenancyTheorem): string {
  const pairs = `${tenants.length * (tenants.length - 1)} ordered pairs of tenants`;
  const nothing =
    tenants.length === 1
      ? 'no chain of rights leads out of the only tenant'
      : `no network path and no chain of rights leads across any of ${pairs}`;
  if (holds) return `${nothing}${agreements()}`;
  const open = [
    network.holes.length > 0 ? `network paths lead across ${network.holes.length} of ${pairs}` : undefined,
    rights.holes.length > 0
      ? counted(rights.holes.length, 'way of rights leads', 'ways of rights lead') + ' out of tenants'
      : undefined,
  ];
  return `${open.filter(Boolean).join(', ')}${agreements()}`;

  function agreements(): string {
    const agreed = [
      network.agreed.length > 0 ? `${network.agreed.length} that both declared` : undefined,
      rights.agreed.length > 0
        ? counted(rights.agreed.length, 'way of rights', 'ways of rights') + ' agreed by waiver'
        : undefined,
    ].filter(Boolean);
    return agreed.length > 0 ? `, save ${agreed.join(' and ')}` : '';
  }
}
