import { groupBy } from '../groups';
import {
  describeOrigin,
  describePath,
  describeRule,
  describeSubject,
  type EscalationPath,
  type Grant,
} from '../rbac';
import { permissionRows, type PermissionRow } from '../rbac/matrix';
import { printable } from '../wording';
import type { TextOptions } from './text';
import { wrapWords } from './wrap';

const WIDTH = 80;

/** A text at most 80 columns wide, its lines after the first further in. */
function block(text: string, first: number, further = first): string[] {
  return wrapWords(printable(text), WIDTH - Math.max(first, further)).map(
    (line, index) => ' '.repeat(index === 0 ? first : further) + line,
  );
}

function bold(lines: readonly string[], { colour }: TextOptions): string[] {
  return lines.map((line) => (colour ? `\u001b[1m${line}\u001b[0m` : line));
}

function dim(text: string, { colour }: TextOptions): string {
  return colour ? `\u001b[2m${text}\u001b[0m` : text;
}

/**
 * Who may do something, with the rule and the binding of each, and whom Kubernetes itself lets do it in the end.
 * @param own Those whom somebody has bound.
 * @param builtIn Those whom every cluster binds.
 */
export function formatGrants(own: readonly Grant[], builtIn: readonly Grant[], options: TextOptions): string {
  const blocks = own.map((grant) =>
    [
      ...bold(block(describeSubject(grant.subject), 0, 2), options),
      ...block(`may ${describeRule(grant.rule)}`, 2, 4),
      ...block(`by ${describeOrigin(grant)}`, 2, 4),
    ].join('\n'),
  );
  const subjects = builtIn.map(({ subject }) => describeSubject(subject)).join(', ');
  const rest = own.length > 0 ? 'By Kubernetes itself' : "Nobody but Kubernetes' own";
  const last = builtIn.length > 0 ? [block(`${rest}: ${subjects}.`, 0, 2).join('\n')] : [];
  return [...blocks, ...(blocks.length + last.length > 0 ? last : ['Nobody.'])].join('\n\n');
}

/** The verbs that a column stands for, and its letter. */
const COLUMNS = [
  ['get', 'G'],
  ['list', 'L'],
  ['watch', 'W'],
  ['create', 'C'],
  ['update', 'U'],
  ['patch', 'P'],
  ['delete', 'D'],
  ['deletecollection', 'A'],
] as const;

const LEGEND = 'G get  L list  W watch  C create  U update  P patch  D delete  A delete all';
const LONGEST_RESOURCE = 60;

/**
 * What somebody may do, as a table for each namespace: a row for each resource, and a letter for each of the usual verbs; the
 * other verbs in words.
 * @param title Whose rights these are.
 * @param ofEverybody Names of the roles that everybody has, whose rights are left out.
 */
export function formatMatrix(
  title: string,
  grants: readonly Grant[],
  ofEverybody: readonly string[],
  options: TextOptions,
): string {
  const rows = permissionRows(grants);
  const width = Math.min(LONGEST_RESOURCE, Math.max(0, ...rows.map(({ resource }) => resource.length)));
  const tables = [...groupBy(rows, placeOf)].map(([place, some]) =>
    [...bold(block(place, 0, 2), options), ...some.flatMap((row) => rowOf(row, width, options))].join('\n'),
  );
  const everybody = `${rows.length > 0 ? 'And what' : `${title} may do nothing but what`} Kubernetes lets everybody like it do: ${ofEverybody.join(', ')}.`;
  const last = ofEverybody.length > 0 ? everybody : rows.length > 0 ? '' : `${title} may do nothing.`;
  return [
    ...(rows.length > 0 ? [block(`${title} may`, 0, 2).join('\n'), ...tables, LEGEND] : []),
    ...(last === '' ? [] : [block(last, 0).join('\n')]),
  ].join('\n\n');
}

function placeOf({ namespace, resource }: PermissionRow): string {
  if (resource.startsWith('/')) return 'URLs';
  return namespace === undefined ? 'all namespaces, and what is in none' : `namespace ${namespace}`;
}

function rowOf({ resource, names, verbs }: PermissionRow, width: number, options: TextOptions): string[] {
  const isAny = verbs.includes('*');
  const letters = COLUMNS.map(([verb, letter]) =>
    isAny || verbs.includes(verb) ? letter : dim('.', options),
  ).join(' ');
  const known: readonly string[] = COLUMNS.map(([verb]) => verb);
  const others = verbs
    .filter((verb) => !known.includes(verb))
    .map((verb) => (verb === '*' ? 'any verb' : verb));
  const more = [...others, ...(names.length > 0 ? [`only ${names.join(', ')}`] : [])].join('; ');
  const [name = '', ...cut] = block(resource, 2);
  const head = cut.length > 0 || name.length > width + 2 ? [name, ...cut] : [];
  const line = `${head.length > 0 ? ' '.repeat(width + 2) : name.padEnd(width + 2)}  ${letters}`;
  return [...head, line, ...(more === '' ? [] : block(more, 6))];
}

/** Ways to escalate, one after the other. */
export function formatPaths(paths: readonly EscalationPath[], options: TextOptions): string {
  const text = (path: EscalationPath) => {
    const [title = '', ...lines] = describePath(path).split('\n');
    return [...bold(block(title, 0, 2), options), ...lines.flatMap(indented)].join('\n');
  };
  return paths.map(text).join('\n\n');
}

/** What a line begins with, spaces and the number of a step, is what the rest of it is set in by. */
function indented(line: string): string[] {
  const [start = ''] = /^ *(\d+\. )?/.exec(line) ?? [];
  const [first = '', ...rest] = block(line.slice(start.length), start.length);
  return [start + first.slice(start.length), ...rest];
}
