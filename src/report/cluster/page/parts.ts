import { markup, type Html, type Part } from './escape';

/** A part of the page with a heading. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Part;
}

/** A table that scrolls by itself where the page is narrow. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Part[])[],
  className = '',
): Html {
  const head = columns.map((column) => markup`<th scope="col">${column}</th>`);
  const body = rows.map(([first, ...others]) => {
    const cells = others.map((cell) => markup`<td>${cell}</td>`);
    return markup`<tr>
      <th scope="row">${first}</th>
      ${cells}
    </tr> `;
  });
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table class="${className}">
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
