/** A place where something that has to hold does not. */
export interface Breach {
  /** Construct path and object, for people. */
  readonly place: string;
  /** Path of the field in the object. */
  readonly field: string;
  /** What is wrong there, where the name of the control does not say it all. A sentence without its full stop. */
  readonly what?: string;
  readonly why: string;
  /** The exact change that mends it, as a sentence. */
  readonly fix: string;
  /** Id of the control that is broken. @default none: it cannot be waived */
  readonly control?: string;
}

/** Something that keeps a blueprint from being written. */
export type BlueprintProblem = string | Breach;

/** A breach by itself: where, what, why, the fix and how to waive it. */
export function describeBreach({ place, field, what, why, fix, control }: Breach): string {
  const verb = control === undefined ? '' : ` breaks ${control}`;
  const detail = what === undefined ? '' : `: ${what}`;
  return `${place}: ${field}${verb}${detail}. ${why} Fix: ${fix}${waive(control)}`;
}

/** Every problem of a blueprint. What many objects have in common is said once, above the list of them. */
export function refusal(problems: readonly BlueprintProblem[]): string {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const items = [...grouped(problems).values()].map((group) => `- ${describeGroup(group)}`);
  return `The blueprint has ${count}, and nothing was written:\n${items.join('\n')}`;
}

type Group = readonly [BlueprintProblem, ...BlueprintProblem[]];

function grouped(problems: readonly BlueprintProblem[]): Map<unknown, Group> {
  const groups = new Map<unknown, [BlueprintProblem, ...BlueprintProblem[]]>();
  for (const problem of problems) {
    // A message of its own is never merged with another, be it the same.
    const key = typeof problem === 'string' ? Symbol() : `${problem.control ?? problem.what}\n${problem.why}`;
    const group = groups.get(key);
    if (group) group.push(problem);
    else groups.set(key, [problem]);
  }
  return groups;
}

function describeGroup(group: Group): string {
  const [first] = group;
  if (typeof first === 'string') return first;
  if (group.length === 1) return describeBreach(first);
  const breaches = group.filter((problem) => typeof problem !== 'string');
  const what = shared(breaches.map((breach) => breach.what));
  const fix = shared(breaches.map((breach) => breach.fix));
  const title = first.control ? `${first.control} is broken in ${group.length} places` : 'In these places';
  const head = [`${title}${what === undefined ? '.' : `: ${what}.`}`, first.why];
  if (fix !== undefined) head.push(`Fix: ${fix}`);
  const places = breaches.map((breach) => {
    const own = what === undefined && breach.what !== undefined ? `: ${breach.what}.` : '';
    return `    ${breach.place}: ${breach.field}${own}${fix === undefined ? ` Fix: ${breach.fix}` : ''}`;
  });
  return [head.join(' ') + waive(first.control), ...places].join('\n');
}

/** What all have in common, if they do. */
function shared(texts: readonly (string | undefined)[]): string | undefined {
  return new Set(texts).size === 1 ? texts[0] : undefined;
}

function waive(control: string | undefined): string {
  return control === undefined
    ? ''
    : ` Or, with a reason: Waivers.of(scope).waive('${control}', { reason: '...' }).`;
}
