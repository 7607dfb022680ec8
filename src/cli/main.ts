#!/usr/bin/env node
/* eslint-disable @typescript-eslint/no-require-imports -- the version comes from the package, wherever that is */
import { BulwarkError } from '../errors';
import type { CommandResult } from './command';
import { COMMAND_FAMILIES, COMMANDS } from './commands';
import { buildProgram, type GlobalOptions } from './program';
import { progress, showProgress } from './progress';
import { usesColour } from './terminal';

const { version } = require('cdk8s-bulwark/package.json') as { version: string };

/** Findings are 1 and bad input or usage is 2, so that a pipeline can tell them apart. */
const BAD_INPUT = 2;

function context(options: GlobalOptions) {
  if (!options.quiet) showProgress(process.stderr);
  return {
    version,
    colour: usesColour(options, process.env, process.stdout),
    terminal: process.stdout.isTTY,
    now: new Date(),
  };
}

function finish(
  { output, unremarkable, notes = [], errors, exitCode }: CommandResult,
  { quiet }: GlobalOptions,
): void {
  progress().end();
  if (!(quiet && unremarkable && exitCode === 0)) process.stdout.write(`${output}\n`);
  [...(quiet ? [] : notes), ...errors].forEach((line) => process.stderr.write(`${line}\n`));
  // Not process.exit, which would cut off what a pipe has not taken yet.
  process.exitCode = exitCode;
}

// Whoever reads a pipe may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

buildProgram(COMMANDS, COMMAND_FAMILIES, {
  version,
  context,
  finish,
  exit: (code) => process.exit(code),
})
  .parseAsync()
  .catch((error: unknown) => {
    progress().end();
    if (!(error instanceof BulwarkError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(BAD_INPUT);
  });
