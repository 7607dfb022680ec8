import { containersOf, type Container, type LocatedContainer, type PodTemplate } from '../manifest/pod';
import { isObject } from '../manifest/manifest';
import type { ClusterTarget } from '../target/target';
import { compileRule, type CompiledRule } from './cel';
import type { PodControl } from './control';

/** A control bound to a target: its rule compiled, asked of one container or of the whole pod. */
export interface BoundControl {
  readonly control: PodControl;
  readonly holds: (pod: PodTemplate, container: Container) => boolean;
}

type BoundControls = Map<PodControl, BoundControl | undefined>;

const bound = new WeakMap<ClusterTarget, BoundControls>();

/** Binds a control to a target; undefined where it does not apply there. */
export function bindControl(control: PodControl, target: ClusterTarget): BoundControl | undefined {
  const ofTarget = bound.get(target) ?? (new Map() as BoundControls);
  bound.set(target, ofTarget);
  if (!ofTarget.has(control)) ofTarget.set(control, makeBound(control, target));
  return ofTarget.get(control);
}

function makeBound(control: PodControl, target: ClusterTarget): BoundControl | undefined {
  if (control.appliesTo && !control.appliesTo(target)) return undefined;
  const text = typeof control.rule === 'string' ? control.rule : control.rule(target);
  const expression = control.linuxOnly
    ? `variables.pod.?os.?name.orValue('') == 'windows' || (${text})`
    : text;
  const rule = compileRule(expression);
  return { control, holds: (pod, container) => evaluate(rule, pod, container) };
}

/** A rule that cannot be evaluated, because a field has a type that Kubernetes does not know, does not hold. */
function evaluate(rule: CompiledRule, pod: PodTemplate, container: Container): boolean {
  try {
    return rule({ container, variables: { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} } });
  } catch {
    return false;
  }
}

/** The containers a control is about; for a control about the pod, the pod's spec once. */
export function subjectsOf({ control }: BoundControl, pod: PodTemplate): LocatedContainer[] {
  if (control.scope === 'pod') return [{ list: 'containers', path: '', container: pod.spec }];
  const lists = control.lists;
  const all = containersOf(pod.spec);
  return lists ? all.filter(({ list }) => lists.includes(list)) : all;
}

/** The path, below the pod's spec, of the field that breaks a control. */
export function fieldPath({ control }: BoundControl, pod: PodTemplate, subject: LocatedContainer): string {
  if (control.scope === 'pod') return control.field;
  const inherited =
    control.inherits && !has(subject.container, control.field) && has(pod.spec, control.field);
  return inherited ? control.field : `${subject.path}.${control.field}`;
}

function has(holder: unknown, field: string): boolean {
  let at = holder;
  for (const key of field.split('.')) {
    if (!isObject(at) || at[key] === undefined) return false;
    at = at[key];
  }
  return true;
}
