import { counted, listSome } from '../../wording';
import { formatChangesMarkdown } from '../changes';
import { markdownText } from '../markdown';
import type { ClusterReport, Graph } from './model';

/** A picture with more arrows than these is not read in a comment, and GitHub draws none beyond 500. */
const MOST_EDGES = 60;
const MOST_ROWS = 20;

/** The report in short, for a comment on a pull request. */
export function formatMarkdown(report: ClusterReport): string {
  const { verdict, counts, findings, tenants, changes, graph } = report;
  const more = (all: readonly unknown[]) =>
    all.length > MOST_ROWS ? [`| ... | ${all.length - MOST_ROWS} more |`] : [];
  return [
    '## Cluster report',
    '',
    `**${verdict.holds ? '✓' : '✕'} ${markdownText(verdict.sentence)}**`,
    '',
    `${[
      counted(counts.tenants, 'tenant'),
      counted(counts.namespaces, 'namespace'),
      counted(counts.workloads, 'workload'),
      counted(counts.objects, 'object'),
      counted(counts.findings, 'finding'),
      counted(counts.waivers, 'waiver'),
    ].join(', ')}.`,
    '',
    ...(changes ? ['### Changes', '', formatChangesMarkdown(changes)] : []),
    ...(tenants.crossings.length > 0
      ? [
          '### Tenants that reach another',
          '',
          '| tenants | such as |',
          '| --- | --- |',
          ...tenants.crossings
            .slice(0, MOST_ROWS)
            .map(
              ({ from, to, example }) => `| ${markdownText(`${from} → ${to}`)} | ${markdownText(example)} |`,
            ),
          ...more(tenants.crossings),
          '',
        ]
      : []),
    ...escalationList(report),
    ...(findings.length > 0
      ? [
          '### Findings',
          '',
          '| severity | control | places |',
          '| --- | --- | --- |',
          ...findings
            .slice(0, MOST_ROWS)
            .map(
              ({ severity, title, control, places }) =>
                `| ${severity} | ${markdownText(`${title} (${control})`)} | ${places.length} |`,
            ),
          '',
        ]
      : []),
    ...waiverTable(report),
    ...mermaid(graph),
  ].join('\n');
}

function escalationList({ escalations }: ClusterReport): string[] {
  if (escalations.length === 0) return [];
  return [
    '### Escalation',
    '',
    ...escalations
      .slice(0, MOST_ROWS)
      .map(({ who, sentence }) => `- ${markdownText(`${listSome(who)}: ${sentence}`)}`),
    ...(escalations.length > MOST_ROWS ? [`- and ${escalations.length - MOST_ROWS} more`] : []),
    '',
  ];
}

function waiverTable({ counts, waivers }: ClusterReport): string[] {
  if (waivers.length === 0) return [];
  const rows = waivers
    .slice(0, MOST_ROWS)
    .map(
      ({ control, reason, expires = 'never', objects }) =>
        `| ${markdownText(control)} | ${markdownText(reason)} | ${markdownText(expires)} | ${objects.length} |`,
    );
  return [
    `<details><summary>${counted(counts.waivers, 'waiver')}</summary>`,
    '',
    '| control | reason | expires | objects |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(waivers.length > MOST_ROWS ? [`| | and ${waivers.length - MOST_ROWS} more | | |`] : []),
    '',
    '</details>',
    '',
  ];
}

function mermaid({ level, nodes, edges }: Graph): string[] {
  if (edges.length === 0 || edges.length > MOST_EDGES) return [];
  const shown = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  return [
    `<details><summary>Allowed connections between ${level}s</summary>`,
    '',
    '```mermaid',
    'graph LR',
    ...shown.map((index) => `  n${index}["${mermaidText(nodes[index]!.name)}"]`),
    ...edges.map(({ from, to, ports }) => `  n${from} -->|"${mermaidText(ports)}"| n${to}`),
    '```',
    '',
    '</details>',
    '',
  ];
}

/** Mermaid reads entities with a `#` in place of the `&`. */
function mermaidText(text: string): string {
  return text.replaceAll(/[^\w ./:,[\]()=>-]/g, (sign) => `#${sign.codePointAt(0)};`).replaceAll('--', '- -');
}
