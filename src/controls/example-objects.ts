import type { JsonObject, Manifest } from '../manifest/manifest';

/** Labels of the pods in examples. */
export const API_LABELS = { app: 'api' } as const;

/** An object of the namespace `shop`. */
export function namespaced(apiVersion: string, kind: string, name: string, rest: JsonObject = {}): Manifest {
  return { apiVersion, kind, metadata: { name, namespace: 'shop' }, ...rest };
}

/** An object of the whole cluster. */
export function clusterWide(apiVersion: string, kind: string, name: string, rest: JsonObject = {}): Manifest {
  return { apiVersion, kind, metadata: { name }, ...rest };
}

/** A Deployment in the namespace `shop`, with what its pods' spec has beside a container. */
export function deployment(name: string, podSpec: JsonObject = {}): Manifest {
  const labels = { app: name };
  return namespaced('apps/v1', 'Deployment', name, {
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...podSpec, containers: [{ name, image: `registry.example/${name}:1.4.2` }] },
      },
    },
  });
}

/** The Namespace `shop`. */
export function namespace(labels: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { ...labels } } };
}

/** A NetworkPolicy in the namespace `shop`. */
export function networkPolicy(spec: JsonObject): Manifest {
  return namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'api', { spec });
}

/** The NetworkPolicy that lets no pod of the namespace `shop` be reached or reach anything. */
export function defaultDeny(): Manifest {
  return namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'default-deny', {
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

/** A ServiceAccount of the namespace `shop` whose token no pod gets unasked. */
export function serviceAccount(name: string, rest: JsonObject = {}): Manifest {
  return namespaced('v1', 'ServiceAccount', name, { automountServiceAccountToken: false, ...rest });
}

const RBAC = 'rbac.authorization.k8s.io';

/** A Role of the namespace `shop`. */
export function role(rules: readonly JsonObject[]): Manifest {
  return namespaced(`${RBAC}/v1`, 'Role', 'reader', { rules });
}

/** A ClusterRole. */
export function clusterRole(rules: readonly JsonObject[], rest: JsonObject = {}): Manifest {
  return clusterWide(`${RBAC}/v1`, 'ClusterRole', 'reader', { ...rest, rules });
}

/** A RoleBinding of the namespace `shop`. */
export function roleBinding(
  roleRef: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string },
  subjects: readonly JsonObject[] = [API_SUBJECT],
): Manifest {
  return namespaced(`${RBAC}/v1`, 'RoleBinding', 'reader', {
    roleRef: { apiGroup: RBAC, ...roleRef },
    subjects,
  });
}

/** A ClusterRoleBinding. */
export function clusterRoleBinding(name: string, subjects: readonly JsonObject[] = [API_SUBJECT]): Manifest {
  return clusterWide(`${RBAC}/v1`, 'ClusterRoleBinding', 'reader', {
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    subjects,
  });
}

/** The ServiceAccount `api` as a subject. */
export const API_SUBJECT: JsonObject = { kind: 'ServiceAccount', name: 'api', namespace: 'shop' };

/** A user or group as a subject. */
export function subject(kind: 'User' | 'Group', name: string): JsonObject {
  return { apiGroup: RBAC, kind, name };
}
