import type { IConstruct } from 'constructs';
import type { DeclaredConnection } from '../../src/network/declared';

const DECLARATIONS = new WeakMap<IConstruct, () => readonly DeclaredConnection[]>();

/** Says which connections a construct declares; asked for when everything is there. */
export function declareConnections(
  construct: IConstruct,
  connections: () => readonly DeclaredConnection[],
): void {
  DECLARATIONS.set(construct, connections);
}

/**
 * Every connection that is declared below a construct, in the order of the tree: by `allowFrom` and `allowTo`, and by the DNS
 * rule of each {@link DefaultDeny}. Their meaning: {@link DeclaredConnection}.
 */
export function declaredConnections(root: IConstruct): DeclaredConnection[] {
  return root.node.findAll().flatMap((construct) => DECLARATIONS.get(construct)?.() ?? []);
}
