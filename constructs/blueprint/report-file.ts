import path from 'node:path';
import { makeFolder } from '../../src/files/make-folder';
import { replaceWhole } from '../../src/files/replace-whole';
import { BulwarkError } from '../../src/errors';
import type { Parameters } from '../../src/controls/control';
import type { Manifest } from '../../src/manifest/manifest';
import type { SourcedManifest } from '../../src/manifest/reader';
import { clusterReport } from '../../src/report/cluster/build';
import { formatReport, isDrawn, reportFormatOf } from '../../src/report/cluster/formats';
import { graphToDot } from '../../src/report/cluster/picture';
import type { ClusterTarget } from '../../src/target/target';
import { draw } from './draw';
import type { Entry } from './entry';
import type { PlannedFile } from './layout';

/** What a report of a synthesis is made of. */
export interface Synthesized {
  /** Where the report is to be, below the working directory. */
  readonly report: string;
  readonly outdir: string;
  readonly target: ClusterTarget;
  readonly parameters: Parameters;
  readonly entries: readonly Entry[];
  readonly planned: readonly PlannedFile[];
  /** Text of each planned file, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Files in folders below, by path. */
  readonly others: ReadonlyMap<string, string>;
}

/** A report that is to be written. */
export interface ReportFile {
  readonly file: string;
  /** The path of the file in the output folder, with which it is replaced. @default it is elsewhere */
  readonly inside: string | undefined;
  readonly text: string;
}

/**
 * A report of everything that a synthesis makes, as `bulwark report` writes it of the output folder.
 * @throws BulwarkError when it would be among the manifests, or no picture can be drawn.
 */
export function makeReport(synthesized: Synthesized): ReportFile {
  const { report: file, entries, target, parameters } = synthesized;
  const inside = placeInside(synthesized);
  const paths = new Map<Manifest, string>(
    entries.map(({ manifest, object }) => [manifest, object.node.path]),
  );
  const report = clusterReport(sourcesOf(synthesized), {
    target,
    parameters,
    constructOf: ({ manifest }) => paths.get(manifest),
  });
  const format = reportFormatOf(file);
  const svg = isDrawn(report, format) ? draw(graphToDot(report.graph)) : undefined;
  return { file, inside, text: formatReport(report, format, svg) };
}

/** The objects with their places in the files, which are read from the texts that were just written of them. */
function sourcesOf({ planned, files, outdir }: Synthesized): SourcedManifest[] {
  return planned.flatMap(({ name, manifests }) => {
    const file = placeOf(outdir, name);
    const [header = '', ...documents] = files.get(name)!.split(/^(?=---$)/m);
    let line = linesIn(header) + 1;
    return manifests.map((manifest, index): SourcedManifest => {
      const source = documents[index]!;
      const start = line;
      line += linesIn(source);
      return { manifest, file, line: start, source, within: [] };
    });
  });
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}

/** As a person would write it, and the same on every machine: without a folder that is elsewhere, such as a temporary one. */
function placeOf(outdir: string, name: string): string {
  const folder = path.relative('', outdir);
  return path.isAbsolute(folder) || isOutside(folder) ? name : path.join(folder, name);
}

function isOutside(relative: string): boolean {
  return relative === '..' || relative.startsWith(`..${path.sep}`);
}

/** The path of a report in the output folder; undefined for one that is elsewhere. */
function placeInside({ outdir, report: file, others }: Synthesized): string | undefined {
  const below = path.relative(outdir, file);
  if (path.isAbsolute(below) || isOutside(below)) return undefined;
  const inside = below.split(path.sep).join('/');
  if (others.has(inside))
    throw new BulwarkError(
      `report: a construct writes '${file}' already. Name another file. Nothing was written.`,
    );
  if (path.dirname(below) !== '.') return inside;
  throw new BulwarkError(
    `report: '${file}' would be among the manifests, and ${outdir} is for kubectl. Name a file beside it, or in a folder of its ` +
      `own, such as '${path.join(outdir, 'report', below || 'index.html')}'. Nothing was written.`,
  );
}

/**
 * Writes a report that is not in the output folder: the old one is there or the new one, whenever this is interrupted.
 * @throws BulwarkError when it cannot be written.
 */
export function writeReport({ file, text }: Pick<ReportFile, 'file' | 'text'>): void {
  try {
    makeFolder(path.dirname(file));
    replaceWhole(file, text);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new BulwarkError(
      `report: '${file}' cannot be written (${code}). Name another file. The manifests were written.`,
    );
  }
}
