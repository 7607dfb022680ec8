import type { FieldPatch, PodControl } from '../controls/control';
import { expressionOf } from '../controls/judge';
import { ALLOWANCES_NAME } from '../manifest/kinds';
import type { Manifest } from '../manifest/manifest';
import type { ClusterTarget } from '../target/target';
import { allowanceVariables } from './allowed';
import { PLACING_LISTS, placingPatches } from './placing';
import { ADMISSION_API, type LabelRequirement, type NamedExpression } from './policy';
import { bringsPod, podVariables, type PodShape } from './shapes';

/** What a policy that repairs needs to know. */
export interface RepairPolicy {
  readonly shape: PodShape;
  readonly controls: readonly PodControl[];
  readonly target: ClusterTarget;
  /** Conditions beside those of the shape. */
  readonly conditions: readonly NamedExpression[];
  readonly namespaces: readonly LabelRequirement[];
}

/** The shapes whose pods are repaired. What is new in a running pod is somebody's own choice. */
export function isRepaired({ name }: PodShape): boolean {
  return name !== 'ephemeral-containers';
}

/**
 * A MutatingAdmissionPolicy that carries out the repairs of controls, and its binding; nothing where there is nothing to
 * repair.
 */
export function repairManifests(policy: RepairPolicy): Manifest[] {
  const { shape, controls, target, conditions, namespaces } = policy;
  const patches = patchesOf(controls, shape, target);
  if (patches.length === 0) return [];
  const name = `bulwark-repair-${shape.name}`;
  return [
    {
      apiVersion: ADMISSION_API,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        // A webhook may add a container after the first round.
        reinvocationPolicy: 'IfNeeded',
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: { resourceRules: resourcesOf(shape) },
        matchConditions: [...conditions, bringsPod(shape), ...madeByPeople(shape)],
        variables: [...podVariables(shape), ...allowanceVariables(['waivedControls', ...PLACING_LISTS])],
        // One step, since the API server converts the whole object for each.
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: patches.join(' +\n') } }],
      },
    },
    {
      apiVersion: ADMISSION_API,
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        // Without allowances the policies that judge refuse everything.
        paramRef: { name: ALLOWANCES_NAME, parameterNotFoundAction: 'Allow' },
        matchResources: { namespaceSelector: { matchExpressions: namespaces } },
      },
    },
  ];
}

/** What a running Pod is made of cannot be changed any more. */
function resourcesOf({ name, resources }: PodShape) {
  if (name !== 'pods') return resources;
  return resources.map((rule) => ({ ...rule, operations: ['CREATE'], resources: ['pods'] }));
}

/** A controller compares what it made with its template, and would make another one for ever if they differed. */
function madeByPeople({ name }: PodShape): NamedExpression[] {
  if (name === 'pods') return [];
  return [
    {
      name: 'not-made-by-a-controller',
      expression:
        '!object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))',
    },
  ];
}

/** The controls of a list that an API server can repair. */
export function repairedInCluster(control: PodControl, target: ClusterTarget): boolean {
  return control.appliesTo?.(target) !== false && (control.repair?.patches?.(target).length ?? 0) > 0;
}

/** A field to be set in the pod's spec, or in each element of one of its lists. */
interface Edit {
  readonly holder: 'pod' | 'volumes' | PodShape['lists'][number];
  /** Name of the element in the other expressions. */
  readonly each: string;
  /** Asked once, before the elements. @default true */
  readonly once?: string;
  readonly condition: string;
  readonly field: readonly string[];
  readonly value: string;
}

/** Lists of JSON patches in the Common Expression Language, which the policy concatenates. All of them see the object as it came. */
function patchesOf(controls: readonly PodControl[], shape: PodShape, target: ClusterTarget): string[] {
  const repairing = controls.filter((control) => repairedInCluster(control, target));
  const places = repairing.flatMap((control) =>
    control.repair!.patches!(target).map((patch): Place => ({ control, shape, target, patch })),
  );
  const edits = places.filter(({ patch }) => patch.of !== 'mount').flatMap(editsOf);
  const token = shape.name === 'pods' ? repairing.find(({ id }) => id === 'no-automounted-token') : undefined;
  return [
    ...[...new Set(edits.map(({ holder }) => holder))].flatMap((holder) =>
      patchesWithin(
        edits.filter((edit) => edit.holder === holder),
        shape,
      ),
    ),
    ...places.filter(({ patch }) => patch.of === 'mount').flatMap(mountPatches),
    ...placingPatches(shape, `${pointerOf(shape)}/spec`),
    // Last, since what stands behind something that is removed moves up.
    ...(token ? tokenRemoval(token) : []),
  ];
}

/** Where a patch applies. */
interface Place {
  readonly control: PodControl;
  readonly shape: PodShape;
  readonly target: ClusterTarget;
  readonly patch: FieldPatch;
}

function editsOf(place: Place): Edit[] {
  const { patch, control, shape } = place;
  const { field, value } = patch;
  if (patch.of === 'pod') {
    const condition = `${unmet(place)} && ${whenOf(place, 'variables.pod')}`;
    const inAny =
      control.scope === 'pod' ? condition : `variables.containers.exists(container, ${condition})`;
    return [{ holder: 'pod', each: 'variables.pod', condition: inAny, field, value }];
  }
  const each = patch.of;
  const holders = each === 'volume' ? (['volumes'] as const) : shape.lists;
  const when = whenOf(place, each);
  const asked =
    control.scope === 'pod'
      ? { once: unmet(place), condition: when }
      : { condition: `${unmet(place)} && ${when}` };
  return holders.map((holder) => ({ holder, each, ...asked, field, value }));
}

/** True where the rule of the control does not hold, and is asked. */
function unmet({ control, target }: Place): string {
  return `!('${control.id}' in variables.waivedControls) && !(${expressionOf(control, target)})`;
}

/** The API server writes `enableServiceLinks: true` into every Pod before it asks policies, so nobody knows who chose it. */
function whenOf({ control, shape, patch }: Place, holder: string): string {
  if (control.id === 'no-service-links' && shape.name === 'pods') return 'true';
  return patch.when ?? `!${holder}.?${patch.field.join('.?')}.hasValue()`;
}

/** Sets fields of one holder, after the objects around them that are missing. */
function patchesWithin(edits: readonly Edit[], shape: PodShape): string[] {
  const around = edits.flatMap(({ field }) =>
    field.slice(1).map((_, index) => field.slice(0, index + 1).join('.')),
  );
  const objects = [...new Set(around)]
    .sort((a, b) => a.split('.').length - b.split('.').length)
    .map((path): Edit => {
      const within = edits.filter(({ field }) => field.join('.').startsWith(`${path}.`));
      const field = path.split('.');
      const { each, holder } = edits[0]!;
      const anyOf = within.map(({ condition }) => `(${condition})`).join(' || ');
      const condition = `!${each}.?${field.join('.?')}.hasValue() && (${anyOf})`;
      return { holder, each, condition, field, value: '{}' };
    });
  // A volume is of a type already.
  return [...(edits[0]!.holder === 'volumes' ? [] : objects), ...edits].map((edit) => listOf(edit, shape));
}

function listOf({ holder, each, once, condition, field, value }: Edit, shape: PodShape): string {
  const pointer = `${pointerOf(shape)}/spec`;
  const path = field.join('/');
  if (holder === 'pod') return only(condition, `[${operation(`'${pointer}/${path}'`, value)}]`);
  const list =
    `variables.pod.?${holder}.orValue([]).transformList(index, ${each}, ${condition}, ` +
    `${operation(`'${pointer}/${holder}/' + string(index) + '/${path}'`, value)})`;
  return once === undefined ? list : only(once, list);
}

function only(condition: string, list: string): string {
  return `(${condition} ? ${list} : [])`;
}

function operation(path: string, value: string): string {
  return `JSONPatch{op: 'add', path: ${path}, value: ${value}}`;
}

function pointerOf({ template }: PodShape): string {
  return template.replace('object', '').replaceAll('.', '/');
}

/** Mounts are lists in a list, which become one list of paths by way of a text. */
function mountPatches(place: Place): string[] {
  const { shape, patch } = place;
  const { when = 'true', field, value } = patch;
  return shape.lists.map((list) => {
    const path = `'${pointerOf(shape)}/spec/${list}/' + string(index) + '/volumeMounts/' + string(position) + '/${field.join('/')}'`;
    return only(
      unmet(place),
      `variables.pod.?${list}.orValue([]).transformList(index, container, ` +
        `container.?volumeMounts.orValue([]).transformList(position, mount, ${when}, ${path}).join(' '))` +
        `.join(' ').split(' ').filter(path, path != '').map(path, ${operation('path', value)})`,
    );
  });
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * By the time a policy is asked about a Pod, the token is mounted. The volume is always the one of this prefix, and the mount is
 * at this path, so that a container has one at most.
 */
function tokenRemoval({ id }: PodControl): string[] {
  const condition = `!('${id}' in variables.waivedControls) && !has(variables.pod.automountServiceAccountToken)`;
  const isToken = (one: string) => `${one}.name.startsWith('kube-api-access-')`;
  const remove = (path: string) => `JSONPatch{op: 'remove', path: ${path}}`;
  const mounts = ['initContainers', 'containers'].map(
    (list) =>
      `variables.pod.?${list}.orValue([]).transformList(index, container, ` +
      `container.?volumeMounts.orValue([]).exists(mount, ${isToken('mount')} && mount.mountPath == '${TOKEN_PATH}'), ` +
      `${remove(
        `'/spec/${list}/' + string(index) + '/volumeMounts/' + ` +
          `string(container.volumeMounts.map(mount, mount.mountPath).indexOf('${TOKEN_PATH}'))`,
      )})`,
  );
  const volume =
    `variables.pod.?volumes.orValue([]).transformList(index, volume, ` +
    `${isToken('volume')} && has(volume.projected), ${remove("'/spec/volumes/' + string(index)")})`;
  return [...mounts, volume].map((list) => only(condition, list));
}
