import { diffClusters, type Change } from '../diff';
import { formatChangesJson, formatChangesMarkdown, formatChangesText } from '../report/changes';
import type { CommandContext, CommandResult } from './command';
import { auditOptions, type AuditFlags } from './config';
import { readPaths, refuseUnread } from './input';
import { oneOf } from './one-of';
import { progress } from './progress';

/** Options of `bulwark diff`, as they are typed. */
export interface DiffOptions extends AuditFlags {
  readonly format: string;
}

const FORMATS: Readonly<Record<string, (changes: readonly Change[]) => string>> = {
  text: formatChangesText,
  json: formatChangesJson,
  markdown: formatChangesMarkdown,
};

/**
 * `bulwark diff OLD NEW`: what changes in rights, network, guards, controls and Secrets. Ends with 1 when something is widened,
 * and with 2 when something could not be read.
 */
export function diffCommand(
  before: string,
  after: string,
  options: DiffOptions,
  { now }: CommandContext,
): CommandResult {
  const format = FORMATS[oneOf(options.format, Object.keys(FORMATS), '--format')]!;
  const audit = auditOptions(options);
  const [old, current] = [before, after].map((path) => readPaths([path]));
  const errors = [...old!.errors, ...current!.errors].map(({ message }) => message);
  refuseUnread(errors, 'Nothing was compared');
  progress().phase('comparing');
  const [was, is] = [old!, current!].map(({ manifests }) => manifests.map(({ manifest }) => manifest));
  const changes = diffClusters(was!, is!, { ...audit, now });
  const isWider = changes.some(({ effect }) => effect === 'widened');
  return {
    output: format(changes),
    unremarkable: changes.length === 0,
    errors: [],
    exitCode: isWider ? 1 : 0,
  };
}
