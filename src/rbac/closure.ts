import { push } from '../groups';
import { consequencesOfPower } from './consequences';
import { ALL, powerKey, type Power } from './power';
import type { Grant, Rbac } from './rbac';
import type { Surroundings } from './surroundings';

/** How a power is gained from others. */
export interface Step {
  readonly power: Power;
  /** The powers it takes; none for where a path begins. */
  readonly from: readonly Power[];
  /** What whoever has those does, in words: `reads Secrets in shop-web`. */
  readonly does: string;
  /** The rules that let them. */
  readonly grants: readonly Grant[];
  /** Id of the right that is used. @default none: it takes none */
  readonly right?: string;
}

/** What escalation is worked out over. */
export interface World {
  readonly rbac: Rbac;
  readonly surroundings: Surroundings;
  /**
   * What refuses a right at admission, in words, such as `ValidatingAdmissionPolicy freeze-labels`; undefined where nothing does.
   * A right that it closes leads nowhere, as long as nobody on the way may switch admission policies off.
   */
  readonly closedBy?: (right: string, namespace: string) => string | undefined;
}

/** Everything that is gained from where it starts, each by the fewest steps. */
export interface Closure {
  /** By {@link powerKey}, in the order of distance. */
  readonly steps: ReadonlyMap<string, Step>;
  readonly stepTo: (power: Power) => Step | undefined;
  /** The powers of a kind that are there so far. */
  readonly ofKind: (kind: Power['kind']) => readonly Power[];
  /** The right, in that namespace or in all of them. */
  readonly rightIn: (id: string, namespace: string) => Power | undefined;
}

/** How {@link closureOf} proceeds. */
export interface ClosureOptions {
  /** Whether what follows from a power is looked for. @default always */
  readonly goesOn?: (power: Power) => boolean;
  /** Whether nothing further is looked for once a power is gained. @default never */
  readonly endsAt?: (power: Power) => boolean;
}

/**
 * Everything that follows from some powers, breadth first. What takes two powers follows as soon as both are there, whoever of
 * those at the start has which: people talk to each other. Whoever may switch admission policies off is stopped by none, so then
 * it is what follows without them.
 */
export function closureOf(world: World, start: readonly Power[], options: ClosureOptions = {}): Closure {
  const closure = closureBehind(world, start, options);
  const reopens =
    world.closedBy && (closure.rightIn('switch-off-admission', ALL) || closure.stepTo({ kind: 'cluster' }));
  return reopens ? closureBehind({ ...world, closedBy: undefined }, start, options) : closure;
}

/** What follows as long as admission policies stand. */
function closureBehind(world: World, start: readonly Power[], options: ClosureOptions): Closure {
  const { goesOn = () => true, endsAt = () => false } = options;
  const steps = new Map<string, Step>();
  const byKind = new Map<string, Power[]>();
  const queue: Power[] = [];
  const add = (step: Step) => {
    const key = powerKey(step.power);
    if (steps.has(key)) return;
    steps.set(key, step);
    queue.push(step.power);
    push(byKind, step.power.kind, step.power);
  };
  const closure: Closure = {
    steps,
    stepTo: (power) => steps.get(powerKey(power)),
    ofKind: (kind) => byKind.get(kind) ?? [],
    rightIn: (id, namespace) => (steps.get(`${id} ${ALL}`) ?? steps.get(`${id} ${namespace}`))?.power,
  };
  start.forEach((power) => add({ power, from: [], does: '', grants: [] }));
  for (let at = 0; at < queue.length; at += 1) {
    const power = queue[at]!;
    if (endsAt(power)) break;
    if (goesOn(power)) consequencesOfPower(world, closure, power).forEach(add);
  }
  return closure;
}

/** The steps that lead to a power, each after those it takes. */
export function stepsTo(closure: Closure, power: Power): Step[] {
  const ordered: Step[] = [];
  const seen = new Set<string>();
  const visit = (one: Power) => {
    const key = powerKey(one);
    const step = closure.steps.get(key);
    if (!step || seen.has(key)) return;
    seen.add(key);
    step.from.forEach(visit);
    ordered.push(step);
  };
  visit(power);
  return ordered;
}
