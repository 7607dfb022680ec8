/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type * as CheckModule from './check';
import {
  choice,
  defineCommand,
  listWords,
  PATHS,
  TARGET,
  type CommandDefinition,
  type OptionDefinition,
} from './command';
import type * as ControlsModule from './controls';
import type * as DiffModule from './diff';
import type * as HardenModule from './harden';
import type * as ReportModule from './report';
import type * as SummaryModule from './summary';

const PROFILE_NAMES = ['baseline', 'restricted', 'hardened', 'cis', 'nsa', 'network'];
const SEVERITY_NAMES = ['critical', 'high', 'medium', 'low'];

const PROFILE: OptionDefinition = {
  flags: '--profile <name>',
  description: `${listWords(PROFILE_NAMES)} (default: hardened)`,
  completes: PROFILE_NAMES,
};
const WAIVERS: OptionDefinition = {
  flags: '--waivers <file>',
  description: 'YAML list of exceptions with reasons',
};

/** The commands that judge and mend manifests. */
export const MANIFEST_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[paths: string[]], CheckModule.CheckCommandOptions>({
    name: 'check',
    group: 'Manifests',
    description: 'find what does not meet a profile of controls, or single controls',
    arguments: [PATHS],
    options: [
      TARGET,
      PROFILE,
      {
        flags: '--control <id>',
        description:
          'a single control in place of a profile, or beside the --profile that is given (repeatable)',
        repeatable: true,
        completes: 'controls',
      },
      choice('--format <format>', ['text', 'json', 'sarif', 'junit'], 'how to print it'),
      {
        flags: '--fail-on <severity>',
        description: `end with 1 for findings from ${listWords(SEVERITY_NAMES)} on (default: low)`,
        completes: SEVERITY_NAMES,
      },
      WAIVERS,
      {
        flags: '--config <file>',
        description: 'settings and parameters (default: bulwark.yaml, where there is one)',
      },
    ],
    ends: ['nothing is found', 'there are findings'],
    examples: [
      'bulwark check dist',
      'helm template shop | bulwark check --profile restricted -',
      'bulwark check --control run-as-non-root --control no-host-pid dist',
      'bulwark check --format sarif manifests > bulwark.sarif',
    ],
    run: ([paths], options, context) =>
      (require('./check') as typeof CheckModule).checkCommand(paths, options, context),
  }),
  defineCommand<[paths: string[]], HardenModule.HardenCommandOptions>({
    name: 'harden',
    group: 'Manifests',
    description: 'set what is unset in the workloads of manifests',
    arguments: [PATHS],
    options: [
      { flags: '-o, --output <dir>', description: 'folder for the hardened files' },
      { flags: '--dry-run', description: 'print the difference and write nothing' },
      TARGET,
    ],
    notes: 'Comments and the order of keys are kept.',
    ends: ['nothing unsafe is left', 'explicitly unsafe values are left'],
    examples: ['bulwark harden manifests -o hardened', 'helm template shop | bulwark harden --dry-run -'],
    run: ([paths], options) => (require('./harden') as typeof HardenModule).hardenCommand(paths, options),
  }),
  defineCommand<[before: string, after: string], DiffModule.DiffOptions>({
    name: 'diff',
    group: 'Manifests',
    description: 'tell what a change of manifests makes possible, and what it stops',
    arguments: [
      { name: '<old>', description: 'file or folder' },
      { name: '<new>', description: 'file or folder' },
    ],
    options: [
      TARGET,
      PROFILE,
      WAIVERS,
      choice('--format <format>', ['text', 'json', 'markdown'], 'how to print it'),
    ],
    ends: ['nothing is widened', 'something is'],
    examples: [
      'bulwark diff dist-of-main dist',
      'bulwark diff --format markdown dist-of-main dist > comment.md',
    ],
    run: ([before, after], options, context) =>
      (require('./diff') as typeof DiffModule).diffCommand(before, after, options, context),
  }),
  defineCommand<[paths: string[]], ReportModule.ReportOptions>({
    name: 'report',
    group: 'Manifests',
    description: 'write everything there is to tell of a cluster into one file',
    arguments: [PATHS],
    options: [
      { flags: '-o, --output <file>', description: 'file to write', default: 'bulwark-report.html' },
      {
        flags: '--format <format>',
        description: 'html, json or markdown (default: as the file ends)',
        completes: ['html', 'json', 'markdown'],
      },
      { flags: '--baseline <path>', description: 'file or folder of manifests to tell the changes since' },
      TARGET,
      PROFILE,
      WAIVERS,
    ],
    notes: 'The page loads nothing and runs no script of others. No value of a Secret is in it.',
    examples: [
      'bulwark report dist -o report.html',
      'bulwark report dist --baseline dist-of-main -o comment.md',
      'bulwark report dist -o report.json',
    ],
    run: ([paths], options, context) =>
      (require('./report') as typeof ReportModule).reportCommand(paths, options, context),
  }),
  defineCommand<[id?: string]>({
    name: 'controls',
    group: 'Manifests',
    description: 'list the controls, or explain one with an example',
    arguments: [{ name: '[id]', description: 'id of a control', completes: 'controls' }],
    examples: ['bulwark controls', 'bulwark controls run-as-non-root'],
    run: ([id]) => printed((require('./controls') as typeof ControlsModule).controlsCommand(id)),
  }),
  defineCommand<[paths: string[]], { readonly target?: string }>({
    name: 'summary',
    group: 'Manifests',
    description: 'count the objects in manifests, and judge what pods they make',
    arguments: [PATHS],
    options: [TARGET],
    examples: ['bulwark summary dist', 'helm template shop | bulwark summary --target 1.33 -'],
    run: ([paths], options) =>
      printed((require('./summary') as typeof SummaryModule).summaryCommand(paths, options)),
  }),
];

function printed(output: string) {
  return { output, errors: [], exitCode: 0 } as const;
}
