import { groupOf, isObject, type Manifest } from '../manifest/manifest';

/** Groups of Kubernetes itself and of the kinds that constructs make. Others refer to their objects by kind and name. */
const KNOWN_GROUP = /^[a-z]*$|\.k8s\.io$|^bitnami\.com$|^external-secrets\.io$/;

/** As whom the objects of a namespace know each other. Kinds of other groups may be named like those of Kubernetes. */
export function keyOf(manifest: Manifest): string {
  const group = groupOf(manifest);
  const key = `${manifest.kind} ${nameOf(manifest)}`;
  return KNOWN_GROUP.test(group) ? key : `${key} ${group}`;
}

/** The name of an object. */
export function nameOf({ metadata }: Manifest): string {
  return String(metadata?.name);
}

/** As what labels are known, in whatever order they are written; empty for what is no labels. */
export function labelsKey(labels: unknown): string {
  return isObject(labels) ? JSON.stringify(Object.entries(labels).sort()) : '';
}
