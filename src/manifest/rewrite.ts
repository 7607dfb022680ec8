import { isMap, isSeq, parseDocument, visit, type Document } from 'yaml';
import { groupBy } from '../groups';
import { isObject, type JsonObject, type Manifest } from './manifest';
import type { SourcedManifest } from './reader';

/** A manifest and what is to become of it. */
export interface Rewrite {
  readonly sourced: SourcedManifest;
  readonly manifest: Manifest;
}

/**
 * The text of a file with some of its objects changed. Comments, the order of keys and every document without a change stay
 * as they are; a changed document keeps its indentation of lists, and JSON stays JSON.
 *
 * @param text Text of the whole file.
 * @param rewrites Changed objects of that file.
 */
export function rewriteText(text: string, rewrites: readonly Rewrite[]): string {
  const bySource = groupBy(rewrites, ({ sourced }) => sourced.line);
  // From the last to the first, so that the lines of those that come before stay what they are.
  return [...bySource.values()].sort(byLineDescending).reduce(replaceDocument, text);
}

function byLineDescending([a]: readonly Rewrite[], [b]: readonly Rewrite[]): number {
  return b!.sourced.line - a!.sourced.line;
}

function replaceDocument(text: string, rewrites: readonly Rewrite[]): string {
  const { source, line } = rewrites[0]!.sourced;
  const start = offsetOfLine(text, line);
  return text.slice(0, start) + rewriteDocument(source, rewrites) + text.slice(start + source.length);
}

function offsetOfLine(text: string, line: number): number {
  // The reader takes a byte order mark off before it counts.
  let offset = text.startsWith('\uFEFF') ? 1 : 0;
  for (let at = 1; at < line; at += 1) offset = text.indexOf('\n', offset) + 1;
  return offset;
}

function rewriteDocument(source: string, rewrites: readonly Rewrite[]): string {
  if (/^\s*[{[]/.test(source)) return rewriteJson(source, rewrites);
  const marker = /^---[^\n]*\n/.exec(source)?.[0] ?? '';
  const document = parseDocument(source.slice(marker.length), { uniqueKeys: false, logLevel: 'silent' });
  for (const { sourced, manifest } of rewrites)
    applyDifferences(document, sourced.within, sourced.manifest, manifest);
  const body = document.toString({
    lineWidth: 0,
    indentSeq: indentsLists(document, source),
    flowCollectionPadding: /\{ /.test(source),
  });
  const lineEnd = source.includes('\r\n') ? '\r\n' : '\n';
  return marker + (lineEnd === '\n' ? body : body.replaceAll('\n', lineEnd));
}

function rewriteJson(source: string, rewrites: readonly Rewrite[]): string {
  const root = JSON.parse(source) as unknown;
  const rewritten = rewrites.reduce(
    (value, { sourced, manifest }) => replaceAt(value, sourced.within, manifest),
    root,
  );
  const indent = /^\{?\[?\r?\n([ \t]+)/.exec(source.trimStart())?.[1] ?? 2;
  return JSON.stringify(rewritten, null, indent) + (source.endsWith('\n') ? '\n' : '');
}

function replaceAt(value: unknown, path: readonly (string | number)[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === step ? replaceAt(item, rest, replacement) : item));
  return isObject(value) ? { ...value, [step]: replaceAt(value[step], rest, replacement) } : value;
}

type Path = readonly (string | number)[];

/** Sets in the document what differs between two versions of a value, and nothing else. */
function applyDifferences(document: Document, path: Path, before: unknown, after: unknown): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const node = document.getIn(path);
  if (isMap(node) && isObject(before) && isObject(after)) {
    applyToMap(document, path, before, after);
  } else if (isSeq(node) && Array.isArray(before) && Array.isArray(after) && after.length >= before.length) {
    after.forEach((item, index) => applyDifferences(document, [...path, index], before[index], item));
  } else {
    document.setIn(path, document.createNode(after));
  }
}

function applyToMap(document: Document, path: Path, before: JsonObject, after: JsonObject): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key in after) applyDifferences(document, [...path, key], before[key], after[key]);
    else document.deleteIn([...path, key]);
  }
}

/** Whether the items of lists stand further in than the key they belong to, as the first list in the document has it. */
function indentsLists(document: Document, source: string): boolean {
  let indented = true;
  visit(document, {
    Pair: (_key, { key, value }) => {
      const range = (key as { range?: [number, number, number] } | null)?.range;
      if (!isSeq(value) || value.flow || !range || !value.range) return undefined;
      const marker = /^---[^\n]*\n/.exec(source)?.[0].length ?? 0;
      indented = columnOf(source, marker + value.range[0]) > columnOf(source, marker + range[0]);
      return visit.BREAK;
    },
  });
  return indented;
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}
