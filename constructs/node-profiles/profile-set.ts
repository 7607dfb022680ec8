import type { RenderedAppArmorProfile, AppArmorProfile } from '../../src/apparmor';
import type { RenderedSeccompProfile, SeccompProfile } from '../../src/seccomp';

/** A profile as it was described, and as nodes load it. */
export interface AppArmorEntry {
  readonly profile: AppArmorProfile;
  readonly rendered: RenderedAppArmorProfile;
}

/** A profile as it was described, and as nodes load it. */
export interface SeccompEntry {
  readonly profile: SeccompProfile;
  readonly rendered: RenderedSeccompProfile;
}

/** Everything that nodes have to load. */
export interface ProfileSet {
  readonly appArmor: readonly AppArmorEntry[];
  readonly seccomp: readonly SeccompEntry[];
}
