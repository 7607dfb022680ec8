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
export type { RoleRule } from './aggregation';
