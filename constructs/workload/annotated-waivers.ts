import { CONTROLS } from '../../src/controls/catalogue';
import { waiverFault, type WaiverFault } from '../../src/controls/waived';
import { waiverField, waiversOf, type Waiver } from '../../src/controls/waiver';
import type { Manifest } from '../../src/manifest/manifest';
import type { Breach } from '../blueprint/refusal';

const KNOWN: ReadonlySet<string> = new Set(CONTROLS.map(({ id }) => id));

/** Waivers that an object brings with it as annotations, as those of a Helm chart do. */
export interface AnnotatedWaivers {
  /** Those that are in order and hold. The clock is read for this and for nothing else. */
  readonly waivers: readonly Waiver[];
  /** One for each that is not in order. */
  readonly problems: readonly Breach[];
}

/**
 * Reads the waivers of an object, by the rules of `bulwark check`.
 * @param place Construct path and object, for people.
 */
export function annotatedWaivers(manifest: Manifest, place: string): AnnotatedWaivers {
  const waivers: Waiver[] = [];
  const problems: Breach[] = [];
  for (const waiver of waiversOf(manifest)) {
    const fault = waiverFault(waiver, { known: KNOWN, now: new Date() });
    if (fault) problems.push(waiverBreach(place, waiver, fault));
    else waivers.push(waiver);
  }
  return { waivers, problems };
}

/** An annotation that is not in order, as what keeps a synthesis from ending. */
export function waiverBreach(place: string, waiver: Waiver, { control, message }: WaiverFault): Breach {
  return { place, field: waiverField(waiver), what: message, why: control.why, fix: control.fix };
}
