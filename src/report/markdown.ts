import { printable } from '../wording';

/**
 * A text as Markdown shows it, in a table as well. Names come from whoever writes manifests, so that nothing in them may be
 * markup, a link or a mention.
 */
export function markdownText(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]{}|~#!]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replaceAll('@', '&#64;')
    .replaceAll(/(https?|ftp|www)(?=[:.])/gi, '$1&#8203;');
}
