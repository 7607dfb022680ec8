import { isPodControl, type Control, type PodControl } from '../controls/control';
import { hardenManifest } from '../hardening/harden';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import type { PodSpec } from '../manifest/pod';
import { ClusterTarget, type ClusterTarget as Target } from '../target/target';

/** Manifests that break a control, and manifests that do not. */
export interface ControlExample {
  readonly fails: readonly Manifest[];
  readonly passes: readonly Manifest[];
}

/** A target on which every control applies. */
export const EXAMPLE_TARGET: Target = ClusterTarget.kubernetes('1.37', { ipFamilies: ['IPv4', 'IPv6'] });

/** A pod as short as people write it. */
export const PLAIN_POD: Manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'api', namespace: 'shop-web' },
  spec: {
    serviceAccountName: 'api',
    containers: [{ name: 'api', image: `registry.example/api:1.4.2@sha256:${'8f'.repeat(32)}` }],
  },
};

/** The example of a control. That of a control about pods is a hardened pod with one thing changed. */
export function exampleOf(control: Control): ControlExample {
  if (isPodControl(control)) return podExample(control);
  const { fails, passes } = control.examples;
  return { fails: [fails].flat(), passes: [passes].flat() };
}

function podExample(control: PodControl): ControlExample {
  const passes = hardenManifest(PLAIN_POD, { target: EXAMPLE_TARGET }).manifest;
  const fails = structuredClone(passes);
  const spec = fails.spec as PodSpec;
  const broken = control.broken ?? without(control.field);
  if (control.scope === 'pod') fails.spec = merge(spec, broken);
  else spec.containers = spec.containers!.map((container) => merge(container, broken));
  if (control.brokenAnnotations)
    fails.metadata = { ...fails.metadata, annotations: control.brokenAnnotations };
  return { fails: [fails], passes: [passes] };
}

/** A fragment that takes a field out, for controls that want something set. */
function without(field: string): JsonObject {
  const steps = field.split('.');
  return steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), undefined) as JsonObject;
}

function merge(base: JsonObject, fragment: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(fragment)) {
    const old = merged[key];
    if (value === undefined) delete merged[key];
    else merged[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return merged;
}
