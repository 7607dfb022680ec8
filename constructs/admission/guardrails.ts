import { ApiObject, Chart, Lazy } from 'cdk8s';
import type { Construct } from 'constructs';
import { guardrailManifests, namespacesPolicy, type GuardrailOptions } from '../../src/admission/guardrails';
import { waiversHoldInCluster } from '../../src/admission/waived-in-cluster';
import { identityOf } from '../../src/manifest/manifest';
import { addProof } from '../blueprint/judgement';
import { targetOf } from '../blueprint/settings';
import { selfMadeLabels } from '../tenancy/registry';
import { waiveWhereNeeded } from '../workload/waivers';

const ADMITS_LONG_TEXTS =
  'looks for credentials in texts, which may be too long for the budget of an expression; nothing else depends on it';

/** Properties of {@link Guardrails}. */
export interface GuardrailsProps extends Omit<GuardrailOptions, 'target' | 'selfMadeLabels'> {
  /**
   * What happens for a target before Kubernetes 1.30, which has no ValidatingAdmissionPolicy v1: an error, or no guard rails.
   * @default 'refuse'
   */
  readonly olderTarget?: 'refuse' | 'leave-out';
}

/**
 * The controls, and what else keeps tenants apart, as ValidatingAdmissionPolicies: what the synthesis refuses, the API server
 * refuses too when somebody applies it by hand. They hold in every namespace with the label `cdk8s-bulwark/tenant`; what a
 * tenant is allowed there is in the ConfigMap `tenant-allowances` of the namespace. Without it nothing can be made there of what
 * they judge, by anybody, and no container be added to a running pod or changed; other changes are not judged.
 *
 * The rule of a control is in its policy as it is, so both say the same. A workload that a waiver excuses has to have the
 * control among the `waivedControls` of its tenant's allowances as well, or the synthesis fails.
 * With `repairs` the API server also sets what is unset, as the hardening kernel does.
 *
 * @example new Guardrails(cluster, 'guardrails', { platformGroups: ['platform-engineers'] });
 *
 * Sources: OWASP K8s 2025 K04; Kubernetes, "Multi-tenancy" and "RBAC good practices"; KEP-3488.
 */
export class Guardrails extends Chart {
  /**
   * @throws BulwarkError for a target before 1.30 unless it is to be left out, for `repairs` and a target before 1.36, and
   * for a group that would exempt everybody.
   */
  constructor(scope: Construct, id: string, props: GuardrailsProps = {}) {
    super(scope, id);
    const { olderTarget = 'refuse', ...options } = props;
    const target = targetOf(this);
    if (olderTarget === 'leave-out' && target.minor < 30) return;
    addProof(this, waiversHoldInCluster({ ...options, target }));
    const manifests = guardrailManifests({ ...options, target });
    const ofNamespaces = identityOf(namespacesPolicy({ ...options, target }));
    for (const manifest of manifests) {
      const { apiVersion, kind, metadata, spec } = manifest;
      const name = metadata!.name!;
      const isOfNamespaces = target.capsule && identityOf(manifest) === ofNamespaces;
      const object = new ApiObject(this, `${kind}-${name}`, {
        apiVersion,
        kind,
        metadata: { name },
        spec: isOfNamespaces ? this.ofNamespaces({ ...options, target }) : spec,
      });
      waiveWhereNeeded(object, 'admission-policy-fails-closed', ADMITS_LONG_TEXTS);
    }
  }

  /** Which labels namespaces have that people make is known when all tenants are. */
  private ofNamespaces(options: GuardrailOptions): unknown {
    return Lazy.any({
      produce: () => namespacesPolicy({ ...options, selfMadeLabels: selfMadeLabels(this) }).spec,
    });
  }
}
