import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Blueprint } from '../../constructs';
import { importManifests, type ImportOptions } from '../../src/import/import';
import type { Manifest } from '../../src/manifest/manifest';
import { runProgram } from './run-program';

/**
 * Imports manifests, runs the program that came of it, and returns what it synthesizes.
 * @param place Folder for the program; its output comes beside it.
 */
export function importAndSynthesize(manifests: readonly Manifest[], place: string, options: ImportOptions) {
  const { files, outcomes } = importManifests(manifests, options);
  for (const file of files) {
    mkdirSync(path.dirname(path.join(place, file.path)), { recursive: true });
    writeFileSync(path.join(place, file.path), file.text);
  }
  const sources = files.filter(({ path: file }) => file.endsWith('.ts'));
  const program = new Map(sources.map((file) => [file.path, file.text]));
  const { cluster } = runProgram(program, place) as { cluster: (outdir: string) => Blueprint };
  return { outcomes, files: sources, synthesized: cluster(`${place}-dist`).synth().manifests };
}
