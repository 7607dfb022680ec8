import { waiversOf, type RecordedWaiver } from '../controls/waiver';
import { podControls } from '../controls/profiles';
import { bindControl, subjectsOf } from '../controls/judge';
import { groupBy, push } from '../groups';
import { requiredDefinitions } from '../manifest/custom-resources';
import { compareText, describeObject, isObject, readWithoutNulls, type Manifest } from '../manifest/manifest';
import { podTemplateOf, type PodTemplate } from '../manifest/pod';
import type { ClusterTarget } from '../target/target';
import type { DeclaredConnection } from '../network/declared';
import { proveTenancy, type TenancyTheorem } from '../tenancy/theorem';
import { counted } from '../wording';
import { describeTheorem } from './theorem-text';
import { wrapWords } from './wrap';
import { isCapsules, TENANT_LABEL } from '../manifest/kinds';

/** What a set of manifests is and what holds for it. */
export interface Summary {
  /** Number of objects of each kind, most first. */
  readonly kinds: ReadonlyMap<string, number>;
  /** CustomResourceDefinitions that the cluster must have before, with the number of objects that need each. */
  readonly needs: ReadonlyMap<string, number>;
  /** Namespaces of each tenant, by name. */
  readonly tenants: ReadonlyMap<string, readonly string[]>;
  /** How many namespaces people of a tenant may make through Capsule, by its name. */
  readonly selfMade: ReadonlyMap<string, number>;
  /** Number of objects that make pods. */
  readonly workloads: number;
  /** Number of workloads each control holds for, by the control's id, for every control that the target has. */
  readonly controls: ReadonlyMap<string, number>;
  /** Each ValidatingAdmissionPolicy, with what its bindings do: `Deny`, `Warn` or `Audit`. */
  readonly guards: ReadonlyMap<string, readonly string[]>;
  readonly waivers: readonly RecordedWaiver[];
  /** What was proved of the tenants and their network. */
  readonly theorem: TenancyTheorem;
}

/** What {@link summarize} cannot read from the manifests. */
export interface SummaryOptions {
  /** Every connection that somebody asked for. @default not known, so that none counts as agreed */
  readonly declared?: readonly DeclaredConnection[];
  /** What the proofs have been asked about already; see {@link TenancyOptions.judged}. @default the manifests */
  readonly judged?: readonly Manifest[];
}

/** Counts and judges manifests as they are, without changing them. */
export function summarize(
  manifests: readonly Manifest[],
  target: ClusterTarget,
  { declared, judged }: SummaryOptions = {},
): Summary {
  const workloads = manifests.flatMap((manifest) => podTemplateOf(readWithoutNulls(manifest)) ?? []);
  return {
    kinds: byCount(countBy(manifests, (manifest) => manifest.kind)),
    needs: requiredDefinitions(manifests),
    tenants: tenantsOf(manifests),
    selfMade: selfMadeOf(manifests),
    workloads: workloads.length,
    controls: controlsHeld(workloads, target),
    guards: guardsOf(manifests),
    waivers: manifests.flatMap(waiversOf),
    theorem: proveTenancy(manifests, { target, declared, judged }),
  };
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

function byCount(counts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...counts].sort(([a, m], [b, n]) => n - m || compareText(a, b)));
}

function tenantsOf(manifests: readonly Manifest[]): Map<string, string[]> {
  const tenants = new Map<string, string[]>();
  for (const { kind, metadata } of manifests) {
    const tenant = kind === 'Namespace' ? metadata?.labels?.[TENANT_LABEL] : undefined;
    if (tenant) push(tenants, tenant, metadata?.name ?? '');
  }
  return tenants;
}

function selfMadeOf(manifests: readonly Manifest[]): Map<string, number> {
  const tenants = manifests.filter((manifest) => manifest.kind === 'Tenant' && isCapsules(manifest));
  return new Map(
    tenants.flatMap(({ metadata, spec }) => {
      const tenant = metadata?.labels?.[TENANT_LABEL];
      const options = isObject(spec) && isObject(spec.namespaceOptions) ? spec.namespaceOptions : {};
      return tenant === undefined ? [] : [[tenant, Number(options.quota)] as const];
    }),
  );
}

/** A tenant with its namespaces, and how many more there may be. */
function describeTenants({ tenants, selfMade }: Summary): string {
  const names = [...new Set([...tenants.keys(), ...selfMade.keys()])];
  const described = names.map((tenant) => {
    const most = selfMade.get(tenant);
    const made = most === undefined ? [] : [`up to ${most} that its people make`];
    return `${tenant} (${[...(tenants.get(tenant) ?? []), ...made].join(', ')})`;
  });
  return `${names.length}${list(described)}`;
}

function guardsOf(manifests: readonly Manifest[]): Map<string, readonly string[]> {
  const named = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const actions = new Map<string, Set<string>>();
  for (const { metadata } of named('ValidatingAdmissionPolicy')) actions.set(metadata?.name ?? '', new Set());
  for (const { spec } of named('ValidatingAdmissionPolicyBinding')) {
    const { policyName, validationActions } = (spec ?? {}) as {
      policyName?: string;
      validationActions?: readonly string[] | null;
    };
    for (const action of validationActions ?? []) actions.get(policyName ?? '')?.add(action);
  }
  return new Map([...actions].map(([name, does]) => [name, [...does]]));
}

function controlsHeld(workloads: readonly PodTemplate[], target: ClusterTarget): Map<string, number> {
  const held = new Map<string, number>();
  for (const control of podControls()) {
    const bound = bindControl(control, target);
    if (!bound) continue;
    const holding = workloads.filter((pod) =>
      subjectsOf(bound, pod).every(({ container }) => bound.holds(pod, container)),
    );
    held.set(control.id, holding.length);
  }
  return held;
}

/** The summary as lines of text of at most 80 columns, as the command prints it. */
export function formatSummary(summary: Summary): string {
  const { kinds, needs, workloads, controls, guards, waivers } = summary;
  const objects = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  const broken = [...controls].filter(([, count]) => count < workloads);
  return [
    ...wrap('objects', `${objects}: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`),
    ...[...needs].flatMap(([name, count], index) =>
      wrap(index === 0 ? 'needs' : '', `CRD ${name} for ${counted(count, 'object')}`),
    ),
    ...wrap('tenants', describeTenants(summary)),
    ...describeTheorem(summary.theorem).flatMap(([label, text]) => wrap(label, text)),
    ...(guards.size > 0 ? wrap('guards', describeGuards(guards)) : []),
    ...wrap(
      'controls',
      `${controls.size - broken.length} of ${controls.size} hold for all ${workloads} workloads`,
    ),
    ...broken.flatMap(([id, count]) => wrap('', `${id} holds for ${count} of ${workloads}`)),
    ...wrap('waivers', `${waivers.length}`),
    ...grouped(waivers).flatMap(([{ control, reason, expires }, objects]) =>
      wrap('', `${control} on ${objects.join(', ')}: ${reason}${expires ? ` (expires ${expires})` : ''}`),
    ),
  ].join('\n');
}

/** The waivers that say the same of several objects as one, with the objects it is about. */
function grouped(waivers: readonly RecordedWaiver[]): (readonly [RecordedWaiver, readonly string[]])[] {
  const groups = groupBy(waivers, ({ control, reason, expires }) =>
    JSON.stringify([control, reason, expires]),
  );
  return [...groups.values()].map((group) => [group[0]!, nameObjects(group.map(({ object }) => object))]);
}

/** The objects in words, the kind of several said once. */
function nameObjects(objects: readonly Manifest[]): string[] {
  return [...groupBy(objects, ({ kind }) => kind)].map(([kind, own]) => {
    const names = own.map(describeObject);
    return [names[0], ...names.slice(1).map((name) => name.slice(`${kind} `.length))].join(', ');
  });
}

/** What the cluster itself asks of a request. */
function describeGuards(policies: ReadonlyMap<string, readonly string[]>): string {
  const bound = [...policies.values()].filter((actions) => actions.length > 0);
  const actions = byCount(countBy(bound.flat(), (action) => action.toLowerCase()));
  const each = [...actions].map(([action, count]) => `${count} ${action}`).join(', ');
  const unbound = policies.size - bound.length;
  const all = counted(policies.size, 'admission policy', 'admission policies');
  const rest = unbound > 0 ? [`${unbound} without a binding`] : [];
  return `${all} for what is applied by hand: ${[...(each ? [each] : []), ...rest].join(', ')}`;
}

const WIDTH = 80;
const INDENT = 10;
/** Sets off what goes on from what begins. */
const HANGING = '  ';

function list(items: readonly string[]): string {
  return items.length > 0 ? `: ${items.join(', ')}` : '';
}

function wrap(label: string, text: string): string[] {
  return wrapWords(text, WIDTH - INDENT - HANGING.length).map((line, index) =>
    `${(index === 0 ? label : '').padEnd(INDENT)}${index > 0 ? HANGING : ''}${line}`.trimEnd(),
  );
}
