import type { IConstruct } from 'constructs';
import { push } from '../../src/groups';
import type { DeclaredPort } from '../../src/network/declared';
import { crossesTenants, isMember, portsOf, type Connection } from './connection';
import type { NetworkIntents } from './intents';
import { membersAbove, ownerOfNamespace, tenantOf } from './members';
import { covers, describePort, resolvePorts, type PeerPort } from './ports';

/** Everybody who belongs to a tenant of the same program. */
export const EVERY_TENANT = 'every-tenant';

/** With whom a member agrees to be connected. */
export type Partner = NetworkIntents | typeof EVERY_TENANT;

/** A side of a connection. */
export type Role = 'source' | 'destination';

/** What a member has agreed to: for each partner the ports, or undefined for those that the destination declares. */
export class Consents {
  private readonly byRole: Record<Role, Map<Partner, (readonly PeerPort[] | undefined)[]>> = {
    source: new Map(),
    destination: new Map(),
  };

  /** Agrees to be a side of connections with a partner. */
  give(role: Role, partner: Partner, ports: readonly PeerPort[] | undefined): void {
    push(this.byRole[role], partner, ports);
  }

  /** @internal */
  to(role: Role, partner: Partner): readonly (readonly PeerPort[] | undefined)[] {
    return this.byRole[role].get(partner) ?? [];
  }
}

/** What keeps a connection from crossing the border between two tenants. */
export function agreementProblems(connection: Connection): string[] {
  const { source, destination } = connection;
  if (!isMember(source) || !isMember(destination)) return foreignNamespaces(connection);
  if (!crossesTenants(connection)) return [];
  const { ports } = portsOf(connection);
  const lacks = (role: Role) => {
    const agreed = agreedPorts(role, source, destination);
    return ports.filter((port) => !covers(agreed, port));
  };
  return [
    ...refusal(lacks('source'), source, `${nameOf(source)}.allowTo(${nameOf(destination)}`, connection),
    ...refusal(
      lacks('destination'),
      destination,
      `${nameOf(destination)}.offerTo(${nameOf(source)}`,
      connection,
    ),
  ];
}

/** The ports that one side has agreed to, itself or through its namespace or tenant. */
function agreedPorts(role: Role, source: NetworkIntents, destination: NetworkIntents): DeclaredPort[] {
  const [own, other] = role === 'source' ? [source, destination] : [destination, source];
  const partners: Partner[] = [...membersAbove(other.subject.construct), EVERY_TENANT];
  const { declaredPorts, construct } = destination.subject;
  return membersAbove(own.subject.construct)
    .flatMap((member) => partners.flatMap((partner) => member.consents.to(role, partner)))
    .flatMap((ports) => resolvePorts(ports, declaredPorts?.(), construct.node.path).ports);
}

function refusal(
  ports: readonly DeclaredPort[],
  member: NetworkIntents,
  call: string,
  { source, destination }: Connection,
): string[] {
  if (ports.length === 0) return [];
  const tenant = tenantOf(member.subject.construct)!;
  const path = (party: Connection['source']) => (party as NetworkIntents).subject.construct.node.path;
  const list = ports.map(describePort).join(', ');
  return [
    `connects ${path(source)} to ${path(destination)} on ${list}, across the border between two tenants, and ${tenant.node.path} has not agreed to it. ` +
      `Fix: where ${tenant.node.path} is declared, add ${call}, { ports: [${ports.map(asCode).join(', ')}] }).`,
  ];
}

function nameOf({ subject }: NetworkIntents): string {
  return subject.construct.node.id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function asCode({ port, protocol, endPort }: DeclaredPort): string {
  if (protocol === 'TCP' && endPort === undefined) return JSON.stringify(port);
  const parts = [
    `port: ${JSON.stringify(port)}`,
    endPort && `endPort: ${endPort}`,
    `protocol: '${protocol}'`,
  ];
  return `{ ${parts.filter(Boolean).join(', ')} }`;
}

/** A peer by its labels is nobody who could agree, so it must not be what stands for the pods of another tenant. */
function foreignNamespaces({ source, destination, declaredBy }: Connection): string[] {
  const { construct } = declaredBy.subject;
  const own = tenantOf(construct);
  if (!own) return [];
  return [source, destination]
    .flatMap((party) => (!isMember(party) && party.type === 'pods' ? party.namespaces : []))
    .flatMap((name) => {
      const owner = ownerOfNamespace(construct, name);
      return owner === undefined || owner === own ? [] : [foreignNamespace(name, owner)];
    });
}

function foreignNamespace(name: string, owner: IConstruct): string {
  return (
    `names the namespace ${name}, which belongs to the tenant ${owner.node.path}, and nobody there has agreed to it. ` +
    'Fix: pass the workload, its namespace or its tenant instead of a Peer, and let both sides say it.'
  );
}
