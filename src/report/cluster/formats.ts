import { formatMarkdown } from './markdown';
import type { ClusterReport } from './model';
import { formatHtml } from './page';
import { pictureOf } from './picture';

/** What a report can be written as. */
export const REPORT_FORMATS = ['html', 'json', 'markdown'] as const;

/** What a report can be written as. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const ENDINGS: Readonly<Record<string, ReportFormat>> = { htm: 'html', json: 'json', md: 'markdown' };

/** The format that the name of a file asks for: a page, unless it ends with `.json` or `.md`. */
export function reportFormatOf(file: string): ReportFormat {
  return ENDINGS[file.slice(file.lastIndexOf('.') + 1).toLowerCase()] ?? 'html';
}

/**
 * A report as one file. The same report gives the same text.
 *
 * @param svg What Graphviz draws of {@link graphToDot}, for a page. @default the page has the table of connections only
 */
export function formatReport(report: ClusterReport, format: ReportFormat, svg?: string): string {
  if (format === 'markdown') return formatMarkdown(report);
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  return formatHtml(report, svg === undefined ? undefined : pictureOf(svg, report.graph));
}

/** Whether there is something that a picture could show in a file of that format. */
export function isDrawn({ graph }: ClusterReport, format: ReportFormat): boolean {
  return format === 'html' && graph.nodes.length > 0;
}
