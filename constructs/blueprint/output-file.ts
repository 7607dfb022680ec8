import type { IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { push } from '../../src/groups';

/** A file that is written beside the manifests and that `kubectl apply -f` must not read. */
export interface OutputFile {
  /** Path below the output folder, with at least one folder of its own, for example `nodes/apparmor/web`. */
  readonly path: string;
  /** What is in it. Asked for once every construct is there. */
  readonly content: () => string;
}

const FILES = new WeakMap<IConstruct, OutputFile[]>();
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * Adds a file to what a {@link Blueprint} writes. It is replaced, and removed, together with the manifests. A stock `App` of
 * cdk8s does not write it.
 * @throws BulwarkError when the path names no folder, or leads out of the output folder.
 */
export function addOutputFile(scope: IConstruct, file: OutputFile): void {
  const segments = file.path.split('/');
  if (segments.length < 2 || !segments.every((segment) => SEGMENT.test(segment))) {
    throw new BulwarkError(
      `${scope.node.path}: '${file.path}' is no path for a file beside the manifests. Use a folder and a name of letters, ` +
        'digits, dots, hyphens and underscores, for example nodes/apparmor/web: kubectl reads no folder below the one it is given.',
    );
  }
  push(FILES, scope, file);
}

/**
 * The files that constructs added, by path.
 * @throws BulwarkError when two have one path.
 */
export function outputFiles(constructs: readonly IConstruct[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const construct of constructs) {
    for (const file of FILES.get(construct) ?? []) {
      if (files.has(file.path)) {
        throw new BulwarkError(
          `${construct.node.path}: a file ${file.path} is there already. Give one of them another name.`,
        );
      }
      files.set(file.path, file.content());
    }
  }
  return files;
}
