import type { IConstruct } from 'constructs';
import { controlsHold, type Problem, type Proof } from '../../src/controls/proof';
import { podControls, controlsOf } from '../../src/controls/profiles';
import type { Control, Parameters } from '../../src/controls/control';
import type { Waiver } from '../../src/controls/waiver';
import { push } from '../../src/groups';
import { describeObject, type Manifest } from '../../src/manifest/manifest';
import { lent } from '../../src/manifest/remembered';
import { localhostProfilesExist } from '../../src/hardening/localhost-profiles';
import type { ClusterTarget } from '../../src/target/target';
import { profilesOf } from '../node-profiles/registry';
import { recordWaivers } from '../workload/recorded-waivers';
import { waiversFor } from '../workload/waivers';
import { attempt } from './attempt';
import type { Entry, JudgedEntry } from './entry';
import type { BlueprintProblem, Breach } from './refusal';
import { unusedWaivers } from './unused-waivers';

/** The controls of the blueprint's profile that the hardening kernel has not judged yet, object by object. */
const CONTROLS_BEYOND_KERNEL: readonly Control[] = controlsOf('hardened').filter(
  (control) => !(podControls() as readonly Control[]).includes(control),
);

const ADDED = new WeakMap<IConstruct, Proof[]>();

/**
 * Holds the blueprint that a construct is in to one more proof, for what the manifests alone do not tell, such as what was
 * declared in code. Proofs run in the order in which they were added; under a stock `App` none runs.
 */
export function addProof(scope: IConstruct, proof: Proof): void {
  push(ADDED, scope.node.root, proof);
}

/** What {@link judgeEntries} goes by. */
export interface JudgementOptions {
  /** The blueprint. */
  readonly root: IConstruct;
  readonly target: ClusterTarget;
  readonly parameters: Parameters;
}

/** Objects after everything was asked about them. */
export interface Judgement {
  /** The same objects; those that a waiver excuses with it as an annotation. */
  readonly entries: readonly Entry[];
  /** One for each place that is not excused. */
  readonly problems: readonly BlueprintProblem[];
  /** What was asked about: the objects without the waivers that were found to excuse them. Lent to the proofs. */
  readonly manifests: readonly Manifest[];
}

/** Asks of all objects together what the hardening kernel, which sees one workload at a time, cannot know. */
export function judgeEntries(entries: readonly JudgedEntry[], options: JudgementOptions): Judgement {
  const { root, target, parameters } = options;
  const proofs = [
    controlsHold(CONTROLS_BEYOND_KERNEL, parameters),
    localhostProfilesExist(profilesOf(root)),
    ...(ADDED.get(root) ?? []),
  ];
  const manifests = lent(entries.map(({ manifest }) => manifest));
  const owners = new Map<Manifest, JudgedEntry>(entries.map((entry) => [entry.manifest, entry]));
  const excused = new Map<Manifest, Map<string, Waiver>>();
  const problems: BlueprintProblem[] = [];
  const waivers = waiverLookup(problems);
  const used = new Set<Waiver>(entries.flatMap((entry) => entry.used));
  for (const problem of proofs.flatMap((proof) => proof(manifests, target))) {
    const owner = owners.get(problem.manifest);
    const waiver = owner && problem.control ? waivers(owner).get(problem.control) : undefined;
    if (waiver) {
      used.add(waiver);
      const own = excused.get(problem.manifest) ?? new Map<string, Waiver>();
      excused.set(problem.manifest, own.set(waiver.control, waiver));
    } else {
      problems.push(breachOf(problem, owner));
    }
  }
  problems.push(...unusedWaivers(entries, { root, target, parameters, used }));
  const recorded = entries.map((entry) => recordOn(entry, excused.get(entry.manifest)));
  return { entries: recorded, problems, manifests };
}

/** The waivers of an object by control, looked up once. Where one has expired, that is a problem and none holds. */
function waiverLookup(problems: BlueprintProblem[]): (entry: JudgedEntry) => ReadonlyMap<string, Waiver> {
  const known = new Map<Entry, ReadonlyMap<string, Waiver>>();
  return (entry) => {
    let waivers = known.get(entry);
    if (!waivers) {
      const list = attempt(() => waiversFor(entry.object, entry.annotated), problems) ?? [];
      waivers = new Map(list.map((waiver) => [waiver.control, waiver]));
      known.set(entry, waivers);
    }
    return waivers;
  };
}

function recordOn(entry: Entry, waivers: ReadonlyMap<string, Waiver> | undefined): Entry {
  return waivers ? { ...entry, manifest: recordWaivers(entry.manifest, [...waivers.values()]) } : entry;
}

function breachOf(problem: Problem, owner: Entry | undefined): Breach {
  const { manifest, field, what, why, fix, control } = problem;
  const object = describeObject(manifest);
  const place = owner ? `${owner.object.node.path} (${object})` : object;
  return { place, field, what, why, fix, ...(control !== undefined && { control }) };
}
