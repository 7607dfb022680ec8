import fs from 'node:fs';
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { BulwarkError } from '../errors';
import { hardenManifest, type Hardened } from '../hardening/harden';
import { describeObject } from '../manifest/manifest';
import { readManifests, type SourcedManifest } from '../manifest/reader';
import { rewriteText } from '../manifest/rewrite';
import { waiversOf } from '../controls/waiver';
import { targetFor, type ClusterTarget } from '../target/target';
import { counted } from '../wording';
import type { CommandResult } from './command';
import { filesOf, readText } from './input';
import { writeNewWithFolder } from './private-files';

/** Options of `bulwark harden`, as they are typed. */
export interface HardenCommandOptions {
  readonly target?: string;
  readonly output?: string;
  readonly dryRun?: boolean;
}

interface HardenedFile {
  /** Path below the output folder. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly objects: readonly { readonly sourced: SourcedManifest; readonly hardened: Hardened }[];
}

/**
 * `bulwark harden`: sets what is unset in the workloads of any manifests, and writes them to another folder, or shows the
 * difference. What is explicitly unsafe stays, and is named. Ends with 1 when there is such a value.
 * @throws BulwarkError when something cannot be read or written; then nothing was written.
 */
export function hardenCommand(paths: readonly string[], options: HardenCommandOptions): CommandResult {
  if (!options.dryRun && options.output === undefined) {
    throw new BulwarkError(
      'harden: name a folder for the hardened manifests with -o DIR, or see the difference with --dry-run.',
    );
  }
  const target = targetFor(options.target);
  const files = paths.flatMap((given) => filesBelow(given)).map((file) => hardenFile(file, target));
  refuseClashes(files);
  if (!options.dryRun) writeAll(files, options.output!);
  const unsafe = files.some(({ objects }) => objects.some(({ hardened }) => hardened.violations.length > 0));
  const shown = files
    .map((file) => (options.dryRun ? difference(file) : explain(file)))
    .filter((text) => text !== '');
  return {
    output: [...shown, closing(files)].join('\n'),
    unremarkable: !options.dryRun,
    errors: [],
    exitCode: unsafe ? 1 : 0,
  };
}

function filesBelow(given: string): { readonly file: string; readonly name: string }[] {
  return filesOf(given).map((file) => {
    if (file instanceof BulwarkError) throw file;
    if (file === '-') return { file, name: 'stdin.yaml' };
    return { file, name: file === given ? path.basename(file) : path.relative(given, file) };
  });
}

function hardenFile({ file, name }: { file: string; name: string }, target: ClusterTarget): HardenedFile {
  const before = readText(file);
  const { manifests, errors } = readManifests(before, file);
  if (errors.length > 0) throw new BulwarkError(errors.map(({ message }) => message).join('\n'));
  const objects = manifests.map((sourced) => ({ sourced, hardened: hardenObject(sourced, target) }));
  const rewrites = objects
    .filter(({ sourced, hardened }) => hardened.manifest !== sourced.manifest)
    .map(({ sourced, hardened }) => ({ sourced, manifest: hardened.manifest }));
  return { name, before, after: rewriteText(before, rewrites), objects };
}

function hardenObject({ manifest }: SourcedManifest, target: ClusterTarget): Hardened {
  const waived = new Set(waiversOf(manifest).map(({ control }) => control));
  return hardenManifest(manifest, { target, waived });
}

function refuseClashes(files: readonly HardenedFile[]): void {
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name))
      throw new BulwarkError(
        `harden: two files would be written to ${name}. Harden them one after the other, to two folders.`,
      );
    names.add(name);
  }
}

function writeAll(files: readonly HardenedFile[], output: string): void {
  const taken = files.map(({ name }) => path.join(output, name)).find((file) => fs.existsSync(file));
  if (taken !== undefined)
    throw new BulwarkError(`${taken}: exists, and would be overwritten. Choose another folder with -o.`);
  for (const { name, after } of files) {
    writeNewWithFolder(path.join(output, name), after, 'Choose another folder with -o');
  }
}

function explain({ objects }: HardenedFile): string {
  return objects
    .filter(({ hardened }) => hardened.changes.length + hardened.violations.length > 0)
    .map(({ sourced, hardened }) => explainObject(sourced, hardened))
    .join('\n');
}

function explainObject({ manifest, file }: SourcedManifest, { changes, violations }: Hardened): string {
  return [
    `${describeObject(manifest)}  ${file}`,
    ...changes.map(
      ({ path: field, control }) => `  set      ${field}\n           ${control.title} (${control.id}).`,
    ),
    ...violations.map(
      ({ path: field, control }) => `  UNSAFE   ${field}\n           ${control.id}: ${control.fix}`,
    ),
  ].join('\n');
}

function difference({ name, before, after }: HardenedFile): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, {
    context: 3,
  });
  return patch.replace(/^=+\n/, '').trimEnd();
}

function closing(files: readonly HardenedFile[]): string {
  const all = files.flatMap(({ objects }) => objects.map(({ hardened }) => hardened));
  const changed = all.filter(({ changes }) => changes.length > 0).length;
  const unsafe = all.reduce((sum, { violations }) => sum + violations.length, 0);
  const left = unsafe > 0 ? `, ${counted(unsafe, 'explicitly unsafe value')} left` : '';
  return `${changed} of ${counted(all.length, 'object')} hardened${left}`;
}
