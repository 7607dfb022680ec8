import { containersOf, type Container, type LocatedContainer, type PodTemplate } from '../manifest/pod';
import { isObject, type Manifest } from '../manifest/manifest';
import type { ClusterTarget } from '../target/target';
import { compileRule, type RuleContext } from './cel';
import { remembering } from './cel/memo';
import type { Read } from './cel/reads';
import type { Control, ObjectControl, Parameters, PodControl } from './control';

/** A control bound to a target: its rule compiled, asked of one container or of the whole pod. */
export interface BoundControl {
  readonly control: PodControl;
  /** All that the rule looks at, of the variables `variables`, `container` and `params`. */
  readonly reads: readonly Read[];
  readonly holds: (pod: PodTemplate, container: Container, params?: Parameters) => boolean;
}

/** A control about one object, bound to a target. */
export interface BoundObjectControl {
  readonly control: ObjectControl;
  /** All that the rule looks at, of the variables `object` and `params`. */
  readonly reads: readonly Read[];
  readonly holds: (object: Manifest, params?: Parameters) => boolean;
}

const bound = new WeakMap<ClusterTarget, Map<Control, unknown>>();

/** Binds a control to a target; undefined where it does not apply there. */
export function bindControl(control: PodControl, target: ClusterTarget): BoundControl | undefined {
  return once(control, target, ({ holds, reads }) => ({
    control,
    reads,
    holds: (pod, container, params = {}) => {
      const variables = { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} };
      return holds({ container, params, variables });
    },
  }));
}

/** Binds a control about one object to a target; undefined where it does not apply there. */
export function bindObjectControl(
  control: ObjectControl,
  target: ClusterTarget,
): BoundObjectControl | undefined {
  return once(control, target, ({ holds, reads }) => ({
    control,
    reads,
    holds: (object, params = {}) => holds({ object, params }),
  }));
}

/** Compiles a control's rule for a target and makes something of it, the first time only. */
function once<T>(
  control: PodControl | ObjectControl,
  target: ClusterTarget,
  make: (rule: AskedRule) => T,
): T | undefined {
  let ofTarget = bound.get(target);
  if (!ofTarget) bound.set(target, (ofTarget = new Map<Control, unknown>()));
  if (!ofTarget.has(control)) {
    const applies = control.appliesTo?.(target) ?? true;
    ofTarget.set(control, applies ? make(askRule(expressionOf(control, target), target)) : undefined);
  }
  return ofTarget.get(control) as T | undefined;
}

/** The control's rule as one expression, the same text wherever it is evaluated. */
export function expressionOf(control: PodControl | ObjectControl, target: ClusterTarget): string {
  const text = typeof control.rule === 'string' ? control.rule : control.rule(target);
  const linuxOnly = control.scope !== 'object' && control.linuxOnly;
  // The exception last, since it is evaluated only where the rule does not hold.
  return linuxOnly ? `(${text}) || variables.pod.?os.?name.orValue('') == 'windows'` : text;
}

interface AskedRule {
  readonly holds: (context: RuleContext) => boolean;
  readonly reads: readonly Read[];
}

/** Variables of the context. What else a rule names is bound by a macro. */
const VARIABLES: ReadonlySet<string> = new Set(['variables', 'container', 'object', 'params']);

/** A rule that cannot be evaluated, because a field has a type that Kubernetes does not know, does not hold. */
function askRule(expression: string, { minor }: ClusterTarget): AskedRule {
  const rule = compileRule(expression, minor);
  const ask = (context: RuleContext) => {
    try {
      return rule(context);
    } catch {
      return false;
    }
  };
  const reads = rule.reads.filter(([variable]) => VARIABLES.has(variable));
  // What each pod answers for itself is forgotten sooner than it is asked again.
  return { holds: reads.every(isOwn) ? ask : remembering(ask, reads), reads };
}

/** Fields that hardly any two workloads have in common. */
export const OWN_FIELDS: readonly string[] = [
  ...['container.image', 'container.name', 'container.env', 'container.command', 'container.args'],
  ...['variables.annotations', 'variables.pod.serviceAccountName', 'variables.pod.serviceAccount'],
];

function isOwn(read: Read): boolean {
  return OWN_FIELDS.includes(read.join('.'));
}

/**
 * The containers a control is about; for a control about the pod, the pod's spec once.
 * @param containers All containers of the pod, for a caller that asks for many controls.
 */
export function subjectsOf(
  { control }: BoundControl,
  pod: PodTemplate,
  containers: readonly LocatedContainer[] = containersOf(pod.spec),
): readonly LocatedContainer[] {
  if (control.scope === 'pod') return [{ list: 'containers', path: '', container: pod.spec }];
  const lists = control.lists;
  return lists ? containers.filter(({ list }) => lists.includes(list)) : containers;
}

/** The path, below the pod's spec, of the field that breaks a control. */
export function fieldPath(
  { control, holds }: BoundControl,
  pod: PodTemplate,
  subject: LocatedContainer,
): string {
  if (control.scope === 'pod') return control.field;
  const own = `${subject.path}.${control.field}`;
  if (!control.inherits || !has(pod.spec, control.field)) return own;
  if (!has(subject.container, control.field)) return control.field;
  // A bad value of the pod breaks some rules although the container chose a good one.
  const { securityContext: _ofPod, ...spec } = pod.spec;
  return holds({ ...pod, spec }, subject.container) ? control.field : own;
}

function has(holder: unknown, field: string): boolean {
  let at = holder;
  for (const key of field.split('.')) {
    if (!isObject(at) || at[key] === undefined) return false;
    at = at[key];
  }
  return true;
}
