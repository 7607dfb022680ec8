/**
 * What clusters are composed of.
 * @module cdk8s-bulwark
 */
export { BulwarkError } from '../src/errors';
export { Dns, type CoreDnsOptions } from '../src/target/dns';
export {
  ClusterTarget,
  type ApiServerEndpoint,
  type AppArmorStyle,
  type ClusterCapabilities,
  type IpFamily,
  type NodeProfileNames,
} from '../src/target/target';
export type { WellKnownPods } from '../src/target/well-known';
export type { ApiToken } from '../src/hardening/api-token';
export type { WritablePath } from '../src/hardening/writable-paths';
export type { Manifest } from '../src/manifest/manifest';
export type { Parameters } from '../src/controls/control';
export type { Problem, Proof } from '../src/controls/proof';
export type {
  DeclaredBlock,
  DeclaredConnection,
  DeclaredPeer,
  DeclaredPods,
  DeclaredPort,
} from '../src/network/declared';
export type { Summary } from '../src/report/summary';
export type { ClusterCapacity, NodePool, NodeTaint } from '../src/target/capacity';
export type { TenantAllowances } from '../src/tenancy/allowances';
export type { TenantQuota } from '../src/tenancy/quota';
export { Guardrails, type GuardrailsProps } from './admission/guardrails';
export { Alerts, type AlertsProps } from './alerts/alerts';
export type { AlertName, AlertSeverity, ThresholdName, WatchedBy } from '../src/alerts/alert';
export type { GuardMode } from '../src/admission/policy';
export { Blueprint, type BlueprintProps, type SynthOptions, type Synthesis } from './blueprint/blueprint';
export { DriftWatch, type DriftWatchProps, type Pushgateway } from './drift/drift-watch';
export {
  CloudIdentity,
  type AksIdentity,
  type EksIdentity,
  type GkeIdentity,
} from './identity/cloud-identity';
export { LockedServiceAccount, type LockedServiceAccountProps } from './identity/locked-service-account';
export { OidcProvider, type KubeconfigOptions, type OidcProviderProps } from './identity/oidc-provider';
export {
  ClusterRoleReference,
  LockedClusterRole,
  LockedRole,
  type AllowRightOptions,
  type BuiltInAggregate,
  type LockedRoleProps,
} from './identity/role';
export { Subject, type BindingSubject } from './identity/subject';
export { DefaultDeny, type DefaultDenyProps } from './network/default-deny';
export { declaredConnections } from './network/declarations';
export type { AllowOptions, NetworkIntents, NetworkMember } from './network/intents';
export { intentsOf } from './network/intents-of';
export { Peer } from './network/peer';
export type { PeerPort } from './network/ports';
export type { DaemonSetLoaderOptions } from './node-profiles/daemon-set-loader';
export { ProfileLoader } from './node-profiles/loader';
export { NodeProfiles, type NodeProfile, type NodeProfilesProps } from './node-profiles/node-profiles';
export { literalPath, ReadyProfiles, type AppArmorProfile, type AppArmorRules } from '../src/apparmor';
export { learnSeccompProfile, type SeccompProfile, type SeccompRule } from '../src/seccomp';
export { ExternalSecret, type ExternalSecretProps, type RemoteValue } from './secret/external-secret';
export type { MadeSecret } from './secret/made-secret';
export { SecretProvider, type ProvidedFile } from './secret/secret-provider';
export {
  SecretProviderClass,
  type SecretProviderClassProps,
  type SyncedSecret,
} from './secret/secret-provider-class';
export {
  ClusterSecretStore,
  SecretStore,
  type ClusterSecretStoreProps,
  type SecretStoreProps,
  type SecretStoreReference,
} from './secret/secret-store';
export {
  StoreProvider,
  type AwsStore,
  type AzureStore,
  type CertificateAuthority,
  type GcpStore,
  type KubernetesStore,
  type VaultStore,
} from './secret/store-provider';
export {
  VaultAuth,
  VaultConnection,
  VaultStaticSecret,
  type VaultAuthProps,
  type VaultConnectionProps,
  type VaultStaticSecretProps,
} from './secret/vault-operator';
export { SealedSecret, type SealedSecretProps } from './secret/sealed-secret';
export type { NamespaceSelfService } from './tenancy/self-service';
export type { SelfService, TenantGroups } from './tenancy/people';
export type { TenancyPolicy } from './tenancy/registry';
export { Tenant, type TenantProps } from './tenancy/tenant';
export type { TrustLevel } from './tenancy/trust';
export {
  TenantNamespace,
  type PodSecurityException,
  type TenantNamespaceProps,
} from './tenancy/tenant-namespace';
export { BulwarkValidation, type BulwarkValidationProps } from './validation/bulwark-validation';
export { Hardening, type HardeningOptions } from './workload/hardening';
export type { HardenedWorkload, HardenedWorkloadProps, UseSecretOptions } from './workload/hardened-workload';
export { HardenedCronJob, type HardenedCronJobProps } from './workload/hardened-cron-job';
export { HardenedDaemonSet, type HardenedDaemonSetProps } from './workload/hardened-daemon-set';
export { HardenedDeployment, type HardenedDeploymentProps } from './workload/hardened-deployment';
export { HardenedJob, type HardenedJobProps } from './workload/hardened-job';
export { HardenedStatefulSet, type HardenedStatefulSetProps } from './workload/hardened-stateful-set';
export { Waivers, type WaiverOptions } from './workload/waivers';
export { ControlPlane, type ControlPlaneProps } from './control-plane/control-plane';
