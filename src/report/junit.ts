import type { Report, ReportedFinding } from './report';

/** A report as JUnit XML, which every CI system shows: each finding is a failed test case, a waived one a skipped case. */
export function formatJunit(report: Report): string {
  const { findings, summary } = report;
  const withFindings = new Set(findings.map(nameOf)).size;
  const clean = Math.max(0, summary.objects - withFindings);
  const counts = `tests="${findings.length + clean}" failures="${summary.findings}" skipped="${summary.waived}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="bulwark" ${counts}>`,
    `  <testsuite name="bulwark check" ${counts}>`,
    ...findings.map(testCase),
    ...Array.from(
      { length: clean },
      (_, index) => `    <testcase classname="objects without findings" name="object ${index + 1}"/>`,
    ),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function testCase(finding: ReportedFinding): string {
  const { source, waiver } = finding;
  const attributes = [
    `classname="${escapeXml(nameOf(finding))}"`,
    `name="${escapeXml(`${finding.control} ${finding.field}`)}"`,
    ...(source ? [`file="${escapeXml(source.file)}"`, `line="${source.line}"`] : []),
  ];
  const outcome = waiver
    ? `<skipped message="${escapeXml(waiver.reason)}"/>`
    : `<failure type="${finding.severity}" message="${escapeXml(finding.message)}">${escapeXml(finding.fix)}</failure>`;
  return `    <testcase ${attributes.join(' ')}>${outcome}</testcase>`;
}

function nameOf({ object }: ReportedFinding): string {
  return `${object.kind} ${object.namespace ?? ''}/${object.name ?? ''}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no way to write most control characters. */
const NOT_IN_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Text as it may stand in XML 1.0, between tags or in an attribute. */
export function escapeXml(text: string): string {
  return text.replace(NOT_IN_XML, '\uFFFD').replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
