import { load, YAMLException } from 'js-yaml';
import { KUBERNETES_SCHEMA } from './yaml-schema';
import { BulwarkError } from '../errors';
import { isObject, type JsonObject, type Manifest } from './manifest';

/** A manifest and where its text begins. */
export interface SourcedManifest {
  readonly manifest: Manifest;
  readonly file: string;
  /** Line of the document's first character, counted from 1. */
  readonly line: number;
  /** Text of the document. */
  readonly source: string;
  /** Where the object stands in the document: empty, or the way through `items` of a List. */
  readonly within: readonly (string | number)[];
}

/** What could be read of a file, and what could not. */
export interface ReadResult {
  readonly manifests: readonly SourcedManifest[];
  /** One error for each document that could not be read; the others were. */
  readonly errors: readonly BulwarkError[];
}

/** More values than characters can only come from aliases that multiply each other (a "billion laughs" document). */
const VALUES_PER_CHARACTER = 4;

/**
 * Reads the Kubernetes objects of a YAML or JSON text: several documents, and the items of `List` kinds, each on their own.
 * Empty documents are passed over. A document that is broken does not keep the others from being read.
 */
export function readManifests(text: string, file: string): ReadResult {
  const manifests: SourcedManifest[] = [];
  const errors: BulwarkError[] = [];
  for (const { source, line } of splitDocuments(text)) {
    try {
      const value = parseDocument(source, { file, line });
      if (value === undefined) continue;
      for (const item of itemsOf(value, { file, line, source, within: [] })) manifests.push(item);
    } catch (error) {
      if (!(error instanceof BulwarkError)) throw error;
      errors.push(error);
    }
  }
  return { manifests, errors };
}

interface Position {
  readonly file: string;
  readonly line: number;
}

/** A line that begins with `---` ends a document wherever it stands, in a block scalar too (YAML 1.2, 9.1.2). */
function splitDocuments(text: string): { source: string; line: number }[] {
  const documents: { source: string; line: number }[] = [];
  let line = 1;
  const [first = '', ...others] = text.replace(/^\uFEFF/, '').split(/^(?=---(?:\s|$))/m);
  // A directive such as `%YAML 1.2` belongs to the document that begins after it.
  const isDirective = /^(?:[ \t]*(?:#.*)?\r?\n)*%/.test(first);
  const sources = isDirective ? [first + (others[0] ?? ''), ...others.slice(1)] : [first, ...others];
  for (const source of sources) {
    documents.push({ source, line });
    line += source.split('\n').length - 1;
  }
  return documents;
}

function parseDocument(source: string, { file, line }: Position): unknown {
  const nul = source.indexOf('\0');
  if (nul >= 0) {
    const at = line + source.slice(0, nul).split('\n').length - 1;
    throw new BulwarkError(
      `${file}:${at}: holds a NUL byte, so it is no text. Give it YAML or JSON in UTF-8.`,
    );
  }
  let value: unknown;
  try {
    value = load(source, { schema: KUBERNETES_SCHEMA });
  } catch (error) {
    throw error instanceof YAMLException ? syntaxError(error, { file, line }) : error;
  }
  refuseAliasBomb(value, source.length, { file, line });
  return value ?? undefined;
}

function syntaxError({ mark, reason }: YAMLException, { file, line }: Position): BulwarkError {
  const at = mark ? `${line + mark.line}:${mark.column + 1}` : `${line}`;
  if (reason.startsWith('nesting exceeded')) {
    return new BulwarkError(
      `${file}:${at}: is nested more than 100 levels deep, as no Kubernetes object is. Correct the brackets or the indentation before it.`,
    );
  }
  // Only the parser's own words: what it quotes, such as an alias or a tag, could be a secret.
  const [words] = /^[^"!<:]*/.exec(reason)!;
  return new BulwarkError(`${file}:${at}: is not YAML: ${words.trimEnd()}. Correct the text there.`);
}

function refuseAliasBomb(root: unknown, characters: number, { file, line }: Position): void {
  let left = 1000 + characters * VALUES_PER_CHARACTER;
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    left -= 1;
    if (left < 0) {
      throw new BulwarkError(
        `${file}:${line}: its aliases repeat each other to far more than the text, or without end. Write the values out.`,
      );
    }
    // One by one: a call with as many arguments as a large list has items overflows the stack.
    if (typeof value === 'object' && value !== null) Object.values(value).forEach((item) => open.push(item));
  }
}

function itemsOf(value: unknown, origin: Omit<SourcedManifest, 'manifest'>): SourcedManifest[] {
  const { file, line, within } = origin;
  if (!isObject(value) || typeof value.kind !== 'string' || typeof value.apiVersion !== 'string') {
    throw new BulwarkError(
      `${file}:${line}: is no Kubernetes object: apiVersion or kind is missing. Add both, or leave the file out.`,
    );
  }
  if (isList(value)) {
    return value.items.flatMap((item, index) =>
      itemsOf(typed(item, value), { ...origin, within: [...within, 'items', index] }),
    );
  }
  return [{ manifest: value as Manifest, ...origin }];
}

/** The items of a list of one kind, such as `PodList`, do not repeat it: the API server writes them so. */
function typed(item: unknown, { apiVersion, kind }: JsonObject): unknown {
  const ownKind = (kind as string).slice(0, -'List'.length);
  if (!isObject(item) || ownKind === '') return item;
  return { ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? ownKind };
}

function isList(value: JsonObject): value is JsonObject & { items: unknown[] } {
  return /List$/.test(value.kind as string) && Array.isArray(value.items);
}
