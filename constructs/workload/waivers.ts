import type { IConstruct } from 'constructs';
import { checkWaiver, isExpired, type Waiver } from '../../src/controls/waiver';
import { BulwarkError } from '../../src/errors';

/** Why a control does not apply, and until when. */
export type WaiverOptions = Omit<Waiver, 'control'>;

const WAIVERS = new WeakMap<IConstruct, Map<string, Waiver>>();
const WHERE_NEEDED = new WeakSet<Waiver>();

/**
 * Deliberate exceptions from controls. A waiver holds for a construct and everything below it, stays on each object that needs
 * it as an annotation and is listed in the report. One that excuses nothing at all is refused, under a stock `App` if it is of a
 * control of pods.
 *
 * @example Waivers.of(legacy).waive('read-only-root-filesystem', { reason: 'writes its licence file to /opt', expires: '2027-03-31' });
 */
export class Waivers {
  /** The waivers of a construct. */
  static of(scope: IConstruct): Waivers {
    return new Waivers(scope);
  }

  private constructor(private readonly scope: IConstruct) {}

  /**
   * Lifts one control here and below. The control is then neither repaired nor judged.
   * @throws BulwarkError for an unknown control, a reason of less than 10 characters or a date that is none.
   */
  waive(controlId: string, options: WaiverOptions): this {
    grant(this.scope, { control: controlId, ...options });
    return this;
  }
}

/** Lifts one control here and below for a construct that cannot know whether the target or its settings make that needed. */
export function waiveWhereNeeded(scope: IConstruct, control: string, reason: string): void {
  WHERE_NEEDED.add(grant(scope, { control, reason }));
}

/** The waivers of a construct, without those of its ancestors, that have to excuse something. */
export function ownWaivers(scope: IConstruct): Waiver[] {
  return [...(WAIVERS.get(scope)?.values() ?? [])].filter((waiver) => !WHERE_NEEDED.has(waiver));
}

function grant(scope: IConstruct, given: Waiver): Waiver {
  const waiver = checkWaiver(given, scope.node.path || 'the app');
  const own = WAIVERS.get(scope) ?? new Map<string, Waiver>();
  WAIVERS.set(scope, own.set(waiver.control, waiver));
  return waiver;
}

/**
 * The waivers that hold for a construct, its own and those of its ancestors; the nearest wins.
 * @param annotated Those that its object brought with it, which are the nearest.
 * @throws BulwarkError when one has expired. The clock is read for this and for nothing else.
 */
export function waiversFor(construct: IConstruct, annotated: readonly Waiver[] = []): Waiver[] {
  const waivers = new Map<string, Waiver>();
  for (const scope of construct.node.scopes) {
    for (const [control, waiver] of WAIVERS.get(scope) ?? []) waivers.set(control, waiver);
  }
  for (const waiver of annotated) waivers.set(waiver.control, waiver);
  const expired = [...waivers.values()].find((waiver) => isExpired(waiver, new Date()));
  if (expired) {
    throw new BulwarkError(
      `${construct.node.path}: the waiver of '${expired.control}' expired on ${expired.expires} (${expired.reason}). ` +
        'Remove it and meet the control, or agree on a new date with whoever granted it.',
    );
  }
  return [...waivers.values()].sort((a, b) => (a.control < b.control ? -1 : 1));
}
