import fc from 'fast-check';
import { POD_SECURITY_CONTROLS } from '../../../src/controls/pod-security';
import { podControls } from '../../../src/controls/profiles';
import { bindControl, subjectsOf } from '../../../src/controls/judge';
import { hardenManifest, type Hardened } from '../../../src/hardening/harden';
import { withoutNulls, type Manifest } from '../../../src/manifest/manifest';
import { podTemplateOf } from '../../../src/manifest/pod';
import type { ClusterTarget } from '../../../src/target/target';
import { brokenWorkloads, workloads, type Case } from '../../support/pod-arbitrary';
import { refusedByRestricted } from '../../support/pod-security-oracle';

const RUNS = 500;
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * Cases that are made and hardened once for every law, since that is what takes time. The case that breaks a law is made
 * again by fast-check, from the same seed, and shrunk.
 */
class Cases {
  private readonly seed = Math.floor(Math.random() * 2 ** 31);
  private made: readonly Parameters<Law>[] | undefined;

  constructor(private readonly arbitrary: fc.Arbitrary<Case>) {}

  all(law: Law): void {
    this.made ??= fc.sample(this.arbitrary, { numRuns: RUNS, seed: this.seed }).map(hardened);
    for (const [index, parameters] of this.made.entries()) {
      try {
        law(...parameters);
      } catch (error) {
        const again = fc.property(this.arbitrary, (given) => law(...hardened(given)));
        fc.assert(again, { seed: this.seed, path: `${index}` });
        throw error;
      }
    }
  }
}

/** What has to hold for a case, what the kernel made of it, and the text of the manifest before that. */
type Law = (given: Case, result: Hardened, before: string) => void;

function hardened(given: Case): Parameters<Law> {
  const before = JSON.stringify(given.manifest);
  return [given, harden(given), before];
}

const any = new Cases(workloads({ unsafe: true }));
const safe = new Cases(workloads({ unsafe: false }));
const broken = new Cases(brokenWorkloads());

function harden({ manifest, target }: Case, waived?: ReadonlySet<string>): Hardened {
  return hardenManifest(manifest, { target, waived });
}

/** Ids of the controls that do not hold for a manifest as the API server reads it, asked without the kernel. */
function brokenControls(manifest: Manifest, target: ClusterTarget): string[] {
  const pod = podTemplateOf(withoutNulls(manifest));
  if (!pod) return [];
  return podControls()
    .filter((control) => {
      const bound = bindControl(control, target);
      return bound && !subjectsOf(bound, pod).every(({ container }) => bound.holds(pod, container));
    })
    .map(({ id }) => id);
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
  // Two rules are about two fields and name the one that people look for.
  if (/\.(tty|command)$/.test(path)) {
    return isSet(stepsOf(path.replace(/tty$/, 'stdin').replace(/command$/, 'args')));
  }
  // The kernel reports an annotation at the field that takes its place.
  const annotations = Object.entries(podTemplateOf(manifest)?.metadata?.annotations ?? {});
  return (
    path.includes('appArmorProfile') &&
    annotations.some(([key, value]) => key.startsWith(APP_ARMOR) && value != null)
  );
}

describe('the hardening kernel, for any workload and target', () => {
  it('changes nothing more when it hardens what it has hardened', () => {
    any.all(({ target }, once) => {
      const twice = harden({ manifest: once.manifest, target });
      expect(twice.manifest).toBe(once.manifest);
      expect(twice.changes).toEqual([]);
      expect(idsOf(twice)).toEqual(idsOf(once));
    });
  });

  it('keeps every value that somebody chose', () => {
    any.all((given, { manifest }) => {
      expect(leavesOf(given.manifest).filter((leaf) => !isKept(leaf, manifest, given))).toEqual([]);
    });
  });

  it('gives a pod that meets every control back as the very same object', () => {
    let met = 0;
    safe.all(({ target }, { manifest }) => {
      if (brokenControls(manifest, target).length > 0) return;
      met += 1;
      const again = harden({ manifest: withoutNulls(manifest), target });
      expect(again).toMatchObject({ changes: [], violations: [] });
      expect(harden({ manifest, target }).manifest).toBe(manifest);
    });
    // Else the law would say nothing.
    expect(met).toBeGreaterThan(RUNS / 2);
  });

  it('gives back the same object exactly when it set nothing', () => {
    any.all((given, { manifest, changes }) => {
      expect(manifest === given.manifest).toBe(changes.length === 0);
    });
  });

  it('never changes what it was given', () => {
    for (const cases of [any, safe, broken]) {
      cases.all(({ manifest }, _result, before) => {
        expect(JSON.stringify(manifest)).toBe(before);
      });
    }
  });

  it('reports each control that does not hold afterwards, and counts every other as held', () => {
    any.all(({ target }, { manifest, violations, held }) => {
      const violated = idsOf({ violations });
      expect(brokenControls(manifest, target).sort()).toEqual(violated);
      const applicable = podControls().filter((control) => bindControl(control, target));
      expect(held).toBe(applicable.length - violated.length);
    });
  });

  it('reports only values that somebody chose', () => {
    any.all(({ manifest }, { violations }) => {
      expect(violations.filter(({ path }) => !isChosen(path, manifest))).toEqual([]);
    });
  });

  it('finds nothing to report where every chosen value is safe', () => {
    safe.all(({ target }, hardened) => {
      // A field and an annotation that are each safe may still contradict each other, and may be for no container.
      const contradictions = ['apparmor-agrees', ...(target.appArmor === 'both' ? ['apparmor-profile'] : [])];
      expect(idsOf(hardened).filter((id) => !contradictions.includes(id))).toEqual([]);
    });
  });

  it('says of a Linux pod what Pod Security says under restricted', () => {
    const standards = new Set(POD_SECURITY_CONTROLS.map(({ id }) => id));
    any.all(({ target }, { manifest, violations }) => {
      const { spec } = podTemplateOf(manifest)!;
      if ((spec.os as { name?: string } | undefined)?.name === 'windows') return;
      const refused = refusedByRestricted(withoutNulls(manifest));
      const violated = idsOf({ violations });
      expect(refused.filter((id) => standards.has(id)).sort()).toEqual(
        violated.filter((id) => standards.has(id)),
      );
      // Before 1.30 there is no field, and where nodes have no AppArmor it is nobody's matter.
      if (target.minor >= 30 && target.appArmor !== 'none' && refused.includes('apparmor-profile')) {
        expect(violated).toContain('apparmor-profile');
      }
    });
  });

  it('leaves a waived control alone', () => {
    const ids = fc.subarray(podControls().map(({ id }) => id));
    fc.assert(
      fc.property(workloads({ unsafe: true }), ids, (given, list) => {
        const waived = new Set(list);
        const { changes, violations } = harden(given, waived);
        expect([...changes, ...violations].filter(({ control }) => waived.has(control.id))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('changes nothing where every control is waived', () => {
    const waived = new Set(podControls().map(({ id }) => id));
    any.all((given) => {
      expect(harden(given, waived).manifest).toBe(given.manifest);
    });
  });
});

describe('the hardening kernel, for manifests with values of any type anywhere', () => {
  it('does not fail, and is done after one time', () => {
    broken.all(({ target }, { manifest }) => {
      expect(harden({ manifest, target }).manifest).toBe(manifest);
    });
  });

  it('keeps every value that somebody wrote', () => {
    broken.all((given, { manifest }) => {
      // What a field of no known type says cannot be said in an annotation.
      if (given.target.minor < 30) return;
      expect(leavesOf(given.manifest).filter((leaf) => !isKept(leaf, manifest, given))).toEqual([]);
    });
  });

  it('passes nothing that its own rules refuse', () => {
    broken.all(({ target }, { manifest, violations }) => {
      expect(brokenControls(manifest, target).sort()).toEqual(idsOf({ violations }));
    });
  });
});

/** Ids of the violated controls, each once. */
function idsOf({ violations }: Pick<Hardened, 'violations'>): string[] {
  return [...new Set(violations.map(({ control }) => control.id))].sort();
}
