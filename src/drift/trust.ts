import { isObject, type Manifest } from '../manifest/manifest';

/** Labels and annotations by which an object is trusted with something, or checked less, by the beginning of their keys. */
const TRUST: Readonly<Record<'labels' | 'annotations', readonly string[]>> = {
  labels: [
    'pod-security.kubernetes.io/',
    'cdk8s-bulwark/',
    'rbac.authorization.k8s.io/aggregate-to-',
    'azure.workload.identity/',
  ],
  annotations: [
    'cdk8s-bulwark/',
    'container.apparmor.security.beta.kubernetes.io/',
    'seccomp.security.alpha.kubernetes.io/',
    'rbac.authorization.kubernetes.io/autoupdate',
    'eks.amazonaws.com/',
    'iam.gke.io/',
    'azure.workload.identity/',
    'nginx.ingress.kubernetes.io/',
    'sealedsecrets.bitnami.com/',
    'kubernetes.io/service-account.name',
  ],
};

/** Whether somebody gains by a label or annotation that was not declared. */
export function carriesTrust(
  map: 'labels' | 'annotations',
  key: string,
  askedLabels: ReadonlySet<string>,
): boolean {
  return TRUST[map].some((prefix) => key.startsWith(prefix)) || (map === 'labels' && askedLabels.has(key));
}

/** Kinds whose selectors decide what is checked or who is let in. */
const SELECTING = /NetworkPolicy$|AdmissionPolicy(Binding)?$|WebhookConfiguration$/;

/** Keys of the labels that policies and webhooks ask for: whoever sets one on an object is let in, or not checked. */
export function askedLabelsOf(manifests: readonly Manifest[]): ReadonlySet<string> {
  const keys = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isObject(value)) return;
    if (isObject(value.matchLabels)) Object.keys(value.matchLabels).forEach((key) => keys.add(key));
    if (typeof value.key === 'string' && typeof value.operator === 'string') keys.add(value.key);
    Object.values(value).forEach(visit);
  };
  for (const manifest of manifests) if (SELECTING.test(manifest.kind)) visit({ ...manifest, metadata: {} });
  keys.delete('kubernetes.io/metadata.name');
  return keys;
}
