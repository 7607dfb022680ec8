import { markup, type Html, type Part } from './escape';

/** Rows beyond these are found by searching, or in the JSON. */
export const MOST_ROWS = 200;

/** A part of the page with a heading. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Part;
}

/**
 * A table that scrolls by itself where the page is narrow; on a phone each row is a block, whose cells tell their columns.
 * @param name Its look, and the name by which the script finds it.
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Part[])[],
  name = '',
): Html {
  const head = columns.map((column) => markup`<th scope="col">${column}</th>`);
  const body = rows.map(([first, ...others]) => {
    const cells = others.map((cell, index) => markup`<td data-label="${columns[index + 1]}">${cell}</td>`);
    return markup`<tr><th scope="row">${first}</th>${cells}</tr>\n`;
  });
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table class="${name}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

/** A long table, in a box that scrolls. On paper it is as long as it is. */
export function tall(content: Html): Html {
  return markup`<div class="tall">${content}</div>`;
}

/** What a list says of the rows that it has no room for. */
export function leftOut(all: number, shown: number): Part {
  if (all <= shown) return undefined;
  const [total, first] = [all, shown].map((count) => count.toLocaleString('en'));
  return markup`<p class="lead">The first ${first} of ${total} are listed; the report as JSON has all of them.</p>`;
}

/** A field that finds rows of the table of that name, and how many there are. */
export function filterField(name: string, label: string, status: string): Html {
  return markup`<form class="js" role="search" aria-label="${label}">
      <label>${label}<input id="${name}-query" type="search" autocomplete="off" /></label>
    </form>
    <p id="${name}-status" class="lead" role="status">${status}</p>`;
}

/** The first of many, and how many more there are. */
export function some(items: readonly string[], most: number): Part {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** A severity or an effect, in words. */
export function tag(word: string): Html {
  return markup`<span class="tag ${word}">${word}</span>`;
}

/** Something that takes room, behind a line that tells what it is. */
export function folded(summary: string, body: Part): Html {
  return markup`<details>
    <summary>${summary}</summary>
    ${body}
  </details>`;
}
