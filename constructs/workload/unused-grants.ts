import type { IConstruct } from 'constructs';
import type { Control } from '../../src/controls/control';
import { podControls } from '../../src/controls/profiles';
import type { Waiver } from '../../src/controls/waiver';
import { targetOf } from '../blueprint/settings';
import { ownWaivers } from './waivers';

const KERNEL: ReadonlyMap<string, Control> = new Map(podControls().map((control) => [control.id, control]));

/** Whether the hardening kernel, which sees one workload at a time, asks the control of a waiver for the target of a construct. */
export function isAskedByKernel({ control: id }: Waiver, construct: IConstruct): boolean {
  const control = KERNEL.get(id);
  return (
    control !== undefined && (!('appliesTo' in control) || control.appliesTo?.(targetOf(construct)) !== false)
  );
}

/** That a waiver of a construct is not needed. */
export function describeUnused(construct: IConstruct, { control, reason }: Waiver): string {
  return (
    `${construct.node.path || 'the app'}: the waiver of '${control}' (${reason}) excuses nothing: remove it. ` +
    'One that is left behind excuses the next mistake, which nobody has reviewed.'
  );
}

/**
 * Every waiver of a construct in a stock app that excuses nothing. Passed over are controls that only a blueprint asks, and
 * constructs with nothing hardened in them, since the same code may be in a blueprint too.
 * @param scopes Where hardening was applied to.
 * @param used The waivers that excused something.
 */
export function unusedGrants(
  root: IConstruct,
  scopes: ReadonlySet<IConstruct>,
  used: ReadonlySet<Waiver>,
): string[] {
  const above = new Set([...scopes].flatMap((scope) => scope.node.scopes));
  return root.node.findAll().flatMap((construct) => {
    const unused = ownWaivers(construct).filter(
      (waiver) => !used.has(waiver) && isAskedByKernel(waiver, construct),
    );
    if (unused.length === 0) return [];
    const isHardened = above.has(construct) || construct.node.scopes.some((scope) => scopes.has(scope));
    return isHardened ? unused.map((waiver) => describeUnused(construct, waiver)) : [];
  });
}
