import fc from 'fast-check';
import { CONTROLS } from '../../../src/controls/catalogue';
import { POD_SECURITY_CONTROLS } from '../../../src/controls/pod-security';
import { bindControl, subjectsOf } from '../../../src/controls/judge';
import { hardenManifest, type Hardened } from '../../../src/hardening/harden';
import { withoutNulls, type Manifest } from '../../../src/manifest/manifest';
import { podTemplateOf } from '../../../src/manifest/pod';
import type { ClusterTarget } from '../../../src/target/target';
import { brokenWorkloads, workloads, type Case } from '../../support/pod-arbitrary';
import { refusedByRestricted } from '../../support/pod-security-oracle';

const RUNS = { numRuns: 1000 };
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

const any = workloads({ unsafe: true });
const safe = workloads({ unsafe: false });

function harden({ manifest, target }: Case, waived?: ReadonlySet<string>): Hardened {
  return hardenManifest(manifest, { target, waived });
}

/** Ids of the controls that do not hold for a manifest as the API server reads it, asked without the kernel. */
function brokenControls(manifest: Manifest, target: ClusterTarget): string[] {
  const pod = podTemplateOf(withoutNulls(manifest));
  if (!pod) return [];
  return CONTROLS.filter((control) => {
    const bound = bindControl(control, target);
    return bound && !subjectsOf(bound, pod).every(({ container }) => bound.holds(pod, container));
  }).map(({ id }) => id);
}

type Leaf = readonly [path: readonly string[], value: unknown];

/** Every value that is set: numbers, texts, booleans, and lists and objects without any. */
function leavesOf(value: unknown, path: readonly string[] = []): Leaf[] {
  if (value === null) return [];
  const members = typeof value === 'object' ? Object.entries(value) : [];
  if (members.length === 0) return [[path, value]];
  return members.flatMap(([key, member]) => leavesOf(member, [...path, key]));
}

function valueAt(value: unknown, path: readonly string[]): any {
  return path.reduce<any>((at, key) => at?.[key], value);
}

/** Whether a value of the input is still in the output, or was replaced in one of the three ways that the kernel may. */
function isKept([path, before]: Leaf, hardened: Manifest, { manifest, target }: Case): boolean {
  const after = valueAt(hardened, path);
  const isEmpty = typeof before === 'object';
  if (isEmpty ? typeof after === 'object' && after !== null : Object.is(before, after)) return true;
  if (before === 'CAP_NET_BIND_SERVICE') return path.at(-2) === 'add' && after === 'NET_BIND_SERVICE';
  const drop = path.indexOf('drop');
  if (path[drop - 1] === 'capabilities') {
    return JSON.stringify(valueAt(hardened, path.slice(0, drop + 1))) === '["ALL"]';
  }
  const field = path.indexOf('appArmorProfile');
  return field >= 0 && isAnnotated(path.slice(0, field + 1), hardened, { manifest, target });
}

/** Whether the annotations say what a field said that a server before 1.30 does not know. */
function isAnnotated(path: readonly string[], hardened: Manifest, { manifest, target }: Case): boolean {
  if (target.minor >= 30 || target.appArmor !== 'annotation') return false;
  const profile = valueAt(manifest, path);
  const words: Record<string, string> = { RuntimeDefault: 'runtime/default', Localhost: 'localhost/shop' };
  const said = words[profile.type] ?? 'unconfined';
  const before = podTemplateOf(manifest)!;
  const annotations = podTemplateOf(hardened)!.metadata!.annotations!;
  const holder = valueAt(manifest, path.slice(0, -2));
  const concerned = holder.containers
    ? containersIn(before.spec).filter((container) => !container.securityContext?.appArmorProfile)
    : [holder];
  return concerned.every(({ name }: { name: string }) => {
    const key = `${APP_ARMOR}${name}`;
    return annotations[key] === (before.metadata?.annotations?.[key] ?? said);
  });
}

function containersIn(spec: any): any[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => spec[list] ?? []);
}

/** The steps of a path as violations write it. */
function stepsOf(path: string): string[] {
  return path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
}

/** Whether the manifest sets what a violation blames. */
function isChosen(path: string, manifest: Manifest): boolean {
  const isSet = (steps: string[]) => valueAt(manifest, steps) != null;
  const [holder = '', fields] = /^(.*\.)?(livenessProbe, readinessProbe, startupProbe or lifecycle)$/
    .exec(path)
    ?.slice(1) ?? [path];
  if (fields) return fields.split(/, | or /).some((field) => isSet(stepsOf(`${holder}${field}`)));
  if (isSet(stepsOf(path))) return true;
  // The kernel reports an annotation at the field that takes its place.
  const annotations = Object.entries(podTemplateOf(manifest)?.metadata?.annotations ?? {});
  return (
    path.includes('appArmorProfile') &&
    annotations.some(([key, value]) => key.startsWith(APP_ARMOR) && value != null)
  );
}

describe('the hardening kernel, for any workload and target', () => {
  it('changes nothing more when it hardens what it has hardened', () => {
    fc.assert(
      fc.property(any, (given) => {
        const once = harden(given);
        const twice = harden({ ...given, manifest: once.manifest });
        expect(twice.manifest).toBe(once.manifest);
        expect(twice.changes).toEqual([]);
        expect(idsOf(twice)).toEqual(idsOf(once));
        expect(once.manifest === given.manifest).toBe(once.changes.length === 0);
      }),
      RUNS,
    );
  });

  it('keeps every value that somebody chose', () => {
    fc.assert(
      fc.property(any, (given) => {
        const { manifest } = harden(given);
        const lost = leavesOf(given.manifest).filter((leaf) => !isKept(leaf, manifest, given));
        expect(lost).toEqual([]);
      }),
      RUNS,
    );
  });

  it('gives a pod that meets every control back as the very same object', () => {
    let met = 0;
    fc.assert(
      fc.property(fc.oneof(safe, any), fc.boolean(), (given, isHardened) => {
        const manifest = isHardened ? harden(given).manifest : given.manifest;
        const result = harden({ ...given, manifest });
        if (brokenControls(manifest, given.target).length > 0) return;
        met += 1;
        expect(result.manifest).toBe(manifest);
        expect(result).toMatchObject({ changes: [], violations: [] });
      }),
      RUNS,
    );
    // Else the property would say nothing.
    expect(met).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it('never changes what it was given', () => {
    fc.assert(
      fc.property(fc.oneof(any, brokenWorkloads()), (given) => {
        const before = JSON.stringify(given.manifest);
        harden(given);
        expect(JSON.stringify(given.manifest)).toBe(before);
      }),
      RUNS,
    );
  });

  it('reports each control that does not hold afterwards, and counts every other as held', () => {
    fc.assert(
      fc.property(any, (given) => {
        const hardened = harden(given);
        const violated = idsOf(hardened);
        expect(brokenControls(hardened.manifest, given.target).sort()).toEqual(violated);
        const applicable = CONTROLS.filter((control) => bindControl(control, given.target));
        expect(hardened.held).toBe(applicable.length - violated.length);
      }),
      RUNS,
    );
  });

  it('reports only values that somebody chose', () => {
    fc.assert(
      fc.property(any, (given) => {
        const invented = harden(given).violations.filter(({ path }) => !isChosen(path, given.manifest));
        expect(invented).toEqual([]);
      }),
      RUNS,
    );
  });

  it('finds nothing to report where every chosen value is safe', () => {
    fc.assert(
      fc.property(safe, (given) => {
        // In the style of both, a field and an annotation that are each safe may still contradict each other.
        fc.pre(given.target.appArmor !== 'both');
        expect(idsOf(harden(given))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('says of a Linux pod what Pod Security says under restricted', () => {
    const standards = new Set(POD_SECURITY_CONTROLS.map(({ id }) => id));
    fc.assert(
      fc.property(any, (given) => {
        fc.pre((podTemplateOf(given.manifest)!.spec.os as any)?.name !== 'windows');
        const hardened = harden(given);
        const refused = refusedByRestricted(withoutNulls(hardened.manifest));
        const violated = idsOf(hardened);
        expect(refused.filter((id) => standards.has(id)).sort()).toEqual(
          violated.filter((id) => standards.has(id)),
        );
        // Before 1.30 there is no field, and where nodes have no AppArmor it is nobody's matter.
        if (
          given.target.minor >= 30 &&
          given.target.appArmor !== 'none' &&
          refused.includes('apparmor-profile')
        ) {
          expect(violated).toContain('apparmor-profile');
        }
      }),
      RUNS,
    );
  });

  it('leaves a waived control alone', () => {
    const ids = fc.subarray(CONTROLS.map(({ id }) => id));
    fc.assert(
      fc.property(any, ids, (given, list) => {
        const waived = new Set(list);
        const { changes, violations } = harden(given, waived);
        expect([...changes, ...violations].filter(({ control }) => waived.has(control.id))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('changes nothing where every control is waived', () => {
    const waived = new Set(CONTROLS.map(({ id }) => id));
    fc.assert(
      fc.property(any, (given) => {
        expect(harden(given, waived).manifest).toBe(given.manifest);
      }),
      RUNS,
    );
  });
});

describe('the hardening kernel, for manifests with values of any type anywhere', () => {
  it('does not fail, and is done after one time', () => {
    fc.assert(
      fc.property(brokenWorkloads(), (given) => {
        const once = harden(given);
        expect(harden({ ...given, manifest: once.manifest }).manifest).toBe(once.manifest);
      }),
      { numRuns: 1500 },
    );
  });

  it('passes nothing that its own rules refuse', () => {
    fc.assert(
      fc.property(brokenWorkloads(), (given) => {
        const hardened = harden(given);
        expect(brokenControls(hardened.manifest, given.target).sort()).toEqual(idsOf(hardened));
      }),
      RUNS,
    );
  });
});

/** Ids of the violated controls, each once. */
function idsOf({ violations }: Hardened): string[] {
  return [...new Set(violations.map(({ control }) => control.id))].sort();
}
