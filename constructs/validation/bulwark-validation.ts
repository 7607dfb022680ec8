import fs from 'node:fs';
import { auditManifests } from '../../src/controls/audit';
import type { Parameters } from '../../src/controls/control';
import type { ProfileName } from '../../src/controls/profiles';
import { BulwarkError } from '../../src/errors';
import { groupBy } from '../../src/groups';
import { readManifests } from '../../src/manifest/reader';
import { makeReport, type ReportedFinding } from '../../src/report/report';

/** Properties of {@link BulwarkValidation}, as they stand in cdk8s.yaml. */
export interface BulwarkValidationProps {
  /** @default 'hardened' */
  readonly profile?: ProfileName;
  /** Kubernetes version that the manifests are for. @default '1.30' */
  readonly target?: string;
  /** @default none */
  readonly parameters?: Parameters;
}

/** What cdk8s-cli hands to a validation plugin, as far as this one uses it. */
interface Context {
  readonly manifests: readonly string[];
  readonly report: {
    addViolation(violation: Violation): void;
    submit(status: 'success' | 'failure'): void;
  };
}

interface Violation {
  readonly ruleName: string;
  readonly recommendation: string;
  readonly fix: string;
  readonly violatingResources: readonly {
    resourceName: string;
    locations: readonly string[];
    manifestPath: string;
  }[];
}

/**
 * Lets `cdk8s synth` of any cdk8s app fail for what does not meet a profile.
 *
 * @example
 * # cdk8s.yaml
 * validations:
 *   - package: cdk8s-bulwark
 *     class: BulwarkValidation
 *     version: 0.1.0
 *     properties:
 *       profile: restricted
 *       target: '1.33'
 */
export class BulwarkValidation {
  constructor(private readonly props: BulwarkValidationProps = {}) {}

  /** Called by cdk8s-cli. */
  validate({ manifests: files, report }: Context): Promise<void> {
    const results = files.map((file) => readManifests(fs.readFileSync(file, 'utf8'), file));
    const errors = results.flatMap((result) => result.errors);
    if (errors.length > 0) throw new BulwarkError(errors.map(({ message }) => message).join('\n'));
    const objects = results.flatMap((result) => result.manifests);
    const { findings } = makeReport(
      auditManifests(
        objects.map(({ manifest }) => manifest),
        this.props,
      ),
      objects,
    );
    const open = findings.filter(({ waiver }) => !waiver);
    byControl(open).forEach((group) => report.addViolation(toViolation(group)));
    report.submit(open.length === 0 ? 'success' : 'failure');
    return Promise.resolve();
  }
}

function byControl(findings: readonly ReportedFinding[]): ReportedFinding[][] {
  return [...groupBy(findings, ({ control }) => control).values()];
}

function toViolation(findings: readonly ReportedFinding[]): Violation {
  const [first] = findings;
  return {
    ruleName: first!.control,
    recommendation: first!.message,
    fix: first!.fix,
    violatingResources: findings.map(({ object, field, source }) => ({
      resourceName: object.name ?? '',
      locations: [field],
      manifestPath: source?.file ?? '',
    })),
  };
}
