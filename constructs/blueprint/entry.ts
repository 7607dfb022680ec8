import type { ApiObject } from 'cdk8s';
import type { Waiver } from '../../src/controls/waiver';
import type { Manifest } from '../../src/manifest/manifest';

/** An object of a blueprint, rendered. */
export interface Entry {
  readonly object: ApiObject;
  readonly manifest: Manifest;
}

/** An object with its waivers. */
export interface JudgedEntry extends Entry {
  /** Those that it brought with it as annotations. */
  readonly annotated: readonly Waiver[];
  /** The waivers that the hardening kernel needed for it. */
  readonly used: readonly Waiver[];
}
