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
  const ask = (asked: readonly number[], pod: PodTemplate): Broken[] => {
    const containers = containersOf(pod.spec);
    const broken: Broken[] = [];
    for (const rule of asked) {
      subjectsOf(rules[rule]!, pod, containers).forEach(({ container }, subject) => {
        if (!rules[rule]!.holds(pod, container, params)) broken.push({ rule, subject });
      });
    }
    return broken;
  };
  const questions = groupsOf(rules).map((group) => {
    const reads = distinct(group.flatMap((index) => rules[index]!.reads.flatMap(ofAnyContainer)));
    const readsNull = nullFinder(reads);
    return remembering((context) => {
      const pod = context.pod as PodTemplate;
      return ask(group, readsNull(context) ? readWithoutNulls(pod) : pod);
    }, reads);
  });
  return (manifest) => {
    const pod = podTemplateOf(manifest);
    if (!pod) return [];
    const variables = { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} };
    const containers = containersOf(pod.spec);
    const context = { pod, variables, containers, params };
    const broken: Broken[] = [];
    for (const question of questions) broken.push(...question(context));
    if (broken.length === 0) return [];
    return broken
      .sort((a, b) => a.rule - b.rule)
      .map(({ rule, subject }) => located(rules[rule]!, readWithoutNulls(pod), subject));
  };
}

/**
 * The rules, by their places among all, with those together that read the same of {@link OWN_FIELDS}, or none of them: these are
 * asked once for all pods that agree in everything that any of them reads.
 */
function groupsOf(rules: readonly BoundControl[]): number[][] {
  const groups = new Map<string, number[]>();
  rules.forEach(({ reads }, index) => {
    const texts = reads.map((read) => `${read.join('.')}.`);
    const own = OWN_FIELDS.filter((field) => texts.some((text) => text.startsWith(`${field}.`))).join();
    push(groups, own, index);
  });
  return [...groups.values()];
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
