import { auditedControls, auditManifests } from '../controls/audit';
import { SEVERITIES, type Control, type Severity } from '../controls/control';
import { BulwarkError } from '../errors';
import { formatJunit } from '../report/junit';
import { makeReport, type Report } from '../report/report';
import { formatSarif } from '../report/sarif';
import { formatText } from '../report/text';
import { parseProfile, parseSeverity, readConfig, readWaivers } from './config';
import { readPaths } from './input';

/** Options of `bulwark check`, as they are typed. */
export interface CheckCommandOptions {
  readonly target?: string;
  readonly profile?: string;
  readonly format: string;
  readonly failOn?: string;
  readonly waivers?: string;
  readonly config?: string;
}

/** What a command prints and how it ends. */
export interface CommandResult {
  readonly output: string;
  readonly errors: readonly string[];
  readonly exitCode: 0 | 1 | 2;
}

/** What a command has to know of where it runs. */
export interface CommandContext {
  readonly version: string;
  readonly colour: boolean;
  readonly now: Date;
}

type Format = (report: Report, controls: readonly Control[], context: CommandContext) => string;

const FORMATS: Readonly<Record<string, Format>> = {
  text: (report, _controls, { colour }) => formatText(report, { colour }),
  json: (report) => JSON.stringify(report, null, 2),
  sarif: (report, controls, { version }) => formatSarif(report, controls, version),
  junit: (report) => formatJunit(report),
};

/**
 * `bulwark check`: which controls of a profile do not hold for manifests. Ends with 0 when there is no finding at or above
 * the threshold, with 1 when there is, and with 2 when something could not be read; what could be read is reported anyway.
 */
export function checkCommand(
  paths: readonly string[],
  options: CheckCommandOptions,
  context: CommandContext,
): CommandResult {
  const format = FORMATS[options.format];
  if (!format) {
    throw new BulwarkError(
      `--format: there is no '${options.format}'. Use one of: ${Object.keys(FORMATS).join(', ')}.`,
    );
  }
  const { failOn, ...audit } = settings(options);
  const { manifests: objects, errors } = readPaths(paths);
  const findings = auditManifests(
    objects.map(({ manifest }) => manifest),
    { ...audit, now: context.now },
  );
  const report = makeReport(findings, objects);
  return {
    output: format(report, auditedControls(audit.profile), context),
    errors: errors.map(({ message }) => message),
    exitCode: errors.length > 0 ? 2 : exceeds(report, failOn) ? 1 : 0,
  };
}

/** Options of the command come before those of the configuration. */
function settings(options: CheckCommandOptions) {
  const config = readConfig(options.config);
  return {
    profile: options.profile === undefined ? config.profile : parseProfile(options.profile, '--profile'),
    failOn:
      options.failOn === undefined ? (config.failOn ?? 'low') : parseSeverity(options.failOn, '--fail-on'),
    target: options.target ?? config.target,
    parameters: config.parameters,
    waivers: readWaivers(options.waivers),
  };
}

function exceeds({ summary }: Report, threshold: Severity): boolean {
  const counted = SEVERITIES.slice(0, SEVERITIES.indexOf(threshold) + 1);
  return counted.some((severity) => summary.bySeverity[severity] > 0);
}
