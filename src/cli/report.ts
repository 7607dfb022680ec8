/* eslint-disable @typescript-eslint/no-require-imports -- Graphviz is loaded when there is something to draw */
import type * as VizModule from '@viz-js/viz';
import { clusterReport } from '../report/cluster/build';
import { formatReport, isDrawn, REPORT_FORMATS, reportFormatOf } from '../report/cluster/formats';
import type { ClusterReport } from '../report/cluster/model';
import { graphToDot } from '../report/cluster/picture';
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

/** `bulwark report PATH... -o FILE`: everything that is told of a cluster in one file. */
export async function reportCommand(
  paths: readonly string[],
  options: ReportOptions,
  { now }: CommandContext,
): Promise<CommandResult> {
  const format = oneOf(options.format ?? reportFormatOf(options.output), REPORT_FORMATS, '--format');
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
  const svg = isDrawn(report, format) ? await draw(report) : undefined;
  writeWhole(options.output, formatReport(report, format, svg), 'Choose another file for -o');
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

async function draw({ graph }: ClusterReport): Promise<string> {
  progress().phase('drawing');
  const { instance } = require('@viz-js/viz') as typeof VizModule;
  const viz = await instance();
  return viz.renderString(graphToDot(graph), { format: 'svg', engine: 'dot' });
}
