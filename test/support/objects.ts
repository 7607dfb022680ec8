import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Manifest } from '../../constructs';

/** A ConfigMap, the smallest object that tells nothing about itself. */
export function configMap(scope: Construct, name: string, namespace?: string): ApiObject {
  return new ApiObject(scope, `${namespace ?? 'here'}-${name}`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(namespace && { namespace }) },
    data: { name },
  });
}

/** A Namespace in a chart of its own. */
export function namespace(scope: Construct, name: string): ApiObject {
  return new ApiObject(new Chart(scope, `namespace-${name}`), 'Namespace', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
}

/** A pod with one container and the given fields of its spec and of its container. */
export function pod(scope: Construct, name: string, spec: object = {}, container: object = {}): ApiObject {
  return new ApiObject(scope, name, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1.0.0', ...container }], ...spec },
  });
}

/** `Kind namespace/name` of each manifest. */
export function labelsOf(manifests: readonly Manifest[]): string[] {
  return manifests.map(({ kind, metadata }) => {
    const place = metadata?.namespace === undefined ? '' : `${metadata.namespace}/`;
    return `${kind} ${place}${metadata?.name}`;
  });
}

/** What a step throws. */
export function errorOf(step: () => unknown): Error {
  try {
    step();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}
