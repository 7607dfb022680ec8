import { escapeXml } from '../report/junit';
import { counted, printable } from '../wording';
import type { DriftChange, DriftFinding } from './drift';
import type { Change } from './managed-fields';
import type { LiveProof } from './proof';

/** What a comparison with a live cluster found. The shape of `--format json`. */
export interface DriftReport {
  /** Address of the API server. */
  readonly server: string;
  /** Whether everything could be read that has to be. Where it could not, nothing says that there is no more. */
  readonly complete: boolean;
  /** Number of declared and of live objects that were looked at. */
  readonly declared: number;
  readonly live: number;
  readonly findings: readonly DriftFinding[];
  /** Undefined where not everything could be read. */
  readonly proof?: LiveProof;
}

/** The report for people. */
export function driftText(report: DriftReport): string {
  const { findings, proof, declared, live, complete } = report;
  const count = findings.length;
  const verdict = complete
    ? count === 0
      ? `No drift: ${declared} declared objects are there as declared, among ${live} live ones.`
      : `${counted(count, 'finding')} about ${declared} declared and ${live} live objects.`
    : `Incomplete: ${counted(count, 'finding')} so far, and not everything could be read.`;
  return [...findings.map(findingText), ...(proof ? [proofText(proof)] : []), verdict].join('\n\n');
}

function findingText({ severity, message, changes, by, fix }: DriftFinding): string {
  return [
    `${severity.padEnd(8)} ${printable(message)}.`,
    ...changes.map((change) => `         ${printable(changeText(change))}`),
    ...by.map((one) => `         by ${printable(writerText(one))}`),
    `         Fix: ${fix}`,
  ].join('\n');
}

function changeText({ field, kind, declared, live }: DriftChange): string {
  const was = declared === undefined ? '' : `declared ${declared}`;
  const is = live === undefined ? '' : `is ${live}`;
  const values = kind === 'removed' ? was : [is, was].filter(Boolean).join(', ');
  return `${field} ${kind}${values && `: ${values}`}`;
}

function writerText({ manager, operation, time }: Change): string {
  return `${manager} (${operation})${time ? ` at ${time}` : ''}`;
}

function proofText({ holds, counterExamples }: LiveProof): string {
  if (holds) return 'The proof holds: the live cluster lets through nothing that the declared one does not.';
  return [
    'The proof does not hold:',
    ...counterExamples.map(({ what, through }) => `  ${printable(what)}\n    through ${printable(through)}`),
  ].join('\n');
}

/** The report as JUnit XML: each finding and each way past the proof is a failed test case. */
export function driftJunit({ findings, proof, complete }: DriftReport): string {
  const cases = [
    ...findings.map(({ severity, object, message, kind, fix }) =>
      failed(
        `${object.kind} ${object.namespace ?? ''}/${object.name}`,
        `drift ${kind}`,
        severity,
        message,
        fix,
      ),
    ),
    ...(proof?.counterExamples ?? []).map(({ what, through }) =>
      failed('proof', through, 'critical', what, `Look at ${through}`),
    ),
    ...(complete
      ? []
      : [failed('cluster', 'complete', 'high', 'Not everything could be read', 'Grant the rights')]),
  ];
  const shown = cases.length > 0 ? cases : ['    <testcase classname="cluster" name="is as declared"/>'];
  const counts = `tests="${shown.length}" failures="${cases.length}" skipped="0" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="bulwark" ${counts}>`,
    `  <testsuite name="bulwark drift" ${counts}>`,
    ...shown,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

// eslint-disable-next-line max-params -- five texts of one line
function failed(classname: string, name: string, type: string, message: string, fix: string): string {
  const attributes = `classname="${escapeXml(classname)}" name="${escapeXml(name)}"`;
  return `    <testcase ${attributes}><failure type="${type}" message="${escapeXml(message)}">${escapeXml(fix)}</failure></testcase>`;
}
