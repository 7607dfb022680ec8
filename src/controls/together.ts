import { push } from '../groups';
import { readWithoutNulls, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf, type LocatedContainer, type PodTemplate } from '../manifest/pod';
import { nullFinder, remembering } from './cel/memo';
import { distinct, EACH, type Read } from './cel/reads';
import type { Parameters } from './control';
import { OWN_FIELDS, subjectsOf, type BoundControl, type BoundObjectControl } from './judge';

/** A rule that does not hold for a pod or for one of its containers. */
export interface BrokenPodRule {
  readonly rule: BoundControl;
  /** As the API server reads it. */
  readonly pod: PodTemplate;
  readonly subject: LocatedContainer;
}

/** A rule, by its place among all, that does not hold for one of its subjects, by its place among these. */
interface Broken {
  readonly rule: number;
  readonly subject: number;
}

/** Prepares to ask rules about the pods of any number of objects. Answers are in the order of the rules. */
export function podQuestion(
  rules: readonly BoundControl[],
  params: Parameters = {},
): (manifest: Manifest) => readonly BrokenPodRule[] {
  const ask = (
    asked: readonly number[],
    pod: PodTemplate,
    containers: readonly LocatedContainer[],
  ): Broken[] => {
    const broken: Broken[] = [];
    for (const rule of asked) {
      subjectsOf(rules[rule]!, pod, containers).forEach(({ container }, subject) => {
        if (!rules[rule]!.holds(pod, container, params)) broken.push({ rule, subject });
      });
    }
    return broken;
  };
  const readsOf = (group: readonly number[]) =>
    distinct(group.flatMap((index) => rules[index]!.reads.flatMap(ofAnyContainer)));
  const questionOf = (group: readonly number[]): Question => {
    const readsNull = nullFinder(readsOf(group));
    return (context) => {
      const { pod, containers } = context;
      if (!readsNull(context)) return ask(group, pod, containers);
      const read = readWithoutNulls(pod);
      return ask(group, read, containersOf(read.spec));
    };
  };
  const remembered = (question: Question, group: readonly number[]) => remembering(question, readsOf(group));
  const { alone, others } = groupsOf(rules);
  const questions = [
    questionOf(alone),
    // Most pods agree in everything, and those that do not still agree in most of it.
    remembered(asking(others.map((group) => remembered(questionOf(group), group))), others.flat()),
  ];
  const question = asking(questions);
  return (manifest) => {
    const pod = podTemplateOf(manifest);
    if (!pod) return [];
    const variables = { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} };
    const broken = question({ pod, variables, containers: containersOf(pod.spec), params });
    if (broken.length === 0) return [];
    return [...broken]
      .sort((a, b) => a.rule - b.rule)
      .map(({ rule, subject }) => located(rules[rule]!, readWithoutNulls(pod), subject));
  };
}

/** What is asked about a pod: its places are those of what rules read. */
interface PodContext {
  readonly pod: PodTemplate;
  readonly variables: object;
  readonly containers: readonly LocatedContainer[];
  readonly params: Parameters;
}

type Question = (context: PodContext) => readonly Broken[];

function asking(questions: readonly Question[]): Question {
  return (context) => {
    const broken: Broken[] = [];
    for (const question of questions) broken.push(...question(context));
    return broken;
  };
}

/** The rules by their places among all. */
interface Groups {
  /** Those about images, which hardly two workloads have in common. */
  readonly alone: readonly number[];
  /** The rest, with those together that read the same of {@link OWN_FIELDS}, or none of them. */
  readonly others: readonly (readonly number[])[];
}

function groupsOf(rules: readonly BoundControl[]): Groups {
  const groups = new Map<string, number[]>();
  rules.forEach(({ reads }, index) => {
    const texts = reads.map((read) => `${read.join('.')}.`);
    const own = OWN_FIELDS.filter((field) => texts.some((text) => text.startsWith(`${field}.`)));
    push(groups, own.includes('container.image') ? 'container.image' : own.join(), index);
  });
  const alone = groups.get('container.image') ?? [];
  return { alone, others: [...groups.values()].filter((group) => group !== alone) };
}

/** What is read of one container, for all of them. */
function ofAnyContainer(read: Read): Read[] {
  const [variable, ...fields] = read;
  if (variable !== 'container') return [read];
  return [
    ['containers', EACH, 'list'],
    ['containers', EACH, 'container', ...fields],
  ];
}

function located(rule: BoundControl, pod: PodTemplate, subject: number): BrokenPodRule {
  return { rule, pod, subject: subjectsOf(rule, pod)[subject]! };
}

/** Prepares to ask rules about any number of objects of one kind. */
export function objectQuestion(
  rules: readonly BoundObjectControl[],
  params: Parameters = {},
): (object: Manifest) => readonly BoundObjectControl[] {
  const ask = remembering(
    ({ object }) => {
      const read = readWithoutNulls(object as Manifest);
      return rules.filter((rule) => !rule.holds(read, params));
    },
    distinct(rules.flatMap(({ reads }) => reads)),
  );
  return (object) => ask({ object, params });
}
