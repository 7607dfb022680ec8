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
    if (templatePath(manifest)) findings.push(...checkPods(manifest, rules));
    findings.push(...checkObject(manifest, rules));
  }
  return [...findings, ...checkInventory(inventory, options)];
}

interface Rules {
  readonly brokenByPods: ReturnType<typeof podQuestion>;
  /** By kind alone, since hardly two groups have a kind of one name. */
  readonly ofObjects: ReadonlyMap<string, readonly ObjectRules[]>;
}

interface ObjectRules {
  readonly group: string;
  readonly brokenBy: ReturnType<typeof objectQuestion>;
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
  const ofObjects = new Map<string, ObjectRules[]>();
  for (const [kind, bound] of objects) {
    const slash = kind.indexOf('/');
    const rules = { group: kind.slice(0, Math.max(slash, 0)), brokenBy: objectQuestion(bound, parameters) };
    push(ofObjects, kind.slice(slash + 1), rules);
  }
  return { brokenByPods: podQuestion(pods, parameters), ofObjects };
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

function checkObject(manifest: Manifest, { ofObjects }: Rules): Finding[] {
  const rules = ofObjects.get(manifest.kind)?.find(({ group }) => group === groupOf(manifest));
  if (!rules) return [];
  return rules.brokenBy(manifest).map(({ control }) => findingOf(control, manifest, control.field));
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
