import type { Severity } from '../controls/control';
import { groupBy } from '../groups';
import { counted, printable } from '../wording';
import type { Report, ReportedFinding } from './report';
import { wrapWords } from './wrap';

/** How the text is shown. */
export interface TextOptions {
  /** Whether severities are coloured with ANSI sequences. */
  readonly colour: boolean;
}

const WIDTH = 80;
const COLOURS: Readonly<Record<Severity, string>> = { critical: '1;31', high: '31', medium: '33', low: '36' };

/** A report for people: findings by object, at most 80 columns wide, and a summary in the last line. */
export function formatText(report: Report, options: TextOptions): string {
  const blocks = [...groupBy(report.findings, titleOf)].map(([title, findings]) =>
    [
      ...wrapWords(title, WIDTH - 2).map((line, index) => (index === 0 ? line : `  ${line}`).trimEnd()),
      ...madeBy(findings[0]!),
      ...findings.flatMap((finding) => describe(finding, options)),
    ].join('\n'),
  );
  return [...blocks, summaryLine(report, options)].join('\n\n');
}

function titleOf({ object, source }: ReportedFinding): string {
  const name = `${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name ?? '(no name)'}`;
  return printable(source ? `${name}  ${source.file}` : name);
}

function madeBy({ constructPath }: ReportedFinding): string[] {
  if (constructPath === undefined) return [];
  return wrapWords(printable(`construct ${constructPath}`), WIDTH - 2).map((line) => `  ${line}`);
}

function describe(finding: ReportedFinding, options: TextOptions): string[] {
  const { severity, control, source, waiver } = finding;
  const place = source ? ` ${source.line}:${source.column}` : '';
  const label = waiver ? 'waived  ' : paint(severity.padEnd(8), severity, options);
  const lines = [`  ${label} ${control}${place}`, ...indent(finding.field), ...indent(`${finding.message}.`)];
  if (waiver)
    return [
      ...lines,
      ...indent(`Waived: ${waiver.reason}${waiver.expires ? ` (until ${waiver.expires})` : ''}`),
    ];
  return [...lines, ...indent(`Fix: ${finding.fix}`)];
}

function summaryLine({ summary }: Report, options: TextOptions): string {
  const { objects, findings, waived, bySeverity } = summary;
  const severities = Object.entries(bySeverity)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => paint(`${count} ${severity}`, severity as Severity, options));
  const detail = severities.length > 0 ? `: ${severities.join(', ')}` : '';
  return `${counted(findings, 'finding')} in ${counted(objects, 'object')}${detail}${waived > 0 ? ` (${waived} waived)` : ''}`;
}

function paint(text: string, severity: Severity, { colour }: TextOptions): string {
  return colour ? `\u001b[${COLOURS[severity]}m${text}\u001b[0m` : text;
}

const INDENT = ' '.repeat(11);

function indent(text: string): string[] {
  return wrapWords(printable(text), WIDTH - INDENT.length).map((line) => INDENT + line);
}
