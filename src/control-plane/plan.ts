import { guardrailManifests, type GuardrailOptions } from '../admission/guardrails';
import type { Manifest } from '../manifest/manifest';
import type { ClusterTarget } from '../target/target';
import { admission, DEFAULT_EXEMPTIONS, type AdmissionOptions, type PodSecurityExemption } from './admission';
import { auditProblems } from './audit-lint';
import type { AuditPolicy } from './audit-policy';
import { authentication, type AuthenticationOptions } from './authentication';
import { authorization, type AuthorizationOptions } from './authorization';
import { encryptionConfiguration, type EncryptionOptions } from './encryption';
import {
  apiServerFlags,
  type FlagPaths,
  type Flags,
  kubeletConfiguration,
  type KubeletOptions,
} from './flags';
import { gradedAuditPolicy, type AuditOptions } from './graded-audit-policy';
import { staticManifests, withoutParameters } from './static-manifests';
import { BulwarkError } from '../errors';

/** Everything about a control plane that its owner may choose. Each has a safe default. */
export interface ControlPlaneOptions {
  /** @default certificates and ServiceAccounts only; without credentials nothing but health */
  readonly authentication?: AuthenticationOptions;
  /** @default Node and RBAC */
  readonly authorization?: AuthorizationOptions;
  /** @default Pod Security restricted everywhere but in kube-system, and limits of events */
  readonly admission?: Omit<AdmissionOptions, 'staticManifests'>;
  /** @default a key on the node (secretbox), for everything but events. With a KMS the key is not on the node. */
  readonly encryption?: EncryptionOptions;
  /** @default see {@link gradedAuditPolicy} */
  readonly audit?: AuditOptions | AuditPolicy;
  readonly kubelet?: KubeletOptions;
  /**
   * Policies, with their bindings, that the API server reads from the node, so that nobody can delete them through the API
   * (KEP-5793, from Kubernetes 1.37).
   * @default none
   */
  readonly staticPolicies?: readonly Manifest[];
  /**
   * Puts those guard rails onto the node, too, that ask nothing of objects in the API: nobody who takes over the API can lift
   * the ones that keep tenants from the labels of namespaces and from what the platform owns. Names the same groups as the
   * `Guardrails` of the blueprint.
   * @default none
   */
  readonly staticGuardrails?: Omit<GuardrailOptions, 'target'>;
}

/** Where a platform keeps files, and what it does by itself. */
export interface NodeLayout {
  /** Folder of the files on each control-plane node. */
  readonly folder: string;
  /** Folder of the audit log. */
  readonly auditLogs: string;
  /** Whether the platform's own probes ask without credentials. */
  readonly anonymousProbes: boolean;
  /** Whether the platform sets `--authorization-mode`, beside which no file may be named. */
  readonly ownAuthorization: boolean;
  /** Certificate authority of the kubelet's clients; undefined where the platform sets it. */
  readonly clientCa: string | undefined;
}

/** What goes onto the nodes, before it takes the form of a platform. */
export interface ControlPlanePlan {
  readonly target: ClusterTarget;
  readonly layout: NodeLayout;
  /** Files below the folder, by their path in it; a text is written as it is, objects as YAML. */
  readonly files: ReadonlyMap<string, string | readonly object[]>;
  readonly apiServer: Flags;
  readonly kubelet: object;
  readonly encryption: EncryptionOptions;
  readonly audit: AuditPolicy;
  readonly exemptions: readonly PodSecurityExemption[];
  /** The objects within the files, for platforms that take them without files. */
  readonly configurations: {
    readonly admission: object;
    readonly authentication: object | undefined;
    readonly authorization: object | undefined;
    readonly encryption: object;
  };
  /** Absolute paths on the node, of sockets and kubeconfigs, that the API server has to see. */
  readonly mounts: readonly string[];
}

/** Name of the file in which the key's place is held. */
export const ENCRYPTION_TEMPLATE = 'encryption.yaml.template';

/** Folder of static admission manifests. */
const STATIC_FOLDER = 'static-admission';

/**
 * Works out files and flags.
 * @param now The day on which exemptions are judged. It is written nowhere.
 * @throws BulwarkError for whatever the API server would refuse or that would leave the cluster open.
 */
export function planControlPlane(
  options: ControlPlaneOptions,
  target: ClusterTarget,
  layout: NodeLayout,
  now: Date = new Date(),
): ControlPlanePlan {
  const at = (name: string) => `${layout.folder}/${name}`;
  const { encryption = { provider: { type: 'secretbox' } } } = options;
  const staticPolicies = staticPoliciesOf(options, target);
  const isStatic = staticPolicies.length > 0;
  const authn = authentication(authenticationOptions(options.authentication, layout), target);
  const authz = authorizationFor(options.authorization ?? {}, target, layout);
  const admitted = admission(
    { ...options.admission, ...(isStatic && { staticManifests: at(STATIC_FOLDER) }) },
    target,
    now,
  );
  const audit = auditPolicy(options.audit);
  const encrypted = encryptionConfiguration(encryption);
  const hasKey = JSON.stringify(encrypted).includes('"secretbox"');
  const certificates = [...authn.certificates];
  const flags = {
    ...authn.flags,
    ...authz.flags,
    ...Object.fromEntries(certificates.map(([name]) => ['oidc-ca-file', at(name)])),
  };
  return {
    target,
    layout,
    audit,
    encryption,
    exemptions: options.admission?.exemptions ?? DEFAULT_EXEMPTIONS,
    files: new Map<string, string | readonly object[]>([
      ['admission.yaml', [admitted.configuration]],
      ['audit-policy.yaml', [audit]],
      ...certificates,
      ...documents('authentication.yaml', authn.configuration),
      ...documents('authorization.yaml', authz.configuration),
      [hasKey ? ENCRYPTION_TEMPLATE : 'encryption.yaml', [encrypted]],
      ...(isStatic ? [[`${STATIC_FOLDER}/guardrails.yaml`, staticManifests(staticPolicies)] as const] : []),
    ]),
    apiServer: apiServerFlags(
      {
        admission: at('admission.yaml'),
        auditPolicy: at('audit-policy.yaml'),
        auditLog: `${layout.auditLogs}/audit.log`,
        ...fileOf('authentication', authn.configuration, at),
        ...fileOf('authorization', authz.configuration, at),
        encryption: at('encryption.yaml'),
      },
      admitted.plugins,
      flags,
    ),
    kubelet: kubeletConfiguration(options.kubelet ?? {}, target, layout.clientCa),
    configurations: {
      admission: admitted.configuration,
      authentication: authn.configuration,
      authorization: authz.configuration,
      encryption: encrypted,
    },
    mounts: mountsOf(options),
  };
}

function staticPoliciesOf(
  { staticPolicies = [], staticGuardrails }: ControlPlaneOptions,
  target: ClusterTarget,
): readonly Manifest[] {
  if (!staticGuardrails) return staticPolicies;
  return [...staticPolicies, ...withoutParameters(guardrailManifests({ ...staticGuardrails, target }))];
}

function documents(name: string, object: object | undefined): [string, readonly object[]][] {
  return object ? [[name, [object]]] : [];
}

function fileOf(
  name: 'authentication' | 'authorization',
  configuration: object | undefined,
  at: (name: string) => string,
): Partial<FlagPaths> {
  return configuration ? { [name]: at(`${name}.yaml`) } : {};
}

/** Where the platform probes with credentials of its own, nobody needs to be answered without any. */
function authenticationOptions(
  options: AuthenticationOptions = {},
  layout: NodeLayout,
): AuthenticationOptions {
  return layout.anonymousProbes ? options : { anonymousPaths: [], ...options };
}

function authorizationFor(options: AuthorizationOptions, target: ClusterTarget, layout: NodeLayout) {
  const decided = authorization(options, target);
  // The platform's own flag says Node,RBAC already, and the API server refuses a file beside it.
  const isDefault = (options.webhooks ?? []).length === 0;
  return layout.ownAuthorization && isDefault ? { configuration: undefined, flags: {} } : decided;
}

function auditPolicy(options: AuditOptions | AuditPolicy = {}): AuditPolicy {
  const policy = 'rules' in options ? options : gradedAuditPolicy(options);
  const [problem] = auditProblems(policy);
  if (problem) throw new BulwarkError(`audit: rule ${problem.rule + 1} ${problem.message}.`);
  return policy;
}

function mountsOf({ authorization: authz, admission: admitted, encryption }: ControlPlaneOptions): string[] {
  const webhooks = authz?.webhooks?.map(({ kubeConfigFile }) => kubeConfigFile) ?? [];
  const images = admitted?.imagePolicy ? [admitted.imagePolicy.kubeConfigFile] : [];
  const providers = encryption ? [encryption.provider, ...(encryption.readable ?? [])] : [];
  const sockets = providers.flatMap((provider) => (provider.type === 'kms' ? provider.socket : []));
  return [...new Set([...webhooks, ...images, ...sockets])].sort();
}
