import { auditedControls, auditManifests, type AuditedControls } from '../controls/audit';
import { SEVERITIES, type Control, type Severity } from '../controls/control';
import { BulwarkError } from '../errors';
import { formatJunit } from '../report/junit';
import { makeReport, type Report } from '../report/report';
import { formatSarif } from '../report/sarif';
import { formatText } from '../report/text';
import type { CommandContext, CommandResult } from './command';
import { parseProfile, parseSeverity, readConfig, readWaivers, type Config } from './config';
import { constructPaths } from './construct-paths';
import { parseControl } from './control-id';
import { readPaths } from './input';
import { oneOf } from './one-of';
import { progress } from './progress';

/** Options of `bulwark check`, as they are typed. */
export interface CheckCommandOptions {
  readonly target?: string;
  readonly profile?: string;
  /** Ids of single controls. */
  readonly control?: readonly string[];
  readonly format: string;
  readonly failOn?: string;
  readonly waivers?: string;
  readonly config?: string;
}

type Format = (
  report: Report,
  controls: readonly Control[],
  context: Pick<CommandContext, 'version' | 'colour'>,
) => string;

const FORMATS: Readonly<Record<string, Format>> = {
  text: (report, _controls, { colour }) => formatText(report, { colour }),
  json: (report) => JSON.stringify(report, null, 2),
  sarif: (report, controls, { version }) => formatSarif(report, controls, version),
  junit: (report) => formatJunit(report),
};

/**
 * `bulwark check`: which controls, those of a profile or single ones, do not hold for manifests. Ends with 0 when there is no
 * finding at or above the threshold, with 1 when there is, and with 2 when something could not be read; what could be read is
 * reported anyway.
 */
export function checkCommand(
  paths: readonly string[],
  options: CheckCommandOptions,
  context: Pick<CommandContext, 'version' | 'colour' | 'now'>,
): CommandResult {
  const format = FORMATS[oneOf(options.format, Object.keys(FORMATS), '--format')]!;
  const { failOn, ...audit } = settings(options);
  const { manifests: objects, errors } = readPaths(paths);
  progress().phase(
    `asking the controls about ${objects.length.toLocaleString('en')} ${objects.length === 1 ? 'object' : 'objects'}`,
  );
  const findings = auditManifests(
    objects.map(({ manifest }) => manifest),
    { ...audit, now: context.now },
  );
  const report = makeReport(findings, objects, findings.length > 0 ? constructPaths(objects) : undefined);
  return {
    output: format(report, auditedControls(audit), context),
    unremarkable: options.format === 'text' && report.summary.findings === 0,
    errors: errors.map(({ message }) => message),
    exitCode: errors.length > 0 ? 2 : exceeds(report, failOn) ? 1 : 0,
  };
}

/** Options of the command come before those of the configuration. */
function settings(options: CheckCommandOptions) {
  const config = readConfig(options.config);
  return {
    ...askedControls(options, config),
    failOn:
      options.failOn === undefined ? (config.failOn ?? 'low') : parseSeverity(options.failOn, '--fail-on'),
    target: options.target ?? config.target,
    parameters: config.parameters,
    waivers: readWaivers(options.waivers),
  };
}

/** Controls that are named stand in place of the configured profile, not of one that is named beside them. */
function askedControls({ profile, control = [] }: CheckCommandOptions, config: Config): AuditedControls {
  const controls = control.map((id) => parseControl(id, '--control'));
  const unanswerable = controls.find(({ parameter }) => parameter && !config.parameters[parameter]);
  if (unanswerable) {
    const { id, parameter } = unanswerable;
    throw new BulwarkError(
      `--control: ${id} cannot be asked without parameters.${parameter}. Set it in bulwark.yaml.`,
    );
  }
  if (profile !== undefined) return { profile: parseProfile(profile, '--profile'), controls };
  return { ...(controls.length === 0 && config.profile && { profile: config.profile }), controls };
}

function exceeds({ summary }: Report, threshold: Severity): boolean {
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(threshold) + 1);
  return counted.some((severity) => summary.bySeverity[severity] > 0);
}
