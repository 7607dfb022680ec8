import type { IConstruct } from 'constructs';
import { findControl } from '../../src/controls/catalogue';
import type { Parameters } from '../../src/controls/control';
import { controlsOf } from '../../src/controls/profiles';
import { unusedFault } from '../../src/controls/waived';
import type { Waiver } from '../../src/controls/waiver';
import { describeObject } from '../../src/manifest/manifest';
import type { ClusterTarget } from '../../src/target/target';
import { waiverBreach } from '../workload/annotated-waivers';
import { describeUnused } from '../workload/unused-grants';
import { ownWaivers } from '../workload/waivers';
import type { JudgedEntry } from './entry';
import type { BlueprintProblem } from './refusal';

/** What {@link unusedWaivers} goes by. */
export interface UnusedWaiversOptions {
  /** The blueprint. */
  readonly root: IConstruct;
  readonly target: ClusterTarget;
  readonly parameters: Parameters;
  /** The waivers that excused something. */
  readonly used: ReadonlySet<Waiver>;
}

const ASKED: ReadonlySet<string> = new Set(controlsOf('hardened').map(({ id }) => id));

/**
 * Every waiver that excuses nothing, of constructs and of objects. A waiver of a control that this target or these parameters
 * leave out is passed over, since the same code may be for another cluster too.
 */
export function unusedWaivers(
  entries: readonly JudgedEntry[],
  { root, target, parameters, used }: UnusedWaiversOptions,
): BlueprintProblem[] {
  const isUnused = (waiver: Waiver) => !used.has(waiver) && couldBeAsked(waiver, target, parameters);
  const granted = root.node.findAll().flatMap((construct) =>
    ownWaivers(construct)
      .filter(isUnused)
      .map((waiver) => describeUnused(construct, waiver)),
  );
  // What brings a waiver of another profile with it stays in order for those who ask that one.
  const brought = entries.flatMap(({ object, manifest, annotated }) =>
    annotated
      .filter((waiver) => ASKED.has(waiver.control) && isUnused(waiver))
      .map((waiver) =>
        waiverBreach(`${object.node.path} (${describeObject(manifest)})`, waiver, unusedFault(waiver)),
      ),
  );
  return [...granted, ...brought];
}

function couldBeAsked({ control: id }: Waiver, target: ClusterTarget, parameters: Parameters): boolean {
  const control = findControl(id)!;
  if (control.parameter && !parameters[control.parameter]) return false;
  return !('appliesTo' in control) || control.appliesTo?.(target) !== false;
}
