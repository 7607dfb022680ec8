import { POD_SECURITY_LABEL } from '../manifest/kinds';
import { describeObject, isObject, labelsOf, type JsonObject, type Manifest } from '../manifest/manifest';
import { isQuantity, parseQuantity } from '../manifest/quantity';
import { listSome } from '../wording';
import type { Change, Effect } from './change';
import { stableText } from '../manifest/stable-text';
import type { ObjectPair } from './pairs';

/** What changed in the objects that refuse what others ask for. */
export interface GuardsDiff {
  readonly changes: readonly Change[];
  /** Identities of the objects that are told of. */
  readonly told: ReadonlySet<string>;
}

/** What a guard says on both sides of a change. */
type Compare = (before: JsonObject, after: JsonObject) => readonly Verdict[];

interface Verdict {
  readonly effect: Effect;
  /** Follows the name of the guard. */
  readonly says: string;
}

const POLICIES = ['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy'];
const WEBHOOKS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

const GUARDS: Readonly<Record<string, Compare>> = {
  ...Object.fromEntries(POLICIES.map((kind) => [kind, comparePolicies])),
  ...Object.fromEntries(POLICIES.map((kind) => [`${kind}Binding`, compareBindings])),
  ...Object.fromEntries(WEBHOOKS.map((kind) => [kind, compareWebhooks])),
  ResourceQuota: compareQuotas,
  LimitRange: () => [{ effect: 'widened', says: 'says something else, and may limit less' }],
};

/**
 * Guards that were removed, weakened or added: admission policies with their bindings, webhooks, quotas, limits, and what Pod
 * Security enforces in a namespace. Where it cannot be told whether a guard is weaker, it counts as widened.
 */
export function diffGuards(pairs: readonly ObjectPair[]): GuardsDiff {
  const told = new Set<string>();
  const policies = new Set(
    pairs.flatMap(({ before, after }) => {
      const { kind, metadata } = (after ?? before)!;
      return POLICIES.includes(kind) && !(before && after) ? [metadata?.name] : [];
    }),
  );
  const changes = pairs.flatMap((pair): Change[] => {
    const manifest = (pair.after ?? pair.before)!;
    if (manifest.kind === 'Namespace') return podSecurityChange(pair);
    const compare = GUARDS[manifest.kind];
    if (!compare) return [];
    told.add(pair.identity);
    // The binding of a policy that came or went with it.
    const isWhole = !(pair.before && pair.after);
    if (isWhole && policies.has(String(specOf(manifest).policyName))) return [];
    return guardChanges(pair, compare).map(({ effect, says }) => ({
      area: 'guards',
      effect,
      text: `${describeObject(manifest)} ${says}`,
    }));
  });
  return { changes, told };
}

function guardChanges({ before, after }: ObjectPair, compare: Compare): readonly Verdict[] {
  if (!after) return [{ effect: 'widened', says: 'was removed' }];
  if (!before) return [{ effect: 'narrowed', says: 'was added' }];
  const verdicts = compare(before, after);
  return verdicts.length > 0
    ? verdicts
    : [{ effect: 'neutral', says: 'was written differently, and refuses the same' }];
}

function comparePolicies(before: JsonObject, after: JsonObject): Verdict[] {
  const [old, now] = [specOf(before), specOf(after)];
  const others = ['matchConstraints', 'variables', 'paramKind', 'mutations', 'reinvocationPolicy'];
  const changed = others.filter((field) => stableText(old[field]) !== stableText(now[field]));
  return [
    ...failureVerdict(old.failurePolicy === 'Ignore', now.failurePolicy === 'Ignore'),
    ...validationVerdict(listChange(old.validations, now.validations)),
    ...conditionVerdict(listChange(old.matchConditions, now.matchConditions)),
    ...widened(changed.length > 0, `changed in ${listSome(changed)}, and may judge less`),
  ];
}

function failureVerdict(wasOpen: boolean, isOpen: boolean): Verdict[] {
  if (wasOpen === isOpen) return [];
  return isOpen
    ? widened(true, 'admits what it fails to judge (failurePolicy: Ignore)')
    : [{ effect: 'narrowed', says: 'refuses what it fails to judge (failurePolicy: Fail)' }];
}

function validationVerdict({ lost, gained }: ListChange): Verdict[] {
  if (lost > 0) return widened(true, `lost or changed ${lost} of its validations`);
  return gained > 0 ? [{ effect: 'narrowed', says: `has ${gained} more validations` }] : [];
}

/** A condition exempts what does not meet it. */
function conditionVerdict({ lost, gained }: ListChange): Verdict[] {
  if (gained > 0) return widened(true, 'has other conditions, which may exempt more');
  return lost > 0 ? [{ effect: 'narrowed', says: 'exempts less' }] : [];
}

function widened(isSo: boolean, says: string): Verdict[] {
  return isSo ? [{ effect: 'widened', says }] : [];
}

function compareBindings(before: JsonObject, after: JsonObject): Verdict[] {
  const [old, now] = [specOf(before), specOf(after)];
  const denies = ({ validationActions }: JsonObject) =>
    Array.isArray(validationActions) && validationActions.includes('Deny');
  const verdicts: Verdict[] = [];
  if (denies(old) && !denies(now)) verdicts.push({ effect: 'widened', says: 'does not deny any more' });
  if (!denies(old) && denies(now)) verdicts.push({ effect: 'narrowed', says: 'denies now' });
  const changed = ['policyName', 'paramRef', 'matchResources'].filter(
    (field) => stableText(old[field]) !== stableText(now[field]),
  );
  if (changed.length > 0)
    verdicts.push({ effect: 'widened', says: `changed in ${listSome(changed)}, and may be about less` });
  return verdicts;
}

function compareWebhooks(before: JsonObject, after: JsonObject): Verdict[] {
  if (stableText(before.webhooks) === stableText(after.webhooks)) return [];
  return [{ effect: 'widened', says: 'says something else, and may refuse less' }];
}

function compareQuotas(before: JsonObject, after: JsonObject): Verdict[] {
  const [old, now] = [hardOf(before), hardOf(after)];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const verdicts: Verdict[] = keys.flatMap((key) => quotaVerdict(key, old[key], now[key]));
  const scopes = ['scopes', 'scopeSelector'].some(
    (field) => stableText(specOf(before)[field]) !== stableText(specOf(after)[field]),
  );
  return scopes ? [...verdicts, { effect: 'widened', says: 'is about other pods' }] : verdicts;
}

function quotaVerdict(key: string, old: unknown, now: unknown): Verdict[] {
  if (old === now) return [];
  if (now === undefined) return [{ effect: 'widened', says: `does not limit ${key} any more` }];
  if (old === undefined) return [{ effect: 'narrowed', says: `limits ${key} to ${textOf(now)}` }];
  const [was, is] = [old, now].map((value) => (isQuantity(value) ? parseQuantity(String(value)) : NaN)) as [
    number,
    number,
  ];
  if (was === is) return [];
  return [
    {
      effect: is < was ? 'narrowed' : 'widened',
      says: `limits ${key} to ${textOf(now)}, before to ${textOf(old)}`,
    },
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : stableText(value);
}

function hardOf(manifest: JsonObject): JsonObject {
  const { hard } = specOf(manifest);
  return isObject(hard) ? hard : {};
}

const LEVELS = ['privileged', 'baseline', 'restricted'];

/** A namespace that is gone takes its pods with it. */
function podSecurityChange({ before, after }: ObjectPair): Change[] {
  if (!before || !after) return [];
  const [old, now] = [levelOf(before), levelOf(after)];
  if (old === now) return [];
  return [
    {
      area: 'guards',
      effect: LEVELS.indexOf(now) < LEVELS.indexOf(old) ? 'widened' : 'narrowed',
      text: `Pod Security enforces ${now} in ${String(after.metadata?.name)}, before ${old}`,
    },
  ];
}

/** Without a label, and for one that is none, the API server takes its default. */
function levelOf(namespace: Manifest): string {
  const level = labelsOf(namespace)[POD_SECURITY_LABEL] ?? 'privileged';
  return LEVELS.includes(level) ? level : 'privileged';
}

function specOf({ spec }: JsonObject): JsonObject {
  return isObject(spec) ? spec : {};
}

interface ListChange {
  readonly lost: number;
  readonly gained: number;
}

function listChange(before: unknown, after: unknown): ListChange {
  const [old, now] = [before, after].map(
    (list) => new Set((Array.isArray(list) ? (list as unknown[]) : []).map(expressionOf)),
  ) as [Set<string>, Set<string>];
  const missing = (some: Set<string>, others: Set<string>) =>
    [...some].filter((one) => !others.has(one)).length;
  return { lost: missing(old, now), gained: missing(now, old) };
}

/** What a validation is called and what it says to whom it refuses does not make it weaker. */
function expressionOf(value: unknown): string {
  return isObject(value) ? String(value.expression) : stableText(value);
}
