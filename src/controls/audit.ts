import type { Manifest } from '../manifest/manifest';
import { targetFor, type ClusterTarget } from '../target/target';
import { CONTROLS } from './catalogue';
import { checkManifests, type Finding } from './check';
import type { Control, Parameters } from './control';
import { controlsOf, type ProfileName } from './profiles';
import { applyWaivers, WAIVER_CONTROLS, type FileWaiver } from './waived';

/** What to hold manifests to. */
export interface AuditOptions {
  /** @default 'hardened' */
  readonly profile?: ProfileName;
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
  const { profile = 'hardened', target, parameters, waivers = [], now = new Date() } = options;
  const controls = controlsOf(profile);
  const findings = checkManifests(manifests, {
    target: targetFor(target),
    controls,
    ...(parameters && { parameters }),
  });
  return applyWaivers(findings, manifests, { controls, fileWaivers: waivers, known: KNOWN, now });
}

/** The controls that an audit may report. */
export function auditedControls(profile: ProfileName = 'hardened'): Control[] {
  return [...controlsOf(profile), ...WAIVER_CONTROLS];
}
