import path from 'node:path';
import { transformSync } from '@swc/core';
import * as cdk8s from 'cdk8s';
import * as plus from 'cdk8s-plus-27';
import * as constructs from 'constructs';
import * as bulwark from '../../constructs';

/** The packages that a program may import. The package itself is the sources. */
const PACKAGES: Readonly<Record<string, unknown>> = {
  'cdk8s-bulwark': bulwark,
  cdk8s,
  'cdk8s-plus-27': plus,
  constructs,
};

/**
 * Runs a TypeScript program in this process.
 * @param files Its files by path.
 * @param folder Where its other files are.
 * @returns What the file `main.ts` exports.
 */
export function runProgram(files: ReadonlyMap<string, string>, folder = '.'): Record<string, unknown> {
  const loaded = new Map<string, { exports: Record<string, unknown> }>();
  const load = (file: string): Record<string, unknown> => {
    const known = loaded.get(file);
    if (known) return known.exports;
    const source = files.get(file);
    if (source === undefined) throw new Error(`The program imports ${file}, and has no such file`);
    const { code } = transformSync(source, {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    const module = { exports: {} };
    loaded.set(file, module);
    const requireFrom = (name: string) => {
      if (!name.startsWith('.')) return PACKAGES[name];
      return load(`${path.posix.join(path.posix.dirname(file), name)}.ts`);
    };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- to run the program is what this is for
    const run = new Function('module', 'exports', 'require', '__dirname', code) as (
      ...args: unknown[]
    ) => void;
    run(
      module,
      module.exports,
      Object.assign(requireFrom, { main: undefined }),
      path.join(folder, path.dirname(file)),
    );
    return module.exports;
  };
  return load('main.ts');
}
