import { ApiObject, JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { push } from '../../src/groups';
import { hardenManifest, type PodAddition, type Violation } from '../../src/hardening/harden';
import { unusedFault } from '../../src/controls/waived';
import type { Waiver } from '../../src/controls/waiver';
import { describeObject, type Manifest } from '../../src/manifest/manifest';
import { podTemplateOf } from '../../src/manifest/pod';
import type { ClusterTarget } from '../../src/target/target';
import { describeBreach, type Breach } from '../blueprint/refusal';
import { setTarget, targetOf } from '../blueprint/settings';
import { annotatedWaivers, waiverBreach } from './annotated-waivers';
import { recordWaivers } from './recorded-waivers';
import { isAskedByKernel, unusedGrants } from './unused-grants';
import { waiversFor } from './waivers';

/** Options of {@link Hardening.apply}. */
export interface HardeningOptions {
  /** The cluster the manifests are for. @default that of an enclosing Blueprint, else Kubernetes 1.30 */
  readonly target?: ClusterTarget;
}

/** An object as it will be written, and what is wrong with it. */
export interface RenderedObject {
  readonly manifest: Manifest;
  /** One for each value that breaks a control, and for each annotation that waives one and is not in order. */
  readonly problems: readonly Breach[];
  /** The waivers that the object brought with it as annotations. */
  readonly annotated: readonly Waiver[];
  /** The waivers, of the object or of a construct above it, without which its pods would be other ones. */
  readonly used: readonly Waiver[];
}

const ADDITIONS = new WeakMap<IConstruct, PodAddition[]>();
const PATCHES = new WeakMap<ApiObject, JsonPatch[]>();
const RAW_JSON = new WeakMap<ApiObject, () => Manifest>();
/** Objects without problems, each with the waivers that it needs. */
const FOUND_CLEAN = new WeakMap<ApiObject, readonly Waiver[]>();
/** By root, since a construct never moves. */
const APPLIED_BELOW = new WeakMap<IConstruct, Set<IConstruct>>();
const JUDGES_ITSELF = new WeakSet<IConstruct>();

/**
 * Hardens workloads that know nothing of it: those of cdk8s-plus, of plain `ApiObject`s, of `Include` and of `Helm`, in a
 * stock cdk8s `App` as well as under `Testing.synth`.
 *
 * @example
 * const app = new App();
 * new MyChart(app, 'web');
 * Hardening.apply(app, { target: ClusterTarget.kubernetes('1.33') });
 * app.synth();
 */
export class Hardening {
  /**
   * Hardens every workload below a construct, whether it is there yet or not: what is unset is set, and the synthesis fails
   * for what is explicitly unsafe and not waived. A {@link Blueprint} does this by itself.
   */
  static apply(scope: IConstruct, options: HardeningOptions = {}): void {
    if (options.target) setTarget(scope, options.target);
    installBelow(scope);
    const applied = scopesBelow(scope.node.root);
    if (applied.has(scope)) return;
    applied.add(scope);
    // cdk8s asks for validation in every way of synthesis, before it renders the first object. That is the moment when all
    // objects are there, and the place where every problem can be told at once.
    scope.node.addValidation({ validate: () => validateBelow(scope) });
  }
}

/** Where hardening was applied to below a root, which from the first time on is asked for waivers that excuse nothing. */
function scopesBelow(root: IConstruct): Set<IConstruct> {
  const known = APPLIED_BELOW.get(root);
  if (known) return known;
  const applied = new Set<IConstruct>();
  APPLIED_BELOW.set(root, applied);
  root.node.addValidation({ validate: () => validateWaivers(root, applied) });
  return applied;
}

/** Makes a root responsible for judging its objects, so that they are not judged a second time as a validation. */
export function judgeInRoot(root: IConstruct): void {
  JUDGES_ITSELF.add(root);
}

/** Puts something into the pod template of every workload below a construct, before it is hardened. */
export function addToPods(scope: IConstruct, addition: PodAddition): void {
  push(ADDITIONS, scope, addition);
}

/**
 * Changes an object as it is rendered, before it is hardened. A patch of cdk8s would come earlier, and the typed objects of
 * cdk8s-plus would drop what it adds.
 */
export function patchRendered(object: ApiObject, operations: readonly JsonPatch[]): void {
  for (const operation of operations) push(PATCHES, object, operation);
}

/**
 * Renders an object, hardened. It runs on what `toJson` returns, since the typed objects of cdk8s-plus drop every field that
 * Kubernetes 1.27 did not have.
 * @throws BulwarkError when a waiver has expired; whatever `toJson` throws.
 */
export function renderHardened(object: ApiObject): RenderedObject {
  const raw = patched(object, (RAW_JSON.get(object) ?? (() => object.toJson() as Manifest))());
  const annotated = annotatedWaivers(raw, placeOf(object, raw));
  if (!podTemplateOf(raw))
    return { manifest: raw, problems: annotated.problems, annotated: annotated.waivers, used: [] };
  const waivers = waiversFor(object, annotated.waivers);
  const { manifest, violations, excused } = hardenManifest(raw, {
    target: targetOf(object),
    waived: new Set(waivers.map(({ control }) => control)),
    additions: object.node.scopes.flatMap((scope) => ADDITIONS.get(scope) ?? []),
  });
  const used = waivers.filter(({ control }) => excused.has(control));
  return {
    manifest: recordWaivers(manifest, used),
    problems: [
      ...annotated.problems,
      ...violations.map((violation) => breachOf(object, manifest, violation)),
    ],
    annotated: annotated.waivers,
    used,
  };
}

function patched(object: ApiObject, rendered: Manifest): Manifest {
  const operations = PATCHES.get(object);
  if (!operations) return rendered;
  try {
    return JsonPatch.apply(rendered, ...operations) as Manifest;
  } catch (error) {
    throw new BulwarkError(
      `${object.node.path}: a patch of addJsonPatch does not fit the object: ${(error as Error).message.split('\n')[0]}. ` +
        'Its path has to lead to what is rendered, each field named as Kubernetes names it.',
    );
  }
}

function validateBelow(scope: IConstruct): string[] {
  const objects = installBelow(scope);
  if (JUDGES_ITSELF.has(scope.node.root)) return [];
  // What is wrong is told once, by the outermost construct that hardening was applied to.
  if (!isOutermost(scope)) return [];
  // cdk8s validates the whole app once for every chart, so what was found clean is not judged again here.
  return objects.filter((object) => !FOUND_CLEAN.has(object)).flatMap(problemsOf);
}

function isOutermost(scope: IConstruct): boolean {
  const applied = scopesBelow(scope.node.root);
  return !scope.node.scopes.slice(0, -1).some((outer) => applied.has(outer));
}

/** Told only once nothing else is wrong: a pod that could not be judged may need any waiver. */
function validateWaivers(root: IConstruct, applied: ReadonlySet<IConstruct>): string[] {
  if (JUDGES_ITSELF.has(root)) return [];
  const objects = [...applied].filter(isOutermost).flatMap(installBelow);
  const isClean = (object: ApiObject) => FOUND_CLEAN.has(object) || problemsOf(object).length === 0;
  if (!objects.every((object) => isClean(object) && FOUND_CLEAN.has(object))) return [];
  const used = new Set(objects.flatMap((object) => FOUND_CLEAN.get(object)!));
  return unusedGrants(root, applied, used);
}

function problemsOf(object: ApiObject): readonly string[] {
  try {
    const { manifest, problems, annotated, used } = renderHardened(object);
    const unused = annotated
      .filter((waiver) => !used.includes(waiver) && isAskedByKernel(waiver, object))
      .map((waiver) => waiverBreach(placeOf(object, manifest), waiver, unusedFault(waiver)));
    const all = [...problems, ...unused];
    if (all.length === 0) FOUND_CLEAN.set(object, used);
    return all.map(describeBreach);
  } catch (error) {
    // Any other error comes again, with the words of whoever made it, when cdk8s renders the object.
    return error instanceof BulwarkError ? [error.message] : [];
  }
}

function installBelow(scope: IConstruct): ApiObject[] {
  const objects = scope.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  objects.forEach(install);
  return objects;
}

function install(object: ApiObject): void {
  if (RAW_JSON.has(object)) return;
  RAW_JSON.set(object, object.toJson.bind(object) as () => Manifest);
  object.toJson = () => {
    const { manifest, problems } = renderHardened(object);
    if (problems.length > 0) throw new BulwarkError(problems.map(describeBreach).join('\n'));
    return manifest;
  };
}

function breachOf(object: ApiObject, manifest: Manifest, { control, path }: Violation): Breach {
  const { id, why, fix } = control;
  return {
    place: placeOf(object, manifest),
    field: path,
    why,
    fix,
    control: id,
  };
}

function placeOf(object: ApiObject, manifest: Manifest): string {
  return `${object.node.path} (${describeObject(manifest)})`;
}
