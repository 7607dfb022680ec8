#!/usr/bin/env node
/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { Command } from 'commander';
import { BulwarkError } from '../errors';
import type * as SummaryModule from './summary';

/** Findings are 1 and bad input or usage is 2, so that a pipeline can tell them apart. */
const BAD_INPUT = 2;

/** The command line. */
function program(): Command {
  const bulwark = new Command('bulwark')
    .description('Security of Kubernetes manifests.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : BAD_INPUT));
  bulwark
    .command('summary')
    .description('count the objects in manifests, and judge what pods they make')
    .argument('<path...>', 'files, folders or - for standard input')
    .option('--target <version>', 'Kubernetes version that the manifests are for', '1.30')
    .addHelpText(
      'after',
      '\nExamples:\n  bulwark summary dist\n  helm template shop | bulwark summary --target 1.33 -',
    )
    .action((paths: string[], options: { target: string }) => {
      const { summaryCommand } = require('./summary') as typeof SummaryModule;
      process.stdout.write(`${summaryCommand(paths, options)}\n`);
    });
  return bulwark;
}

function version(): string {
  return (require('cdk8s-bulwark/package.json') as { version: string }).version;
}

try {
  program().parse();
} catch (error) {
  if (!(error instanceof BulwarkError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(BAD_INPUT);
}
