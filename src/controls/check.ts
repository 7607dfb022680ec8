import { takeInventory, type Inventory } from '../manifest/inventory';
import { groupOf, readWithoutNulls, type Manifest } from '../manifest/manifest';
import { podTemplateOf, templatePath } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import { isPodControl, type Control, type ObjectControl, type Parameters, type PodControl } from './control';
import {
  bindControl,
  bindObjectControl,
  fieldPath,
  subjectsOf,
  type BoundControl,
  type BoundObjectControl,
} from './judge';
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
  const perObject = manifests.flatMap((manifest) => [
    ...checkPods(manifest, rules.pods, options),
    ...checkObject(manifest, rules.objects, options),
  ]);
  return [...perObject, ...checkInventory(inventory, options)];
}

interface Rules {
  readonly pods: readonly BoundControl[];
  /** By `group/Kind`. */
  readonly objects: ReadonlyMap<string, readonly BoundObjectControl[]>;
}

function bindAll({ controls, target, parameters }: CheckOptions): Rules {
  const asked = controls.filter((control) => !control.parameter || parameters?.[control.parameter]);
  const pods = asked.filter(isPodControl).flatMap((control) => bindControl(control, target) ?? []);
  const objects = new Map<string, BoundObjectControl[]>();
  for (const control of asked.filter(isObjectControl)) {
    const bound = bindObjectControl(control, target);
    if (!bound) continue;
    for (const kind of control.kinds) objects.set(kind, [...(objects.get(kind) ?? []), bound]);
  }
  return { pods, objects };
}

function isObjectControl(control: Control): control is ObjectControl {
  return control.scope === 'object';
}

function checkPods(manifest: Manifest, rules: readonly BoundControl[], options: CheckOptions): Finding[] {
  const pod = podTemplateOf(readWithoutNulls(manifest));
  if (!pod) return [];
  const prefix = [...templatePath(manifest)!, 'spec'].join('.');
  return rules.flatMap((rule) =>
    subjectsOf(rule, pod)
      .filter(({ container }) => !rule.holds(pod, container, options.parameters))
      .map((subject) => findingOf(rule.control, manifest, `${prefix}.${fieldPath(rule, pod, subject)}`)),
  );
}

function checkObject(manifest: Manifest, rules: Rules['objects'], options: CheckOptions): Finding[] {
  const group = groupOf(manifest);
  const applicable = rules.get(group === '' ? manifest.kind : `${group}/${manifest.kind}`) ?? [];
  if (applicable.length === 0) return [];
  const object = readWithoutNulls(manifest);
  return applicable
    .filter((rule) => !rule.holds(object, options.parameters))
    .map(({ control }) => findingOf(control, manifest, control.field));
}

function checkInventory(inventory: Inventory, { controls, target }: CheckOptions): Finding[] {
  return controls.flatMap((control) => {
    if (control.scope !== 'inventory' || control.appliesTo?.(target) === false) return [];
    return control.breaches(inventory, target).map(({ manifest, field, detail }) => ({
      ...findingOf(control, manifest, field),
      ...(detail && { message: detail }),
    }));
  });
}

function findingOf(control: PodControl | Control, manifest: Manifest, field: string): Finding {
  return { control, manifest, field, message: control.title, fix: control.fix };
}
