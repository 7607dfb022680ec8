import type { Finding } from '../controls/check';
import { groupBy } from '../groups';
import { describeObject, identityOf } from '../manifest/manifest';
import { counted, listSome } from '../wording';
import type { Change, Effect } from './change';

/**
 * Findings that are new, newly waived, or gone. Those of one control are told of together.
 * @param isTold Whether what changed in an object is told of elsewhere, or that it is gone.
 */
export function diffFindings(
  before: readonly Finding[],
  after: readonly Finding[],
  isTold: (identity: string) => boolean,
): Change[] {
  const [old, now] = [byKey(before, isTold), byKey(after, isTold)];
  const open = (finding: Finding | undefined) => finding !== undefined && !finding.waiver;
  const only = (some: ReadonlyMap<string, Finding>, test: (key: string, finding: Finding) => boolean) =>
    [...some].filter(([key, finding]) => test(key, finding)).map(([, finding]) => finding);
  return [
    ...fold(
      only(now, (key, finding) => open(finding) && !open(old.get(key))),
      'widened',
      (control) => `${control} does not hold any more`,
    ),
    ...fold(
      only(now, (key, { waiver }) => waiver !== undefined && !old.get(key)?.waiver),
      'widened',
      (control) => `${control} is waived`,
    ),
    ...fold(
      only(old, (key, finding) => open(finding) && !now.has(key)),
      'narrowed',
      (control) => `${control} holds now`,
    ),
    ...fold(
      only(old, (key, { waiver }) => waiver !== undefined && !now.has(key)),
      'narrowed',
      (control) => `${control} needs no waiver any more`,
    ),
  ];
}

function byKey(findings: readonly Finding[], isTold: (identity: string) => boolean): Map<string, Finding> {
  return new Map(
    findings.flatMap((finding) => {
      const identity = identityOf(finding.manifest);
      return isTold(identity)
        ? []
        : [[`${finding.control.id} ${identity} ${finding.field}`, finding] as const];
    }),
  );
}

function fold(findings: readonly Finding[], effect: Effect, says: (control: string) => string): Change[] {
  return [...groupBy(findings, ({ control }) => control.id)].map(([id, own]) => {
    const [first] = own;
    const objects = [...new Set(own.map(({ manifest }) => manifest))].map(describeObject);
    const what =
      objects.length > 3 ? `${counted(objects.length, 'object')}: ${listSome(objects)}` : listSome(objects);
    const reason = first!.waiver ? `: ${first!.waiver.reason}` : '';
    return {
      area: 'controls',
      effect,
      text: `${says(`${id} (${first!.control.severity})`)} for ${what}${reason}`,
      ...(effect === 'widened' && !first!.waiver && { because: first!.message }),
    };
  });
}
