import type { Manifest } from '../../manifest/manifest';
import { describeRule } from '../../rbac/policy-rule';
import { describePower } from '../../rbac/power';
import { describeOrigin } from '../../rbac/rbac';
import { escalationOf, sentenceOf, type EscalationPath } from '../../rbac/escalation';
import { closedByGuardrails } from '../../rbac/guarded';
import type { EscalationEntry } from './model';

/** Everybody who gets to the whole cluster or to a node, save whom Kubernetes itself gives that. The same way is told once. */
export function escalationEntries(manifests: readonly Manifest[]): EscalationEntry[] {
  const builtIn = new Set(
    escalationOf([])
      .critical()
      .map(({ from }) => describePower(from)),
  );
  const { critical } = escalationOf(manifests, { closedBy: closedByGuardrails(manifests) });
  const entries = new Map<string, EscalationEntry & { who: string[] }>();
  for (const path of critical()) {
    const who = describePower(path.from);
    if (builtIn.has(who)) continue;
    const entry = entryOf(path, who);
    const known = entries.get(entry.sentence);
    if (known) known.who.push(who);
    else entries.set(entry.sentence, { ...entry, who: [who] });
  }
  return [...entries.values()];
}

function entryOf({ to, steps }: EscalationPath, who: string): Omit<EscalationEntry, 'who'> {
  const told = steps.map((step) => sentenceOf(step).replace(`${who} `, 'It '));
  return {
    sentence: `Gains ${describePower(to)}: ${told.join('; ')}.`,
    because: steps.flatMap(({ grants }) =>
      grants.map((grant) => `may ${describeRule(grant.rule)}: ${describeOrigin(grant)}`),
    ),
  };
}
