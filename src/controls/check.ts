import { takeInventory, type Inventory } from '../manifest/inventory';
import { asRead, groupOf, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf, templatePath } from '../manifest/pod';
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
  const path = rules.length > 0 ? templatePath(manifest) : undefined;
  const pod = path && podTemplateOf(asRead(manifest));
  if (!pod) return [];
  const containers = containersOf(pod.spec);
  const findings: Finding[] = [];
  for (const rule of rules) {
    for (const subject of subjectsOf(rule, pod, containers)) {
      if (rule.holds(pod, subject.container, options.parameters)) continue;
      const field = [...path, 'spec', fieldPath(rule, pod, subject)].join('.');
      findings.push(findingOf(rule.control, manifest, field));
    }
  }
  return findings;
}

function checkObject(manifest: Manifest, rules: Rules['objects'], options: CheckOptions): Finding[] {
  const applicable = rules.get(kindKey(manifest));
  if (!applicable) return [];
  const object = asRead(manifest);
  return applicable
    .filter((rule) => !rule.holds(object, options.parameters))
    .map(({ control }) => findingOf(control, manifest, control.field));
}

/** The kind as controls name it. */
function kindKey(manifest: Manifest): string {
  const group = groupOf(manifest);
  return group === '' ? manifest.kind : `${group}/${manifest.kind}`;
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
