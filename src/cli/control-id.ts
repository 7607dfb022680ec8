import { CONTROLS, findControl } from '../controls/catalogue';
import type { Control } from '../controls/control';
import { BulwarkError } from '../errors';
import { editDistance } from '../spelling';

/**
 * The control of an id that somebody typed.
 * @param where The option it was typed for. @default none
 * @throws BulwarkError when there is no such control, with those that may be meant.
 */
export function parseControl(id: string, where?: string): Control {
  const control = findControl(id);
  if (control) return control;
  const place = where === undefined ? 'There' : `${where}: there`;
  throw new BulwarkError(`${place} is no control '${id}'.${suggestion(id)} \`bulwark controls\` lists them.`);
}

const LARGEST_SUGGESTION = 8;

function suggestion(id: string): string {
  const near = [similar, sharingWord]
    .map((rule) => CONTROLS.filter((control) => rule(control.id, id)))
    .find(({ length }) => length > 0 && length <= LARGEST_SUGGESTION);
  return near ? ` Did you mean ${near.map((control) => control.id).join(', ')}?` : '';
}

/** Whether so few letters differ that it is a slip. */
function similar(known: string, typed: string): boolean {
  return typed.length > 3 && (known.includes(typed) || editDistance(known, typed) <= 3);
}

function sharingWord(known: string, typed: string): boolean {
  return typed.split('-').some((word) => word.length > 3 && known.includes(word));
}
