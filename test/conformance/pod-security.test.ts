import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { isPodControl, type PodControl } from '../../src/controls/control';
import { bindControl, subjectsOf, type BoundControl } from '../../src/controls/judge';
import { controlsOf } from '../../src/controls/profiles';
import type { Manifest } from '../../src/manifest/manifest';
import { podTemplateOf, type Container, type PodSpec, type PodTemplate } from '../../src/manifest/pod';
import { ClusterTarget, SUPPORTED_MINORS } from '../../src/target/target';
import { WORKLOAD_KINDS, workloadOf } from '../support/pod-arbitrary';

type Level = 'baseline' | 'restricted';
type Verdict = 'pass' | 'fail';

/** A pod of Kubernetes' own tests of Pod Security, or one made of it that has to get the same verdict. */
interface Case {
  readonly name: string;
  readonly expected: Verdict;
  readonly manifest: Manifest;
}

const MINORS = Array.from(
  { length: SUPPORTED_MINORS.newest - SUPPORTED_MINORS.oldest + 1 },
  (_, index) => SUPPORTED_MINORS.oldest + index,
);
const VERDICTS: readonly Verdict[] = ['pass', 'fail'];

/** Checks of fields that the API server refuses in ephemeral containers, so that no such pod can be. */
const NOT_IN_EPHEMERAL = ['hostports', 'hostprobesandhostlifecycle'];
const MOVES = [
  ['containers', 'initContainers'],
  ['containers', 'ephemeralContainers'],
  ['initContainers', 'containers'],
  ['initContainers', 'ephemeralContainers'],
] as const;

/** Fixtures that cannot break their own check alone, and the check that they break beside it. */
const ACCOMPANIED: readonly { readonly files: RegExp; readonly check: string; readonly reason: string }[] = [
  {
    files: /^windowshostprocess/,
    check: 'hostnamespaces',
    reason: "A HostProcess container has to be in the node's network",
  },
  {
    files: /^privileged/,
    check: 'allowprivilegeescalation',
    reason: 'The API server refuses allowPrivilegeEscalation: false in a privileged container',
  },
  {
    files: /^allowprivilegeescalation3/,
    check: 'capabilities_restricted',
    reason: 'The container has no securityContext at all',
  },
];

const CORPUS = corpus();
const describeWithCorpus = CORPUS ? describe : describe.skip;

/** @throws in CI, where a skipped test would pass for a good one. */
function corpus(): string | undefined {
  const folder = process.env.BULWARK_CORPORA && join(process.env.BULWARK_CORPORA, 'pod-security');
  if (folder && existsSync(folder)) return folder;
  if (process.env.CI) throw new Error('BULWARK_CORPORA must name the folder of published cases in CI');
  return undefined;
}

describeWithCorpus('Pod Security as Kubernetes itself judges it (needs BULWARK_CORPORA)', () => {
  let fixtures = 0;
  let verdicts = 0;

  describe.each<Level>(['baseline', 'restricted'])('at the level %s', (level) => {
    it.each(MINORS)('of 1.%i', (minor) => {
      const published = VERDICTS.flatMap((expected) => readCases(level, minor, expected));
      const cases = published.flatMap((given) => [given, ...wrapped(given), ...moved(given)]);
      const judge = judgeOf(level, minor);
      const wrong = cases.flatMap((given) => complaintsAbout(given, judge));
      expect(wrong).toEqual([]);
      expect(published.length).toBeGreaterThan(level === 'baseline' ? 35 : 80);
      fixtures += published.length;
      verdicts += cases.length;
    });
  });

  // How many fixtures k8s.io/pod-security-admission v0.37.2 has for these versions, and what is made of them.
  it('was asked about every fixture', () => {
    expect({ fixtures, verdicts }).toEqual({ fixtures: 1480, verdicts: 18936 });
  });
});

function readCases(level: Level, minor: number, expected: Verdict): Case[] {
  const folder = join(CORPUS!, level, `v1.${minor}`, expected);
  return readdirSync(folder).map((name) => ({
    name,
    expected,
    manifest: load(readFileSync(join(folder, name), 'utf8')) as Manifest,
  }));
}

/** The same pod as the template of each kind that makes pods. */
function wrapped({ name, expected, manifest }: Case): Case[] {
  const { metadata, spec } = podTemplateOf(manifest)!;
  return WORKLOAD_KINDS.filter((kind) => kind !== 'Pod').map((kind) => ({
    name: `${name} as ${kind}`,
    expected,
    manifest: workloadOf(kind, { metadata, spec }),
  }));
}

/** The same pod with its containers in one of the other lists. What is asked of a container is asked of it there, too. */
function moved({ name, expected, manifest }: Case): Case[] {
  return MOVES.filter(
    ([, to]) => to !== 'ephemeralContainers' || !NOT_IN_EPHEMERAL.includes(checkOf(name)),
  ).map(([from, to]) => {
    const { [from]: containers = [], ...rest } = podTemplateOf(manifest)!.spec;
    const spec: PodSpec = rest;
    const there = to === 'ephemeralContainers' ? containers.map(asEphemeral) : containers;
    return {
      name: `${name} with ${from} as ${to}`,
      expected,
      manifest: { ...manifest, spec: { ...spec, [to]: [...(spec[to] ?? []), ...there] } },
    };
  });
}

function asEphemeral(container: Container): Container {
  const refused = ['ports', 'resources', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'];
  return Object.fromEntries(Object.entries(container).filter(([field]) => !refused.includes(field)));
}

/** The check that a file is about, as its name says: `capabilities_restricted` of `capabilities_restricted0.yaml`. */
function checkOf(name: string): string {
  return /^([a-z_]+?)\d*\.yaml/.exec(name)![1]!;
}

type Judge = (pod: PodTemplate) => PodControl[];

/** Finds the controls of a level that a pod breaks. */
function judgeOf(level: Level, minor: number): Judge {
  const target = ClusterTarget.kubernetes(`1.${minor}`);
  const bound = controlsOf(level)
    .filter(isPodControl)
    .flatMap((control) => bindControl(control, target) ?? []);
  const holds = (rule: BoundControl, pod: PodTemplate) =>
    subjectsOf(rule, pod).every(({ container }) => rule.holds(pod, container));
  return (pod) => bound.filter((rule) => !holds(rule, pod)).map(({ control }) => control);
}

/** What is wrong with what the controls say: the verdict, or who gave it. */
function complaintsAbout({ name, expected, manifest }: Case, judge: Judge): string[] {
  const broken = judge(podTemplateOf(manifest)!);
  const ids = broken.map(({ id }) => id).join(', ');
  if (expected === 'pass') return broken.length === 0 ? [] : [`${name} should pass, and breaks ${ids}`];
  if (broken.length === 0) return [`${name} should fail, and passes`];
  const check = checkOf(name);
  if (!broken.some((control) => isOf(control, check)))
    return [`${name} should fail by its own check, and breaks ${ids}`];
  const others = ACCOMPANIED.filter(({ files }) => files.test(name)).map((entry) => entry.check);
  const strangers = broken.filter((control) => ![check, ...others].some((one) => isOf(control, one)));
  return strangers.length === 0 ? [] : [`${name} should fail by its own check only, and breaks ${ids}`];
}

/** Whether a control says that it is that check, or that it is what replaces it at restricted. */
function isOf({ references }: PodControl, check: string): boolean {
  return references.some(({ standard, id }) => standard.startsWith('PSS') && id.toLowerCase() === check);
}
