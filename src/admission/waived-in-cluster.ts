import type { Problem, Proof } from '../controls/proof';
import { waiverField, waiversOf } from '../controls/waiver';
import { ALLOWANCES_NAME } from '../manifest/kinds';
import { isObject, labelsOf, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import { guardrailPolicies, MODE_LABEL, type GuardrailOptions } from './guardrails';
import type { GuardPolicy, LabelRequirement } from './policy';
import { POD_SHAPES } from './shapes';

/**
 * The proof that the guard rails admit each workload that a waiver excuses: the allowances of its namespace waive the same
 * control. The API server cannot go by the waiver itself, which is an annotation that whoever applies the object can write. It
 * is not carried over either, since that would lift the control for whatever else is applied in the namespace.
 *
 * Only controls of pods are asked about: they hold everybody, where others let the platform apply what is excused.
 */
export function waiversHoldInCluster(options: GuardrailOptions): Proof {
  const policies = guardrailPolicies(options).filter(isAboutPods);
  return (manifests) => {
    const namespaces = namespacesOf(manifests);
    return manifests.flatMap((manifest) => {
      const namespace = namespaces.get(manifest.metadata?.namespace ?? '');
      if (!namespace || !podTemplateOf(manifest) || !isDenied(namespace, options)) return [];
      return waiversOf(manifest)
        .filter(({ control }) => !namespace.waived.includes(control) && isHeld(control, policies, namespace))
        .map((waiver) => unknownInCluster(manifest, waiverField(waiver), waiver.control));
    });
  };
}

/** What the guard rails go by in a namespace. */
interface GuardedNamespace {
  readonly labels: Readonly<Record<string, string>>;
  /** The controls that its allowances waive. */
  readonly waived: readonly string[];
}

/** The namespaces among the manifests, by name. Nothing is known of others. */
function namespacesOf(manifests: readonly Manifest[]): ReadonlyMap<string, GuardedNamespace> {
  const waived = new Map(
    manifests
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name === ALLOWANCES_NAME)
      .map(({ metadata, data }) => [metadata?.namespace, waivedIn(data)] as const),
  );
  return new Map(
    manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map((manifest) => {
        const name = manifest.metadata?.name ?? '';
        return [name, { labels: labelsOf(manifest), waived: waived.get(name) ?? [] }];
      }),
  );
}

function waivedIn(data: unknown): readonly string[] {
  const list = isObject(data) ? data.waivedControls : undefined;
  return typeof list === 'string' ? list.split('\n') : [];
}

function isAboutPods({ resources }: GuardPolicy): boolean {
  return POD_SHAPES.some((shape) => shape.resources === resources);
}

/** In the other modes nothing is refused. */
function isDenied(
  { labels }: GuardedNamespace,
  { mode = 'deny', rollOut = false }: GuardrailOptions,
): boolean {
  return (rollOut ? (labels[MODE_LABEL] ?? mode) : mode) === 'deny';
}

function isHeld(control: string, policies: readonly GuardPolicy[], { labels }: GuardedNamespace): boolean {
  return policies.some(
    ({ validations, namespaces = [] }) =>
      validations.some(({ id }) => id === control) && namespaces.every((label) => isMet(label, labels)),
  );
}

function isMet(
  { key, operator, values = [] }: LabelRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
  }
}

function unknownInCluster(manifest: Manifest, field: string, control: string): Problem {
  return {
    manifest,
    field,
    what: `The waiver of '${control}' does not reach the guard rails, which would refuse the workload in the cluster`,
    why:
      'A waiver is an annotation, which whoever applies an object can write, so the API server goes by the allowances of the ' +
      'namespace alone.',
    fix:
      `Add it to the tenant, for every workload of its namespaces: allowances: { waivedControls: ['${control}'] }; or meet the ` +
      'control and remove the waiver.',
  };
}
