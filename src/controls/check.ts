import { push } from '../groups';
import { completed } from '../manifest/completed';
import { takeInventory, type Inventory } from '../manifest/inventory';
import { groupOf, type Manifest } from '../manifest/manifest';
import { templatePath } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import { isPodControl, type Control, type ObjectControl, type Parameters, type PodControl } from './control';
import { bindControl, bindObjectControl, fieldPath, type BoundObjectControl } from './judge';
import { objectQuestion, podQuestion } from './together';
import type { Waiver } from './waiver';

/** How {@link checkManifests} works. */
export interface CheckOptions {
  readonly target: ClusterTarget;
  /** The controls to ask. */
  readonly controls: readonly Control[];
  /** @default none */
  readonly parameters?: Parameters;
}

/** A place where a control does not hold. */
export interface Finding {
  readonly control: Control;
  /** The object that has to be changed. */
  readonly manifest: Manifest;
  /** Path of the field in the object. */
  readonly field: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** The exact change that mends it. */
  readonly fix: string;
  /** The exception that makes the finding one to know, not one to mend. */
  readonly waiver?: Waiver;
}

/** Asks every control about every manifest. Takes time linear in the manifests. */
export function checkManifests(manifests: readonly Manifest[], options: CheckOptions): Finding[] {
  const inventory = takeInventory(manifests);
  const rules = bindAll(options);
  const findings: Finding[] = [];
  for (const manifest of manifests) {
    if (templatePath(manifest)) checkPods(manifest, rules).forEach((finding) => findings.push(finding));
    checkObject(manifest, rules).forEach((finding) => findings.push(finding));
  }
  return [...findings, ...checkInventory(inventory, options)];
}

interface Rules {
  readonly brokenByPods: ReturnType<typeof podQuestion>;
  /** By `group/Kind`. */
  readonly brokenByObject: ReadonlyMap<string, ReturnType<typeof objectQuestion>>;
}

function bindAll({ controls, target, parameters }: CheckOptions): Rules {
  const asked = controls.filter((control) => !control.parameter || parameters?.[control.parameter]);
  const pods = asked.filter(isPodControl).flatMap((control) => bindControl(control, target) ?? []);
  const objects = new Map<string, BoundObjectControl[]>();
  for (const control of asked.filter(isObjectControl)) {
    const bound = bindObjectControl(control, target);
    if (!bound) continue;
    for (const kind of control.kinds) push(objects, kind, bound);
  }
  const questions = [...objects].map(([kind, rules]) => [kind, objectQuestion(rules, parameters)] as const);
  return { brokenByPods: podQuestion(pods, parameters), brokenByObject: new Map(questions) };
}

function isObjectControl(control: Control): control is ObjectControl {
  return control.scope === 'object';
}

function checkPods(manifest: Manifest, { brokenByPods }: Rules): Finding[] {
  return brokenByPods(completed(manifest)).map(({ rule, pod, subject }) => {
    const field = [...templatePath(manifest)!, 'spec', fieldPath(rule, pod, subject)].join('.');
    return findingOf(rule.control, manifest, field);
  });
}

function checkObject(manifest: Manifest, { brokenByObject }: Rules): Finding[] {
  const ask = brokenByObject.get(kindKey(manifest));
  if (!ask) return [];
  return ask(manifest).map(({ control }) => findingOf(control, manifest, control.field));
}

/** The kind as controls name it. */
function kindKey(manifest: Manifest): string {
  const group = groupOf(manifest);
  return group === '' ? manifest.kind : `${group}/${manifest.kind}`;
}

function checkInventory(inventory: Inventory, { controls, target }: CheckOptions): Finding[] {
  return controls.flatMap((control) => {
    if (control.scope !== 'inventory' || control.appliesTo?.(target) === false) return [];
    return control.breaches(inventory, target).map(({ manifest, field, detail, fix }) => ({
      ...findingOf(control, manifest, field),
      ...(detail && { message: detail }),
      ...(fix && { fix }),
    }));
  });
}

function findingOf(control: PodControl | Control, manifest: Manifest, field: string): Finding {
  return { control, manifest, field, message: control.title, fix: control.fix };
}
