import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { SourcedManifest } from './reader';

/** A place in a file, counted from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const PARSED = new WeakMap<SourcedManifest, { document: Document; lines: LineCounter }>();

/**
 * Where a field stands in the text it was read from; where it is missing, the nearest part that holds it. Parses the document
 * a second time, with positions, so it is meant for what has a finding.
 */
export function locate(sourced: SourcedManifest, field: string): SourceLocation {
  const { document, lines } = parsed(sourced);
  let offset = 0;
  let node: unknown = document.contents;
  for (const step of [...sourced.within, ...fieldSteps(field)]) {
    const next = stepInto(node, step);
    if (!next) break;
    ({ node, offset } = next);
  }
  const { line, col } = lines.linePos(offset || startOf(document.contents));
  return { file: sourced.file, line: sourced.line + line - 1, column: col };
}

/** The steps of a path such as `spec.containers[0].image` or `metadata.annotations['a.b/c']`. */
function fieldSteps(field: string): (string | number)[] {
  return [...field.matchAll(/\['([^']*)'\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
    index === undefined ? (quoted ?? name ?? '') : Number(index),
  );
}

function parsed(sourced: SourcedManifest): { document: Document; lines: LineCounter } {
  const known = PARSED.get(sourced);
  if (known) return known;
  const lines = new LineCounter();
  const made = {
    document: parseDocument(sourced.source, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' }),
    lines,
  };
  PARSED.set(sourced, made);
  return made;
}

function stepInto(node: unknown, step: string | number): { node: unknown; offset: number } | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step] as Node | undefined;
    return item && { node: item, offset: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair && { node: pair.value, offset: startOf(pair.key) };
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}
