import { push } from '../groups';
import { readWithoutNulls, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf, type LocatedContainer, type PodTemplate } from '../manifest/pod';
import { nullFinder, remembering } from './cel/memo';
import { EACH, type Read } from './cel/reads';
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
  const questionOf = ({ rules: asked, reads }: Group): Question => {
    const readsNull = nullFinder(reads);
    return (context) => {
      const { pod, containers } = context;
      if (!readsNull(context)) return ask(asked, pod, containers);
      const read = readWithoutNulls(pod);
      return ask(asked, read, containersOf(read.spec));
    };
  };
  const { ofImages, others } = groupsOf(rules);
  const questions = others.map((group) => remembering(questionOf(group), group.reads));
  const ofAll = others.flatMap(({ reads }) => reads);
  // Hardly two pods have an image in common. Most agree in all else, and those that do not still agree in much of it.
  const question = asking([questionOf(ofImages), remembering(asking(questions), ofAll)]);
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

/** Rules by their places among all, and all that they read. */
interface Group {
  readonly rules: readonly number[];
  readonly reads: readonly Read[];
}

/** The rules about images, and the others: together those that read the same of {@link OWN_FIELDS}, or none of them. */
function groupsOf(rules: readonly BoundControl[]): { readonly ofImages: Group; readonly others: Group[] } {
  const groups = new Map<string, number[]>([[IMAGE, []]]);
  rules.forEach(({ reads }, index) => {
    const texts = reads.map((read) => `${read.join('.')}.`);
    const own = OWN_FIELDS.filter((field) => texts.some((text) => text.startsWith(`${field}.`)));
    push(groups, own.includes(IMAGE) ? IMAGE : own.join(), index);
  });
  const [ofImages, ...others] = [...groups.values()].map((group) => ({
    rules: group,
    reads: group.flatMap((index) => rules[index]!.reads.flatMap(ofAnyContainer)),
  }));
  return { ofImages: ofImages!, others };
}

const IMAGE = 'container.image';

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
    rules.flatMap(({ reads }) => reads),
  );
  return (object) => ask({ object, params });
}
