/** What a change is about, in the order in which changes are listed. */
export const AREAS = ['rights', 'network', 'guards', 'controls', 'secrets', 'objects'] as const;

/** What a change is about. */
export type Area = (typeof AREAS)[number];

/** Whether more is possible after a change than before. */
export type Effect =
  /** Somebody may do more, reach more, or is kept from less. Also where that cannot be told. */
  | 'widened'
  /** Somebody may do less, reach less, or is kept from more. */
  | 'narrowed'
  /** Neither. */
  | 'neutral';

/** Effects, the one to look at first. */
export const EFFECTS: readonly Effect[] = ['widened', 'narrowed', 'neutral'];

/** Something that is not as it was. */
export interface Change {
  readonly area: Area;
  readonly effect: Effect;
  /** What changed, as a sentence without its full stop. Holds no value of a Secret. */
  readonly text: string;
  /** What makes it so, such as a role and its binding. @default the text says it */
  readonly because?: string;
}
