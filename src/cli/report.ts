/* eslint-disable @typescript-eslint/no-require-imports -- Graphviz is loaded when there is something to draw */
import path from 'node:path';
import type * as VizModule from '@viz-js/viz';
import { clusterReport } from '../report/cluster/build';
import { formatMarkdown } from '../report/cluster/markdown';
import type { ClusterReport } from '../report/cluster/model';
import { formatHtml } from '../report/cluster/page';
import { graphToDot, pictureOf } from '../report/cluster/picture';
import type { CommandContext, CommandResult } from './command';
import { constructPaths } from './construct-paths';
import { auditOptions, type AuditFlags } from './config';
import { readPaths, refuseUnread } from './input';
import { oneOf } from './one-of';
import { writeWhole } from './private-files';
import { progress } from './progress';

/** Options of `bulwark report`, as they are typed. */
export interface ReportOptions extends AuditFlags {
  readonly output: string;
  readonly format?: string;
  readonly baseline?: string;
}

const FORMATS: Readonly<Record<string, (report: ClusterReport) => string | Promise<string>>> = {
  html: async (report) => formatHtml(report, await draw(report)),
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  markdown: formatMarkdown,
};

const ENDINGS: Readonly<Record<string, string>> = {
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
  '.md': 'markdown',
};

/** `bulwark report PATH... -o FILE`: everything that is told of a cluster in one file. */
export async function reportCommand(
  paths: readonly string[],
  options: ReportOptions,
  { now }: CommandContext,
): Promise<CommandResult> {
  const named = options.format ?? ENDINGS[path.extname(options.output)] ?? 'html';
  const format = FORMATS[oneOf(named, Object.keys(FORMATS), '--format')]!;
  const audit = auditOptions(options);
  const { manifests, errors } = readPaths(paths);
  const { baseline, baselineErrors } = readBaseline(options.baseline);
  refuseUnread(
    [...errors, ...baselineErrors].map(({ message }) => message),
    'No report was written',
  );
  const report = clusterReport(manifests, {
    ...audit,
    ...(baseline && { baseline }),
    constructOf: constructPaths(manifests),
    onPhase: (what) => progress().phase(what),
    now,
  });
  writeWhole(options.output, await format(report), 'Choose another file for -o');
  return {
    output: `${options.output}: ${report.verdict.sentence}`,
    unremarkable: true,
    errors: [],
    exitCode: 0,
  };
}

function readBaseline(given: string | undefined) {
  if (given === undefined) return { baseline: undefined, baselineErrors: [] };
  const { manifests, errors } = readPaths([given]);
  return { baseline: manifests.map(({ manifest }) => manifest), baselineErrors: errors };
}

/** Nothing is drawn of more than anybody could look at. */
async function draw({ graph }: ClusterReport): Promise<string | undefined> {
  if (graph.nodes.length === 0) return undefined;
  progress().phase('drawing');
  const { instance } = require('@viz-js/viz') as typeof VizModule;
  const viz = await instance();
  const { level, nodes, edges } = graph;
  const text = `${nodes.length} ${level}s and ${edges.length} connections between them. The table below lists the same.`;
  return pictureOf(viz.renderString(graphToDot(graph), { format: 'svg', engine: 'dot' }), text);
}
