import { spawnSync } from 'node:child_process';
import { BulwarkError } from '../../src/errors';

/** Reads the language of Graphviz from standard input, and writes the picture as SVG. */
const DRAWER = `
const { readFileSync, writeFileSync } = require('node:fs');
require(process.argv[1]).instance().then((viz) => {
  writeFileSync(1, viz.renderString(readFileSync(0, 'utf8'), { format: 'svg', engine: 'dot' }));
});
`;

const UNDRAWN =
  'or use a report that ends with .json or .md, in which nothing is drawn. Nothing was written.';

const LARGEST_PICTURE = 256 * 1024 * 1024;

/**
 * Draws a graph with Graphviz. That is WebAssembly, which Node.js compiles asynchronously, and a synthesis is synchronous: a
 * process of its own draws, and is waited for.
 * @throws BulwarkError when no process can be started, or something ends it.
 */
export function draw(dot: string): string {
  // Options of the program that synthesizes, such as a port to inspect it, are not meant for another process.
  const { NODE_OPTIONS: _ours, ...env } = process.env;
  const args = ['-e', DRAWER, require.resolve('@viz-js/viz')];
  const { error, signal, status, stdout, stderr } = spawnSync(process.execPath, args, {
    input: dot,
    env,
    encoding: 'utf8',
    maxBuffer: LARGEST_PICTURE,
  });
  // First, since what could not be given to a process that was ended is an error as well.
  if (signal) {
    throw new BulwarkError(
      `report: Graphviz draws in a process of its own, which was ended by ${signal}. Give it more memory where that has run out, ${UNDRAWN}`,
    );
  }
  if (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new BulwarkError(
      `report: Graphviz draws in a process of its own, and none can be started (${code}). Synthesize where programs may start ` +
        `another, ${UNDRAWN}`,
    );
  }
  if (status !== 0) throw new Error(`Graphviz has failed: ${stderr}`);
  return stdout;
}
