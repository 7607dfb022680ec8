import type { ObjectMeta } from '../manifest/manifest';

/** What binds the ciphertext: name and namespace, the namespace, or nothing. */
export type SealScope = (typeof SEAL_SCOPES)[number];

/** Every scope, the narrowest first. */
export const SEAL_SCOPES = ['strict', 'namespace-wide', 'cluster-wide'] as const;

/** The place that a value is sealed for. */
export interface SealedPlace {
  readonly scope: SealScope;
  /** Namespace of the Secret; it does not matter where the scope is cluster-wide. */
  readonly namespace: string | undefined;
  readonly name: string;
}

const ANNOTATION = 'sealedsecrets.bitnami.com/';

/**
 * The label of RSA-OAEP, which ties a value to a place: `namespace/name`, `namespace`, or nothing. The documentation of
 * sealed-secrets writes the first one without its slash; its code has it.
 */
export function sealLabel({ scope, namespace = 'default', name }: SealedPlace): string {
  switch (scope) {
    case 'strict':
      return `${namespace}/${name}`;
    case 'namespace-wide':
      return namespace;
    case 'cluster-wide':
      return '';
  }
}

/** The scope of a SealedSecret. The controller reads it from the object's own annotations, and cluster-wide wins. */
export function scopeOfAnnotations(annotations: ObjectMeta['annotations'] | null): SealScope {
  if (annotations?.[`${ANNOTATION}cluster-wide`] === 'true') return 'cluster-wide';
  if (annotations?.[`${ANNOTATION}namespace-wide`] === 'true') return 'namespace-wide';
  return 'strict';
}

/** The annotations that tell the controller the scope. Strict is what it assumes without any. */
export function annotationsOfScope(scope: SealScope): Readonly<Record<string, string>> {
  return scope === 'strict' ? {} : { [`${ANNOTATION}${scope}`]: 'true' };
}

/** Whether an annotation says the scope. */
export function isScopeAnnotation(name: string): boolean {
  return name === `${ANNOTATION}namespace-wide` || name === `${ANNOTATION}cluster-wide`;
}
