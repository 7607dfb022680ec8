/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { choice, defineCommand, PATHS, type CommandDefinition } from './command';
import type * as DriftModule from './drift';

/** The commands that ask a live cluster. */
export const DRIFT_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[paths: string[]], DriftModule.DriftOptions>({
    name: 'drift',
    group: 'Cluster',
    description: 'find how a live cluster is not what manifests declare',
    arguments: [PATHS],
    options: [
      {
        flags: '--kubeconfig <file>',
        description: 'credentials (default: KUBECONFIG, ~/.kube/config, then the pod)',
      },
      { flags: '--context <name>', description: 'context of the kubeconfig (default: the current one)' },
      choice('--format <format>', ['text', 'json', 'junit', 'prometheus'], 'how to print it'),
      {
        flags: '--metrics <file>',
        description: 'also write metrics of Prometheus, for a textfile collector',
      },
      { flags: '--push <url>', description: 'also put metrics on a Pushgateway', completes: 'nothing' },
      { flags: '--event <namespace/cronjob>', description: 'also write an Event about that CronJob' },
      {
        flags: '--built-into <namespace/cronjob>',
        description: 'the manifests are in the image of that CronJob, whose digest they cannot know',
      },
      { flags: '--without-secrets', description: 'pass over declared Secrets' },
      { flags: '--timeout <seconds>', description: 'how long to try to read the cluster (default: 300)' },
    ],
    ends: ['the cluster is as declared', 'it is not'],
    notes:
      'Only reads but for --event, and of Secrets their metadata alone. Ends with 2 where something could not be read or delivered.',
    examples: ['bulwark drift dist', 'bulwark drift dist addons.yaml --context production --format junit'],
    run: ([paths], options) => (require('./drift') as typeof DriftModule).driftCommand(paths, options),
  }),
];
