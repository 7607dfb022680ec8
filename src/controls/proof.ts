import type { Manifest } from '../manifest/manifest';
import type { ClusterTarget } from '../target/target';
import { checkManifests } from './check';
import type { Control, Parameters } from './control';

/** A place where something that has to hold does not. */
export interface Problem {
  /** The object that has to be changed, one of those that were looked at. */
  readonly manifest: Manifest;
  /** Path of the field in the object. */
  readonly field: string;
  /** What is wrong there, as a sentence without its full stop. */
  readonly what: string;
  /** What an attacker or a mistake makes of it, in one or two sentences. */
  readonly why: string;
  /** The exact change that mends it, as a sentence. */
  readonly fix: string;
  /** Id of the control in the catalogue that does not hold, which a waiver names. @default none: it cannot be waived */
  readonly control?: string;
}

/**
 * Looks at all manifests of a cluster together and finds every place where something does not hold; none is the proof that it
 * does. Pure, and in time linear in the manifests or nearly so. Every problem's manifest is one of those given, not a copy.
 */
export type Proof = (manifests: readonly Manifest[], target: ClusterTarget) => readonly Problem[];

/** The proof that controls hold. */
export function controlsHold(controls: readonly Control[], parameters: Parameters = {}): Proof {
  return (manifests, target) =>
    checkManifests(manifests, { target, controls, parameters }).map((finding) => ({
      manifest: finding.manifest,
      field: finding.field,
      what: finding.message,
      why: finding.control.why,
      fix: finding.fix,
      control: finding.control.id,
    }));
}
