import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { BulwarkError } from '../../errors';

/** What is done with the values and comments of a document, in its order. */
export interface Visitor {
  /**
   * @param path Keys on the way; the positions in lists are not among them.
   * @returns the comment that the value turned out to be: SOPS writes those within a list as items of it.
   */
  readonly scalar: (scalar: Scalar, path: readonly string[]) => string | undefined;
  /** One line of a comment, without its `#`. What is returned takes its place. */
  readonly comment: (line: string, path: readonly string[]) => string;
}

/**
 * Parses one YAML document, and refuses what SOPS does not know or readers of YAML disagree on.
 * @throws BulwarkError with the line, and nothing of the text.
 */
export function parseTree(text: string, where: string): Document {
  const document = parseDocument(text, { version: '1.2', logLevel: 'error' });
  const [error] = document.errors;
  if (error) {
    const line = error.linePos?.[0].line;
    const several = error.code === 'MULTIPLE_DOCS';
    throw new BulwarkError(
      `${where}${line === undefined ? '' : `:${line}`}: ${several ? 'holds several documents. Put one Secret in each file.' : `is not YAML (${error.code}). Correct the text there.`}`,
    );
  }
  if (!isMap(document.contents)) {
    throw new BulwarkError(`${where}: is no mapping of YAML. Give it a Kubernetes object.`);
  }
  return document;
}

/** Visits every value and comment, the order being that of the text. @throws BulwarkError for aliases, tags and keys that are no text. */
export function visitTree(root: YAMLMap, where: string, visitor: Visitor): void {
  visitMap(root, [], { where, visitor });
}

interface Walk {
  readonly where: string;
  readonly visitor: Visitor;
}

function visitMap(map: YAMLMap, path: readonly string[], walk: Walk): void {
  for (const { key, value } of map.items) {
    if (!isScalar(key) || typeof key.value !== 'string' || key.value === '<<') {
      throw new BulwarkError(
        `${walk.where}: has a key below '${path.join('.')}' that is no text, which SOPS refuses. Put it in quotes, and write merge keys out.`,
      );
    }
    visitComments(key, path, walk);
    const own = [...path, key.value];
    if (visitNode(value as Node | null, { parent: path, path: own }, walk) !== undefined) {
      throw new BulwarkError(
        `${walk.where}: ${own.join('.')} is a comment in place of a value. Take the file from its history.`,
      );
    }
  }
}

function visitNode(
  node: Node | null,
  place: { readonly parent: readonly string[]; readonly path: readonly string[] },
  walk: Walk,
): string | undefined {
  if (node === null) return undefined;
  const { parent, path } = place;
  if (isAlias(node) || (node.tag !== undefined && !/^tag:yaml\.org,2002:(?:str|map|seq)$/.test(node.tag))) {
    throw new BulwarkError(
      `${walk.where}: ${path.join('.')} has an alias or a tag, and readers of YAML differ on those. Write the value out.`,
    );
  }
  visitComments(node, isScalar(node) ? parent : path, walk);
  if (isMap(node)) visitMap(node, path, walk);
  if (isSeq(node)) visitSeq(node, path, walk);
  return isScalar(node) ? walk.visitor.scalar(node, path) : undefined;
}

function visitSeq(seq: YAMLSeq, path: readonly string[], walk: Walk): void {
  const comments: string[] = [];
  seq.items = seq.items.filter((item) => {
    const comment = visitNode(item as Node | null, { parent: path, path }, walk);
    if (comment !== undefined) {
      comments.push(comment);
      return false;
    }
    if (isNode(item) && comments.length > 0) {
      item.commentBefore = [item.commentBefore, ...comments.splice(0)].filter(Boolean).join('\n');
    }
    return true;
  });
}

function visitComments(node: Node, path: readonly string[], { visitor }: Walk): void {
  for (const field of ['commentBefore', 'comment'] as const) {
    const text = node[field];
    if (text) {
      node[field] = text
        .split('\n')
        .map((line) => (line === '' ? line : visitor.comment(line, path)))
        .join('\n');
    }
  }
}
