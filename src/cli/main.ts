#!/usr/bin/env node
/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { Command } from 'commander';
import { BulwarkError } from '../errors';
import type * as CheckModule from './check';
import { addControlPlaneCommands } from './control-plane-commands';
import type * as ControlsModule from './controls';
import type * as HardenModule from './harden';
import { addNetworkCommands } from './network-commands';
import { addRbacCommands } from './rbac-commands';
import { addSealCommands } from './seal-commands';
import type * as SummaryModule from './summary';

/** Findings are 1 and bad input or usage is 2, so that a pipeline can tell them apart. */
const BAD_INPUT = 2;

const PATHS = ['<path...>', 'files, folders or - for standard input'] as const;
const TARGET = [
  '--target <version>',
  'Kubernetes version that the manifests are for (default: 1.30)',
] as const;

/** The command line. */
function program(): Command {
  const bulwark = new Command('bulwark')
    .description('Security of Kubernetes manifests.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : BAD_INPUT))
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) });
  addCheck(bulwark);
  addHarden(bulwark);
  addControls(bulwark);
  addSummary(bulwark);
  addRbacCommands(bulwark, finish);
  addSealCommands(bulwark, finish);
  addNetworkCommands(bulwark, finish);
  addControlPlaneCommands(bulwark, finish);
  return bulwark;
}

function addCheck(bulwark: Command): void {
  bulwark
    .command('check')
    .description('find what does not meet a profile of controls, or single controls')
    .argument(...PATHS)
    .option(...TARGET)
    .option('--profile <name>', 'baseline, restricted, hardened, cis, nsa or network (default: hardened)')
    .option(
      '--control <id>',
      'a single control in place of a profile, or beside the --profile that is given (repeatable)',
      (id: string, others: readonly string[] = []) => [...others, id],
    )
    .option('--format <format>', 'text, json, sarif or junit', 'text')
    .option(
      '--fail-on <severity>',
      'end with 1 for findings from critical, high, medium or low on (default: low)',
    )
    .option('--waivers <file>', 'YAML list of exceptions with reasons')
    .option('--config <file>', 'settings and parameters (default: bulwark.yaml, where there is one)')
    .addHelpText(
      'after',
      '\nEnds with 0 without findings, 1 with findings, 2 for bad input or usage.\n\nExamples:\n' +
        '  bulwark check dist\n  helm template shop | bulwark check --profile restricted -\n' +
        '  bulwark check --control run-as-non-root --control no-host-pid dist\n' +
        '  bulwark check --format sarif manifests > bulwark.sarif',
    )
    .action((paths: string[], options: CheckModule.CheckCommandOptions) => {
      const { checkCommand } = require('./check') as typeof CheckModule;
      const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
      finish(checkCommand(paths, options, { version: version(), colour, now: new Date() }));
    });
}

function addHarden(bulwark: Command): void {
  bulwark
    .command('harden')
    .description('set what is unset in the workloads of manifests')
    .argument(...PATHS)
    .option('-o, --output <dir>', 'folder for the hardened files')
    .option('--dry-run', 'print the difference and write nothing')
    .option(...TARGET)
    .addHelpText(
      'after',
      '\nComments and the order of keys are kept. Ends with 1 when explicitly unsafe values are left.\n\nExamples:\n' +
        '  bulwark harden manifests -o hardened\n  helm template shop | bulwark harden --dry-run -',
    )
    .action((paths: string[], options: HardenModule.HardenCommandOptions) => {
      const { hardenCommand } = require('./harden') as typeof HardenModule;
      finish(hardenCommand(paths, options));
    });
}

function addControls(bulwark: Command): void {
  bulwark
    .command('controls')
    .description('list the controls, or explain one with an example')
    .argument('[id]', 'id of a control')
    .addHelpText('after', '\nExamples:\n  bulwark controls\n  bulwark controls run-as-non-root')
    .action((id: string | undefined) => {
      const { controlsCommand } = require('./controls') as typeof ControlsModule;
      process.stdout.write(`${controlsCommand(id)}\n`);
    });
}

function addSummary(bulwark: Command): void {
  bulwark
    .command('summary')
    .description('count the objects in manifests, and judge what pods they make')
    .argument(...PATHS)
    .option(...TARGET)
    .addHelpText(
      'after',
      '\nExamples:\n  bulwark summary dist\n  helm template shop | bulwark summary --target 1.33 -',
    )
    .action((paths: string[], options: { target?: string }) => {
      const { summaryCommand } = require('./summary') as typeof SummaryModule;
      process.stdout.write(`${summaryCommand(paths, options)}\n`);
    });
}

function finish({ output, errors, exitCode }: CheckModule.CommandResult): void {
  process.stdout.write(`${output}\n`);
  errors.forEach((error) => process.stderr.write(`${error}\n`));
  // Not process.exit, which would cut off what a pipe has not taken yet.
  process.exitCode = exitCode;
}

/** What was typed behind `=` may be a secret, and the message goes to logs. */
function withoutValues(text: string): string {
  return text.replace(/(unknown option '[^'=]*)=[^]*'/, "$1=...'");
}

function version(): string {
  return (require('cdk8s-bulwark/package.json') as { version: string }).version;
}

program()
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof BulwarkError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(BAD_INPUT);
  });
