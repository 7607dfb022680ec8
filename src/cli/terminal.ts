import type { GlobalOptions } from './program';

/** A stream as far as it decides about colours. */
export interface OutputStream {
  readonly isTTY?: boolean;
}

/**
 * Whether to colour: what was typed comes before NO_COLOR (https://no-color.org), that before FORCE_COLOR, and that before what the
 * output is. Both variables count when they are set and not empty; `FORCE_COLOR=0` is a no, as for Node.js.
 */
export function usesColour(
  { color }: GlobalOptions,
  environment: Readonly<Record<string, string | undefined>>,
  { isTTY }: OutputStream,
): boolean {
  if (color !== undefined) return color;
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY === true && TERM !== 'dumb';
}
