import { CONTROLS } from '../controls/catalogue';
import type { PodControl } from '../controls/control';
import { bindControl, fieldPath, subjectsOf, type BoundControl } from '../controls/judge';
import { removeAppArmorFields } from '../controls/repairs';
import type { Manifest } from '../manifest/manifest';
import {
  containersOf,
  podTemplateOf,
  templatePath,
  type LocatedContainer,
  type PodTemplate,
} from '../manifest/pod';
import type { ClusterTarget } from '../target/target';

/** Puts something a pod needs, such as a volume, into its template before it is hardened. */
export type PodAddition = (pod: PodTemplate) => void;

/** How {@link hardenManifest} works. */
export interface HardenOptions {
  readonly target: ClusterTarget;
  /** Ids of controls that neither repair nor judge this object. @default none */
  readonly waived?: ReadonlySet<string>;
  /** @default none */
  readonly additions?: readonly PodAddition[];
}

/** A value that the kernel set. */
export interface Change {
  readonly control: PodControl;
  /** Path of the field in the object. */
  readonly path: string;
}

/** A value that somebody chose and that breaks a control. */
export interface Violation {
  readonly control: PodControl;
  /** Path of the field in the object. */
  readonly path: string;
}

/** A manifest after the kernel had its say. */
export interface Hardened {
  /** The hardened manifest; the very object that was given when there was nothing to change. */
  readonly manifest: Manifest;
  readonly changes: readonly Change[];
  readonly violations: readonly Violation[];
  /** How many controls hold for the object's pods; 0 for an object without pods. */
  readonly held: number;
}

/**
 * The hardening kernel: sets every field of a workload's pod that is unset and that a control wants set, and finds the
 * values that somebody chose and that break a control. It never changes a chosen value, leaves a pod alone that every
 * control holds for, and doing it twice is the same as doing it once. Objects that make no pods are returned as they are.
 */
export function hardenManifest(manifest: Manifest, options: HardenOptions): Hardened {
  if (!podTemplateOf(manifest)) return { manifest, changes: [], violations: [], held: 0 };
  const copy = structuredClone(manifest);
  const pod = podTemplateOf(copy)!;
  options.additions?.forEach((add) => add(pod));
  const prefix = [...templatePath(copy)!, 'spec'].join('.');
  const result = hardenPod(pod, options);
  const located = <T extends Change>(list: readonly T[]) =>
    list.map((entry) => ({ ...entry, path: `${prefix}.${entry.path}` }));
  const untouched = result.changes.length === 0 && !options.additions?.length;
  return {
    manifest: untouched ? manifest : copy,
    changes: located(result.changes),
    violations: located(result.violations),
    held: result.held,
  };
}

function hardenPod(pod: PodTemplate, { target, waived }: HardenOptions): Omit<Hardened, 'manifest'> {
  const changes: Change[] = [];
  const violations: Violation[] = [];
  let held = 0;
  for (const control of CONTROLS) {
    const bound = waived?.has(control.id) ? undefined : bindControl(control, target);
    if (!bound) continue;
    const verdicts = subjectsOf(bound, pod).map((subject) => ({
      subject,
      verdict: enforce(bound, pod, subject, target),
    }));
    for (const { subject, verdict } of verdicts) {
      const entry = { control, path: fieldPath(bound, pod, subject) };
      if (verdict === 'repaired') changes.push(entry);
      if (verdict === 'broken') violations.push(entry);
    }
    if (verdicts.every(({ verdict }) => verdict !== 'broken')) held += 1;
  }
  removeAppArmorFields(
    pod,
    containersOf(pod.spec).map(({ container }) => container),
    target,
  );
  return { changes, violations, held };
}

function enforce(
  { control, holds }: BoundControl,
  pod: PodTemplate,
  { container }: LocatedContainer,
  target: ClusterTarget,
): 'holds' | 'repaired' | 'broken' {
  if (holds(pod, container)) return 'holds';
  control.repair?.(pod, container, target);
  return holds(pod, container) ? 'repaired' : 'broken';
}
