import type { Manifest } from '../manifest/manifest';
import { targetFor, type ClusterTarget } from '../target/target';
import { CONTROLS } from './catalogue';
import { checkManifests, type Finding } from './check';
import type { Control, Parameters } from './control';
import { controlsOf, type ProfileName } from './profiles';
import { applyWaivers, WAIVER_CONTROLS, type FileWaiver } from './waived';

/** Which controls are asked. */
export interface AuditedControls {
  /** @default 'hardened', or none where there are `controls` */
  readonly profile?: ProfileName;
  /** Single controls, also of no profile, asked beside those of the profile. @default none */
  readonly controls?: readonly Control[];
}

/** What to hold manifests to. */
export interface AuditOptions extends AuditedControls {
  /** The cluster they are for, or its Kubernetes version. @default '1.30' */
  readonly target?: ClusterTarget | string;
  /** @default none */
  readonly parameters?: Parameters;
  /** Waivers beside those that objects carry as annotations. @default none */
  readonly waivers?: readonly FileWaiver[];
  /** The day on which waivers are judged. @default today */
  readonly now?: Date;
}

const KNOWN: ReadonlySet<string> = new Set(CONTROLS.map(({ id }) => id));

/** Everything in manifests that does not meet a profile, waived or not, and every waiver that is not in order. */
export function auditManifests(manifests: readonly Manifest[], options: AuditOptions = {}): Finding[] {
  const { target, parameters, waivers = [], now = new Date() } = options;
  const controls = askedControls(options);
  const findings = checkManifests(manifests, {
    target: targetFor(target),
    controls,
    ...(parameters && { parameters }),
  });
  return applyWaivers(findings, manifests, { controls, fileWaivers: waivers, known: KNOWN, now });
}

/** The controls that an audit may report. */
export function auditedControls(asked: AuditedControls = {}): Control[] {
  return [...askedControls(asked), ...WAIVER_CONTROLS];
}

/** Each control once, although it is of the profile and named as well. */
function askedControls({ profile, controls = [] }: AuditedControls): Control[] {
  const ofProfile = profile || controls.length === 0 ? controlsOf(profile ?? 'hardened') : [];
  return [...new Set([...ofProfile, ...controls])];
}
