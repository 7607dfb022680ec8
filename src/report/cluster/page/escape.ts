import { withoutInvisible } from '../../../wording';

/** HTML that may be put into a page. Made by {@link html} and {@link raw} only, so that no text gets in unescaped. */
export interface Html {
  readonly html: string;
}

/** What may stand in a template: text, which is escaped, HTML, and lists and absences of both. */
export type Part = string | number | Html | undefined | readonly Part[];

/** HTML from a template. Names in manifests are written by anybody, so every text is escaped, for attributes too. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return raw(strings.reduce((done, string, index) => done + write(parts[index - 1]) + string));
}

/** Text that is HTML already. */
export function raw(text: string): Html {
  return { html: text };
}

function write(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeText(part);
  return 'html' in part ? part.html : part.map(write).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML shows it, between tags and in quoted attributes. */
export function escapeText(text: string): string {
  return withoutInvisible(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** A value as JSON that may stand in a script element, which ends at the first `</script`. */
export function jsonInHtml(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
