import type { IConstruct } from 'constructs';
import type { NodeProfileNames } from '../../src/target/target';

const NAMES = new WeakMap<IConstruct, { appArmor: string[]; seccomp: string[] }>();

/** Says that nodes will have a profile of that name. */
export function registerProfile(scope: IConstruct, kind: keyof NodeProfileNames, name: string): void {
  profilesOf(scope)[kind].push(name);
}

/** The profiles of a program, by the names that pods give. */
export function profilesOf(scope: IConstruct): { appArmor: string[]; seccomp: string[] } {
  const { root } = scope.node;
  const names = NAMES.get(root) ?? { appArmor: [], seccomp: [] };
  NAMES.set(root, names);
  return names;
}
