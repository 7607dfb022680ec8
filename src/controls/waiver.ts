import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
import { CONTROLS, findControl } from './catalogue';

/** A deliberate, reasoned exception from one control. */
export interface Waiver {
  /** Id of the control that does not apply. */
  readonly control: string;
  /** Why, for the person who reads the report: at least 10 characters. */
  readonly reason: string;
  /** Last day on which it holds, as `YYYY-MM-DD` in UTC. @default it never expires */
  readonly expires?: string;
}

/** A waiver found in a manifest. */
export interface RecordedWaiver extends Waiver {
  readonly object: Manifest;
}

const REASON_LENGTH = 10;

/** Prefix of the annotation that keeps a waiver on the object it is about. */
export const WAIVER_ANNOTATION = 'cdk8s-bulwark/waive.';

/**
 * Checks a waiver and returns it with its reason trimmed.
 * @param where Where the waiver was written: a construct path or `file:line`.
 * @throws BulwarkError for an unknown control, a reason of less than 10 characters or a date that is none.
 */
export function checkWaiver(waiver: Waiver, where: string): Waiver {
  if (!findControl(waiver.control)) {
    throw new BulwarkError(
      `${where}: waives '${waiver.control}', which is no control, so nothing would be waived. ` +
        `Use one of: ${CONTROLS.map(({ id }) => id).join(', ')}.`,
    );
  }
  const reason = (waiver.reason ?? '').trim().replaceAll(/\s+/g, ' ');
  if (!isUnderstandable(reason)) {
    throw new BulwarkError(
      `${where}: the waiver of '${waiver.control}' says '${reason}' as its reason. Whoever reviews it has to understand it: ` +
        `write ${REASON_LENGTH} characters or more, for example { reason: 'nodes of this pool run without AppArmor' }.`,
    );
  }
  if (waiver.expires !== undefined && !isDay(waiver.expires)) {
    throw new BulwarkError(
      `${where}: the waiver of '${waiver.control}' expires on '${waiver.expires}', which is no day. Write YYYY-MM-DD, for example '2027-01-31'.`,
    );
  }
  return { ...waiver, reason };
}

/** Whether a reason is long enough to be one. */
export function isUnderstandable(reason: string): boolean {
  return reason.trim().length >= REASON_LENGTH;
}

/** Whether the waiver's last day is over. */
export function isExpired(waiver: Waiver, now: Date): boolean {
  return waiver.expires !== undefined && now.toISOString().slice(0, 10) > waiver.expires;
}

/** The annotation that records a waiver on the object it is about. */
export function waiverAnnotation(waiver: Waiver): readonly [key: string, value: string] {
  const expiry = waiver.expires ? `; expires ${waiver.expires}` : '';
  return [`${WAIVER_ANNOTATION}${waiver.control}`, `${waiver.reason}${expiry}`];
}

/** Path of the annotation of a waiver in the object. */
export function waiverField({ control }: Waiver): string {
  return `metadata.annotations['${WAIVER_ANNOTATION}${control}']`;
}

/** The waivers recorded on an object by {@link waiverAnnotation}. */
export function waiversOf(object: Manifest): RecordedWaiver[] {
  const { annotations } = object.metadata ?? {};
  if (!annotations) return [];
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(WAIVER_ANNOTATION))
    .map(([key, given]) => {
      // Whoever forgets the quotes writes a number or a boolean.
      const value = String(given);
      const [, reason = value, expires] = /^(.*); expires (\d{4}-\d{2}-\d{2})$/.exec(value) ?? [];
      const control = key.slice(WAIVER_ANNOTATION.length);
      return { control, reason, ...(expires && { expires }), object };
    });
}

/** Whether a text is a day, as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(NaN);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
