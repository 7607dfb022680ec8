import { auditManifests, type AuditOptions } from '../controls/audit';
import { findControl } from '../controls/catalogue';
import { checkManifests, type Finding } from '../controls/check';
import { BulwarkError } from '../errors';
import { describeObject } from '../manifest/manifest';
import { targetFor } from '../target/target';
import { networkMatchers } from './network-matchers';
import { manifestsOf, type MatcherResult } from './received';

/** Options of `toPassControls` and `toViolate`. */
export type MatcherOptions = Pick<AuditOptions, 'profile' | 'target' | 'parameters'>;

/** Matchers that ask controls about one manifest or a list of them, such as what `Testing.synth(chart)` gives. */
export const matchers = {
  ...networkMatchers,

  /** Passes when no control of the profile has a finding that is not waived. */
  toPassControls(received: unknown, options: MatcherOptions = {}): MatcherResult {
    const findings = auditManifests(manifestsOf(received), options).filter(({ waiver }) => !waiver);
    return {
      pass: findings.length === 0,
      message: () =>
        findings.length === 0
          ? `Expected a control of '${options.profile ?? 'hardened'}' to be broken, and all hold.`
          : `Expected every control of '${options.profile ?? 'hardened'}' to hold:\n${findings.map(describeFinding).join('\n')}`,
    };
  },

  /** Passes when the control of that id has a finding. */
  toViolate(received: unknown, controlId: string, options: MatcherOptions = {}): MatcherResult {
    const control = findControl(controlId);
    if (!control)
      throw new BulwarkError(
        `toViolate: there is no control '${controlId}'. \`bulwark controls\` lists them.`,
      );
    const manifests = manifestsOf(received);
    const { target, parameters = {} } = options;
    const findings = checkManifests(manifests, {
      target: targetFor(target),
      controls: [control],
      parameters,
    });
    return {
      pass: findings.length > 0,
      message: () =>
        findings.length > 0
          ? `Expected '${controlId}' to hold:\n${findings.map(describeFinding).join('\n')}`
          : `Expected '${controlId}' to be broken by ${manifests.map(describeObject).join(', ')}, and it holds.`,
    };
  },
};

function describeFinding({ control, manifest, field, fix }: Finding): string {
  return `- ${describeObject(manifest)}: ${field} breaks ${control.id}. Fix: ${fix}`;
}
