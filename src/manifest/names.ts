/** A label of the DNS (RFC 1123), as the API server has the names of namespaces. */
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Labels with dots between them, as it has those of most other objects. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether a namespace can have the name. */
export function isNamespaceName(name: string): boolean {
  return LABEL.test(name);
}

/** Whether an object such as a Secret or a ServiceAccount can have the name. */
export function isObjectName(name: string): boolean {
  return SUBDOMAIN.test(name);
}
