import { groupBy } from '../groups';
import type { Manifest } from '../manifest/manifest';
import { closureOf, stepsTo, type Closure, type Step, type World } from './closure';
import { ALL, describePower, powerKey, type Power } from './power';
import { describeOrigin, rbacOf, type Grant, type RbacOptions } from './rbac';
import { describeRule } from './policy-rule';
import { rightOf } from './rights';
import { rightsIn } from './hits';
import { surroundingsOf, type PodPower } from './surroundings';
import { describeSubject, identityOfSubject, subjectKey, subjectsOfIdentity, type Subject } from './subject';

/** Where an escalation leads: everything, root on some node, to act as somebody else, or all Secrets of a namespace. */
export type Goal = 'cluster' | 'node' | Subject | { readonly secretsOf: string };

/** A way by which somebody gets further than their roles say. */
export interface EscalationPath {
  readonly from: Power;
  readonly to: Power;
  /** Each after those it takes; the fewest that lead there. */
  readonly steps: readonly Step[];
}

/** How far everybody gets. */
export interface Escalation {
  readonly world: World;
  /** The shortest way from a subject to a goal; undefined where there is none. */
  readonly pathTo: (from: Subject, goal: Goal) => EscalationPath | undefined;
  /** The shortest way from a subject to each power it gains, nearest first. */
  readonly pathsFrom: (from: Subject) => readonly EscalationPath[];
  /** For each subject of a binding, and each workload, that gets to everything or to a node: the shortest way there. */
  readonly critical: () => readonly EscalationPath[];
}

/** What {@link escalationOf} takes into account beside the manifests. */
export interface EscalationOptions extends RbacOptions {
  /** See {@link World.closedBy}. @default nothing is closed */
  readonly closedBy?: World['closedBy'];
}

/** Works out how rights lead to other rights, to pods, to ServiceAccounts and to nodes. */
export function escalationOf(manifests: readonly Manifest[], options: EscalationOptions = {}): Escalation {
  const world = worldOf(manifests, options);
  const from = (subject: Subject, end?: Power) => closureFrom(world, subjectPower(subject), end);
  return {
    world,
    pathTo: (subject, goal) => {
      const to = powerOfGoal(goal);
      const closure = from(subject, to);
      return isReached(closure, to)
        ? pathOf(closure, subjectPower(subject), reached(closure, to))
        : undefined;
    },
    pathsFrom: (subject) => {
      const start = subjectPower(subject);
      const closure = from(subject);
      return [...closure.steps.values()]
        .filter(({ from: premises }) => premises.length > 0)
        .map(({ power }) => pathOf(closure, start, power));
    },
    critical: () => [
      ...world.rbac.subjects.flatMap((subject) => worstPath(world, subjectPower(subject))),
      ...worstOfPods(world),
    ],
  };
}

/** Reads what escalation is worked out over. */
export function worldOf(
  manifests: readonly Manifest[],
  { closedBy, ...options }: EscalationOptions = {},
): World {
  const rbac = rbacOf(manifests, options);
  return { rbac, surroundings: surroundingsOf(manifests, rbac), ...(closedBy && { closedBy }) };
}

/** The power to act as a subject. */
export function subjectPower(subject: Subject): Power {
  return { kind: 'subject', subject };
}

/** What follows from a power, no further than to the end where one is asked for. */
function closureFrom(world: World, start: Power, end?: Power): Closure {
  const ends = new Set(end ? [powerKey(end)] : []);
  return closureOf(world, [start], { endsAt: (power) => ends.has(powerKey(power)) });
}

function powerOfGoal(goal: Goal): Power {
  if (goal === 'cluster' || goal === 'node') return { kind: goal };
  if ('secretsOf' in goal) return { kind: 'secrets', namespace: goal.secretsOf };
  return subjectPower(goal);
}

/** The nearest power that includes the goal: who has everything has that, and who has all ServiceAccounts has each. */
function reached(closure: Closure, to: Power): Power {
  const wider = [...closure.steps.values()].find(({ power }) => includes(power, to));
  return wider?.power ?? to;
}

function isReached(closure: Closure, to: Power): boolean {
  return [...closure.steps.values()].some(({ power }) => includes(power, to));
}

function includes(power: Power, wanted: Power): boolean {
  if (power.kind === 'cluster' || powerKey(power) === powerKey(wanted)) return true;
  if (power.kind === 'secrets' && wanted.kind === 'secrets') return power.namespace === ALL;
  if (power.kind !== 'accounts' || wanted.kind !== 'subject' || wanted.subject.kind !== 'ServiceAccount')
    return false;
  return power.namespace === ALL || power.namespace === wanted.subject.namespace;
}

function pathOf(closure: Closure, from: Power, to: Power): EscalationPath {
  return { from, to, steps: stepsTo(closure, to).filter((step) => step.from.length > 0) };
}

/**
 * The worst way from each workload that does not start as somebody whom a binding names. Those that get to a node alike, and whose
 * accounts have no right that leads anywhere, get as far as each other: it is worked out for the first of them.
 */
function worstOfPods(world: World): EscalationPath[] {
  const { rbac, surroundings } = world;
  const named = new Set(rbac.subjects.map(subjectKey));
  const pods = surroundings.pods.filter(
    ({ account, wayToNode }) => wayToNode !== undefined || (account && !named.has(subjectKey(account))),
  );
  const leadsNowhere = (account: Subject) =>
    subjectsOfIdentity(identityOfSubject(account)).every((subject) =>
      rbac.rolesOf(subject).every(({ rules }) => rightsIn(rules).length === 0),
    );
  const likeness = ({ name, account, wayToNode = '' }: PodPower) =>
    !account || leadsNowhere(account) ? `${wayToNode}\n${account ? 'account' : ''}` : `\n${name}`;
  const paths = [...groupBy(pods, likeness).values()].flatMap((alike) => {
    const [first] = alike;
    const worst = worstPath(world, podPower(first!));
    return alike.flatMap((pod) => worst.map((path) => [pod, startingAs(pod, first!, path)] as const));
  });
  const byPod = new Map(paths);
  return pods.flatMap((pod) => byPod.get(pod) ?? []);
}

function podPower({ name, namespace }: PodPower): Power {
  return { kind: 'pod', name, namespace };
}

/** A path from a pod as that of one that is like it. */
function startingAs(pod: PodPower, like: PodPower, path: EscalationPath): EscalationPath {
  if (pod === like) return path;
  const own = new Map([[powerKey(podPower(like)), podPower(pod)]]);
  if (like.account && pod.account) own.set(powerKey(subjectPower(like.account)), subjectPower(pod.account));
  const renamed = (power: Power) => own.get(powerKey(power)) ?? power;
  const steps = path.steps.map((step) => ({
    ...step,
    power: renamed(step.power),
    from: step.from.map(renamed),
  }));
  return { from: renamed(path.from), to: path.to, steps };
}

function worstPath(world: World, start: Power): EscalationPath[] {
  const closure = closureFrom(world, start, { kind: 'cluster' });
  const worst = (['cluster', 'node'] as const).find((kind) => closure.stepTo({ kind }));
  return worst ? [pathOf(closure, start, { kind: worst })] : [];
}

/** A path as sentences, a line each, with the rule and the binding that allow each step below it. */
export function describePath({ from, to, steps }: EscalationPath): string {
  const [only] = steps;
  if (to.kind === 'right' && steps.length === 1 && only) {
    return [`${sentenceOf(only)}:`, ...grantsOf(only, '  ')].join('\n');
  }
  const count = steps.length === 1 ? '1 step' : `${steps.length} steps`;
  const gained = to.kind === 'right' ? 'a right' : describePower(to);
  return [
    `${describePower(from)} gains ${gained} in ${count}:`,
    ...steps.flatMap((step, index) => [`  ${index + 1}. ${sentenceOf(step)}`, ...grantsOf(step, '       ')]),
  ].join('\n');
}

function grantsOf({ grants }: Step, indent: string): string[] {
  return grants.map((grant) => `${indent}may ${describeRule(grant.rule)}: ${describeOrigin(grant)}`);
}

/** A step as a sentence without its full stop. */
export function sentenceOf({ from, does, power }: Step): string {
  const actor = from.at(-1)!;
  const who = actor.kind === 'subject' || actor.kind === 'pod' ? `${describePower(actor)} ` : '';
  const gained = power.kind === 'right' ? '' : `: ${describePower(power)}`;
  return `${who}${does}${gained}`;
}

/** A path for machines. */
export function pathToJson({ from, to, steps }: EscalationPath): object {
  return {
    from: describePower(from),
    to: describePower(to),
    steps: steps.map(({ from: premises, does, power, right, grants }) => ({
      from: premises.map(describePower),
      does,
      gains: describePower(power),
      ...(right && { right, severity: rightOf(right).severity, reference: rightOf(right).reference }),
      grants: grants.map(grantToJson),
    })),
  };
}

/** A grant for machines. */
export function grantToJson({ subject, rule, role, source, binding }: Grant): object {
  return {
    subject: describeSubject(subject),
    rule,
    role: nameOf(role),
    ...(source !== role && { writtenIn: nameOf(source) }),
    binding: nameOf(binding),
  };
}

function nameOf({ kind, metadata }: Manifest): object {
  return { kind, ...(metadata?.namespace && { namespace: metadata.namespace }), name: metadata?.name };
}
