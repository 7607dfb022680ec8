import type { IConstruct } from 'constructs';
import { DEFAULT_TARGET, type ClusterTarget } from '../../src/target/target';

const TARGETS = new WeakMap<IConstruct, ClusterTarget>();

/** Says which cluster a construct and everything below it is for. */
export function setTarget(scope: IConstruct, target: ClusterTarget): void {
  TARGETS.set(scope, target);
}

/** The cluster a construct is for: that of its nearest ancestor that has one, or {@link DEFAULT_TARGET}. */
export function targetOf(construct: IConstruct): ClusterTarget {
  for (let at: IConstruct | undefined = construct; at; at = at.node.scope) {
    const target = TARGETS.get(at);
    if (target) return target;
  }
  return DEFAULT_TARGET;
}
