import type { DeclaredConnection, DeclaredPeer } from '../../src/network/declared';
import type { NetworkIntents } from './intents';
import { tenantOf } from './members';
import { resolvePorts, type PeerPort, type ResolvedPorts } from './ports';

/** One end of a connection: somebody of the program with policies of their own, or somebody else. */
export type Party = NetworkIntents | DeclaredPeer;

/** What one call of `allowFrom` or `allowTo` asked for. */
export interface Connection {
  readonly source: Party;
  readonly destination: Party;
  /** As asked, or undefined for those that the destination declares. */
  readonly ports: readonly PeerPort[] | undefined;
  readonly opens: 'ingress' | 'egress' | 'both';
  readonly declaredBy: NetworkIntents;
}

/** Whether a party has policies of its own. */
export function isMember(party: Party): party is NetworkIntents {
  return !('type' in party);
}

/** Whether a connection leads from one tenant to another. */
export function crossesTenants({ source, destination }: Connection): boolean {
  if (!isMember(source) || !isMember(destination)) return false;
  const from = tenantOf(source.subject.construct);
  const to = tenantOf(destination.subject.construct);
  return from !== undefined && to !== undefined && from !== to;
}

/** A party as plain data. */
export function peerOf(party: Party): DeclaredPeer {
  return isMember(party) ? party.asPeer() : party;
}

/** The ports of a connection, now that all containers are there. */
export function portsOf({ destination, ports }: Connection): ResolvedPorts {
  if (!isMember(destination)) return resolvePorts(ports, undefined, '');
  const { subject } = destination;
  return resolvePorts(ports, subject.declaredPorts?.(), subject.construct.node.path);
}

/** A connection as plain data, or nothing where it has no ports: that is a problem of its own. */
export function declaredOf(connection: Connection): DeclaredConnection[] {
  const { ports } = portsOf(connection);
  if (ports.length === 0) return [];
  return [
    {
      source: inDefaultNamespace(peerOf(connection.source)),
      destination: inDefaultNamespace(peerOf(connection.destination)),
      ports,
      opens: connection.opens,
      path: connection.declaredBy.subject.construct.node.path,
    },
  ];
}

/** What names no namespace lands in the one that kubectl is set to, which is called so unless somebody changed it. */
function inDefaultNamespace(peer: DeclaredPeer): DeclaredPeer {
  if (peer.type === 'block') return peer;
  return { ...peer, namespaces: peer.namespaces.map((name) => name || 'default') };
}
