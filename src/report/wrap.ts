/**
 * Breaks a text between words into lines of at most `width` characters. A word that is longer, such as the path of a field or
 * a file, is broken behind a slash or comma and before a dot or bracket; what offers no such place has a line of its own.
 */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    for (const [index, piece] of (word.length > width ? piecesOf(word) : [word]).entries()) {
      const separator = index === 0 ? ' ' : '';
      const line = lines.at(-1);
      if (line !== undefined && line.length + separator.length + piece.length <= width)
        lines[lines.length - 1] = line + separator + piece;
      else lines.push(piece);
    }
  }
  return lines;
}

function piecesOf(word: string): string[] {
  return word.split(/(?<=[/,])|(?=[.[])/);
}
