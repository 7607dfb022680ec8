import type { Problem, Proof } from '../controls/proof';
import { waiverField, waiversOf } from '../controls/waiver';
import { selects } from '../manifest/inventory';
import { labelsOf, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import { guardrailPolicies, MODE_LABEL, type GuardrailOptions } from './guardrails';
import type { GuardPolicy } from './policy';
import { POD_SHAPES } from './shapes';
import { waivedControls } from './waived-controls';

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
        .filter(({ control }) => !namespace.waived.has(control) && isHeld(control, policies, namespace))
        .map((waiver) => unknownInCluster(manifest, waiverField(waiver), waiver.control));
    });
  };
}

/** What the guard rails go by in a namespace. */
interface GuardedNamespace {
  readonly labels: Readonly<Record<string, string>>;
  /** The controls that its allowances waive. */
  readonly waived: ReadonlySet<string>;
}

/** The namespaces among the manifests, by name. Nothing is known of others. */
function namespacesOf(manifests: readonly Manifest[]): ReadonlyMap<string, GuardedNamespace> {
  const waived = waivedControls(manifests);
  return new Map(
    manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map((manifest) => {
        const name = manifest.metadata?.name ?? '';
        return [name, { labels: labelsOf(manifest), waived: waived.get(name) ?? new Set() }];
      }),
  );
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
      validations.some(({ id }) => id === control) && selects({ matchExpressions: namespaces }, labels),
  );
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
