import { isDeepStrictEqual } from 'node:util';
import { hardenManifest } from '../hardening/harden';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf } from '../manifest/pod';
import { isEmptyObject } from '../objects';
import type { ClusterTarget } from '../target/target';

/** Fields that the hardening sets, and that no property of cdk8s-plus says. */
const POD_FIELDS = ['automountServiceAccountToken', 'enableServiceLinks', 'hostUsers'];
const CONTAINER_FIELDS = ['resources'];
const SECURITY_FIELDS = ['seccompProfile', 'appArmorProfile'];

/** How {@link withoutRepairs} works. */
export interface RepairOptions {
  readonly target: ClusterTarget;
  /** Ids of controls that were waived on the workload. */
  readonly waived: ReadonlySet<string>;
}

interface Field {
  readonly holder: JsonObject;
  readonly key: string;
  readonly value: unknown;
}

/**
 * A workload without what the hardening sets anyway, so that code says only what somebody chose. Hardened, it is the same as
 * the workload itself, hardened.
 */
export function withoutRepairs(manifest: Manifest, { target, waived }: RepairOptions): Manifest {
  if (!podTemplateOf(manifest)) return manifest;
  const { violations } = hardenManifest(manifest, { target, waived });
  const excused = new Set([...waived, ...violations.map(({ control }) => control.id)]);
  const hardened = (each: Manifest) => hardenManifest(each, { target, waived: excused }).manifest;
  const bare = structuredClone(manifest);
  const taken = takeOut(bare);
  const repaired = takeOut(structuredClone(hardened(bare)));
  taken.forEach(({ holder, key, value }, index) => {
    // What a container does not say, its pod says for it.
    const ofPod = repaired
      .slice(0, POD_FIELDS.length + SECURITY_FIELDS.length)
      .find((field) => field.key === key);
    const repair = repaired[index]?.value ?? ofPod?.value;
    if (value !== undefined && !isDeepStrictEqual(value, repair)) holder[key] = value;
  });
  const isSame = isDeepStrictEqual(inherited(hardened(bare)), inherited(hardened(manifest)));
  return isSame ? (pruned(bare) as Manifest) : manifest;
}

/** Takes the fields out, and returns them in an order that depends on the containers alone. */
function takeOut(manifest: Manifest): Field[] {
  const { spec } = podTemplateOf(manifest)!;
  const take = (holder: unknown, keys: readonly string[]) =>
    keys.map((key): Field => {
      if (!isObject(holder)) return { holder: {}, key, value: undefined };
      const value = holder[key];
      delete holder[key];
      return { holder, key, value };
    });
  return [
    ...take(spec, POD_FIELDS),
    ...take(spec.securityContext, SECURITY_FIELDS),
    ...containersOf(spec).flatMap(({ container }) => [
      ...take(container, CONTAINER_FIELDS),
      ...take(container.securityContext, SECURITY_FIELDS),
    ]),
  ];
}

/** With what each container has from its pod. */
function inherited(manifest: Manifest): unknown {
  const copy = structuredClone(manifest);
  const { spec } = podTemplateOf(copy)!;
  for (const { container } of containersOf(spec)) {
    for (const key of SECURITY_FIELDS) {
      const value = container.securityContext?.[key] ?? spec.securityContext?.[key];
      if (value !== undefined) container.securityContext = { ...container.securityContext, [key]: value };
    }
  }
  return pruned(copy);
}

/** Without empty securityContexts, which say nothing. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, field]) => [key, pruned(field)] as const)
      .filter(([key, field]) => key !== 'securityContext' || !isEmptyObject(field)),
  );
}
