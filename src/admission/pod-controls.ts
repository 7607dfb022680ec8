import type { PodControl } from '../controls/control';
import { expressionOf } from '../controls/judge';
import { PROFILES } from '../controls/profiles';
import type { ClusterTarget } from '../target/target';
import { allowsAny } from './allowed';
import type { Validation } from './policy';
import type { PodShape } from './shapes';

/** A level of Pod Security that a namespace's label can enforce. */
export type PodSecurityLevel = 'baseline' | 'restricted';

/**
 * Controls that hold for every pod that a level admits although they are not of the profile of that name: the API server makes
 * an emptyDir of a volume that names no source, and without hostPath there is nothing to mount.
 */
const FOLLOWING_FROM: Readonly<Record<string, PodSecurityLevel>> = {
  'restricted-volume-types': 'restricted',
  'host-path-read-only': 'baseline',
  'no-runtime-socket': 'baseline',
};

/** The weakest level of Pod Security whose label makes a control hold for every Pod, if there is one. */
export function enforcedByLevel({ id }: PodControl): PodSecurityLevel | undefined {
  if (PROFILES.baseline.includes(id)) return 'baseline';
  if (PROFILES.restricted.includes(id)) return 'restricted';
  return FOLLOWING_FROM[id];
}

/**
 * Controls that read texts of any length with long regular expressions. The API server stops at a cost of 1,000,000 for one
 * rule, which some hundred environment variables or one large ConfigMap can reach; a policy that refused what it cannot judge
 * would refuse those, however innocent.
 */
export const READS_LONG_TEXTS: readonly string[] = ['no-credential-in-env', 'no-credential-in-config-map'];

/** Fields that the cluster sets in a pod once it is there, so that they are somebody's choice only at its creation. */
const SET_LATER = ['no-node-name'];

/** The rules of controls, as validations of requests of one shape. */
export function podValidations(
  controls: readonly PodControl[],
  shape: PodShape,
  target: ClusterTarget,
): Validation[] {
  return controls
    .filter((control) => concerns(control, shape, target))
    .map((control) => ({
      id: control.id,
      expression: `'${control.id}' in variables.waivedControls || ${conditionOf(control, shape, target)}`,
      message: messageOf(control, fieldOf(control, shape)),
    }));
}

/** What a control says to whoever's request it is against: what has to be so, where, and the change that makes it so. */
export function messageOf(control: { id: string; title: string; fix: string }, field: string): string {
  return `${control.id}: ${control.title}. ${field}: ${control.fix}`;
}

function concerns(control: PodControl, shape: PodShape, target: ClusterTarget): boolean {
  if (control.appliesTo?.(target) === false) return false;
  if (shape.name !== 'ephemeral-containers') {
    return control.scope === 'pod' || shape.lists.some((list) => control.lists?.includes(list) ?? true);
  }
  return control.scope === 'pod'
    ? expressionOf(control, target).includes('ephemeralContainers')
    : (control.lists?.includes('ephemeralContainers') ?? true);
}

function conditionOf(control: PodControl, shape: PodShape, target: ClusterTarget): string {
  const rule = expressionOf(control, target);
  if (control.scope === 'pod') {
    const isOnce = shape.name === 'pods' && SET_LATER.includes(control.id);
    return isOnce ? `request.operation != 'CREATE' || (${rule})` : `(${rule})`;
  }
  const everyContainer = `variables.containers.all(container, ${rule})`;
  if (!control.parameter) return everyContainer;
  // The rule's own name of its parameters, which a policy knows as the ConfigMap they are read from.
  const bound = `[{'${control.parameter}': variables.${control.parameter}}].all(params, ${everyContainer})`;
  return `${allowsAny(control.parameter)} || ${bound}`;
}

function fieldOf({ scope, field }: PodControl, { specPath, lists }: PodShape): string {
  return scope === 'pod' ? `${specPath}.${field}` : `${specPath}.${lists.at(-1)}[].${field}`;
}
