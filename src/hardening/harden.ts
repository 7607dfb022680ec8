import { podControls } from '../controls/profiles';
import type { PodControl } from '../controls/control';
import { bindControl, fieldPath, subjectsOf } from '../controls/judge';
import { removeAppArmorFields } from '../controls/repairs';
import { withoutNulls, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf, templatePath, type PodTemplate } from '../manifest/pod';
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
  /** Ids of the waived controls that do not hold, so that the waiver is needed. */
  readonly excused: ReadonlySet<string>;
  /** How many controls hold for the object's pods; 0 for an object without pods. */
  readonly held: number;
}

/**
 * The hardening kernel: sets every field of a workload's pod that is unset and that a control wants set, and finds the
 * values that somebody chose and that break a control. It never changes a chosen value, leaves a pod alone that every
 * control holds for, and doing it twice is the same as doing it once. Objects that make no pods are returned as they are.
 */
export function hardenManifest(manifest: Manifest, options: HardenOptions): Hardened {
  if (!podTemplateOf(manifest)) {
    return { manifest, changes: [], violations: [], excused: new Set(), held: 0 };
  }
  const copy = withoutNulls(manifest);
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
    excused: result.excused,
    held: result.held,
  };
}

function hardenPod(pod: PodTemplate, { target, waived }: HardenOptions): Omit<Hardened, 'manifest'> {
  const changes: Change[] = [];
  const violations: Violation[] = [];
  const excused = new Set<string>();
  const containers = containersOf(pod.spec);
  let held = 0;
  for (const bound of podControls().flatMap((control) => bindControl(control, target) ?? [])) {
    const { control } = bound;
    const unmet = subjectsOf(bound, pod, containers).filter(({ container }) => !bound.holds(pod, container));
    if (waived?.has(control.id)) {
      if (unmet.length > 0) excused.add(control.id);
      continue;
    }
    unmet.forEach(({ container }) => control.repair?.(pod, container, target));
    // Asked only now, since the repair for one container may be a field of the pod, and so one for all.
    const broken = unmet.filter(({ container }) => !bound.holds(pod, container));
    for (const subject of unmet) {
      const entry = { control, path: fieldPath(bound, pod, subject) };
      (broken.includes(subject) ? violations : changes).push(entry);
    }
    if (broken.length === 0) held += 1;
  }
  if (!waived?.has('apparmor-profile')) {
    removeAppArmorFields(
      pod,
      containers.map(({ container }) => container),
      target,
    );
  }
  return { changes, violations, excused, held };
}
