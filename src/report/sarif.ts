import { pathToFileURL } from 'node:url';
import type { Control, Severity } from '../controls/control';
import type { Report, ReportedFinding } from './report';

const LEVELS: Readonly<Record<Severity, string>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
};

/** What code-scanning services sort findings by, on the scale of CVSS. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.0',
  low: '2.0',
};

/** A report as SARIF 2.1.0, which code-scanning services read. */
export function formatSarif(report: Report, controls: readonly Control[], version: string): string {
  const rules = controls.map((control) => ({
    id: control.id,
    shortDescription: { text: control.title },
    fullDescription: { text: control.why },
    help: { text: `${control.why} Fix: ${control.fix}` },
    defaultConfiguration: { level: LEVELS[control.severity] },
    properties: {
      tags: ['security', ...control.references.map(({ standard, id }) => `${standard} ${id}`)],
      'security-severity': SECURITY_SEVERITY[control.severity],
    },
  }));
  const ruleIndex = new Map(rules.map(({ id }, index) => [id, index]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'bulwark', semanticVersion: version, rules } },
        results: report.findings.map((finding) => result(finding, ruleIndex.get(finding.control) ?? -1)),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function result(finding: ReportedFinding, ruleIndex: number): object {
  const { object, constructPath, field, source, waiver } = finding;
  const name = `${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name ?? ''}`;
  return {
    ruleId: finding.control,
    ...(ruleIndex >= 0 && { ruleIndex }),
    level: LEVELS[finding.severity],
    message: { text: `${name}: ${field}: ${finding.message}. Fix: ${finding.fix}` },
    locations: [
      {
        ...(source && {
          physicalLocation: {
            artifactLocation: { uri: uriOf(source.file) },
            region: { startLine: source.line, startColumn: source.column },
          },
        }),
        logicalLocations: [
          { fullyQualifiedName: `${name} ${field}`, kind: 'member' },
          ...(constructPath === undefined
            ? []
            : [{ fullyQualifiedName: constructPath, kind: 'declaration' }]),
        ],
      },
    ],
    // The same finding on another line is the same finding.
    partialFingerprints: { 'bulwark/v1': `${finding.control}|${name}|${field}` },
    ...(waiver && { suppressions: [{ kind: 'external', justification: waiver.reason }] }),
  };
}

/** Relative names stay relative, so that a service finds them in the repository. */
function uriOf(file: string): string {
  if (file.startsWith('/')) return pathToFileURL(file).href;
  return file.split(/[\\/]/).map(encodeURIComponent).join('/');
}
