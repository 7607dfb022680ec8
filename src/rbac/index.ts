export {
  rbacOf,
  describeGrant,
  describeOrigin,
  type BoundRole,
  type Grant,
  type Rbac,
  type RbacOptions,
} from './rbac';
export {
  describeRule,
  type ApiRequest,
  type PolicyRule,
  type ResourceRequest,
  type UrlRequest,
} from './policy-rule';
export { describeSubject, parseSubject, type Identity, type Subject } from './subject';
export { defaultRbac } from './default-rbac';
export { isBuiltIn } from './built-in';
export type { RoleRule } from './aggregation';
export {
  describePath,
  escalationOf,
  grantToJson,
  pathToJson,
  type Escalation,
  type EscalationOptions,
  type EscalationPath,
  type Goal,
} from './escalation';
export type { Step, World } from './closure';
export { describePower, type Power } from './power';
export { RIGHTS as ESCALATION_RIGHTS, type Right as EscalationRight } from './rights';
export { pathsToDot } from './escalation-dot';
export { permissionRows, type PermissionRow } from './matrix';
export {
  provePermissions,
  tenancyOf,
  type PermissionProof,
  type Tenancy,
  type TenantEscape,
} from './tenant-proof';
export { closedByGuardrails } from './guarded';
