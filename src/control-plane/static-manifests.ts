import { BulwarkError } from '../errors';
import { describeObject, isObject, type Manifest } from '../manifest/manifest';

/** How every name ends of an object that the API server reads from the node (KEP-5793). */
const SUFFIX = '.static.k8s.io';

const POLICY = 'ValidatingAdmissionPolicy';
const BINDING = 'ValidatingAdmissionPolicyBinding';

/**
 * Admission policies and their bindings as the API server reads them from its node, where no right in the API can change
 * them. Names get the ending that it asks for.
 * @throws BulwarkError for another kind, and for parameters, which would be objects of the API that somebody could change.
 */
export function staticManifests(manifests: readonly Manifest[]): Manifest[] {
  return manifests.map((manifest) => {
    refuseOthers(manifest);
    const metadata = { ...manifest.metadata, name: staticName(manifest.metadata?.name ?? '') };
    const spec = isObject(manifest.spec) ? manifest.spec : {};
    const named =
      manifest.kind === BINDING ? { ...spec, policyName: staticName(String(spec.policyName)) } : spec;
    return { ...manifest, metadata, spec: named };
  });
}

/** The policies that read no object of the API, and their bindings. */
export function withoutParameters(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(
    ({ spec }) => isObject(spec) && spec.paramKind === undefined && spec.paramRef === undefined,
  );
}

function staticName(name: string): string {
  return name.endsWith(SUFFIX) ? name : `${name}${SUFFIX}`;
}

function refuseOthers(manifest: Manifest): void {
  const { kind, spec } = manifest;
  if (kind !== POLICY && kind !== BINDING) {
    throw new BulwarkError(
      `staticPolicies: ${describeObject(manifest)} is no ${POLICY} and no ${BINDING}, and the API server reads nothing else from its node. Leave it out.`,
    );
  }
  if (isObject(spec) && (spec.paramKind !== undefined || spec.paramRef !== undefined)) {
    throw new BulwarkError(
      `staticPolicies: ${describeObject(manifest)} takes parameters, which are objects of the API, so whoever may change those could change it. Use one without paramKind and paramRef.`,
    );
  }
}
