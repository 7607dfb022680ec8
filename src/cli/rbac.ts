import fs from 'node:fs';
import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
import {
  describePower,
  describeSubject,
  escalationOf,
  grantToJson,
  isBuiltIn,
  pathsToDot,
  pathToJson,
  permissionRows,
  type ApiRequest,
  type EscalationPath,
  type Grant,
} from '../rbac';
import {
  checkNamespace,
  checkResource,
  checkSubject,
  checkVerb,
  wordsOf,
  type RightsWords,
} from '../rbac/words';
import { formatGrants, formatMatrix, formatPaths } from '../report/rights-text';
import type { CommandResult } from './command';
import { readPaths, refuseUnread } from './input';
import { oneOf } from './one-of';

/** Options of `bulwark who-can`, as they are typed. */
export interface WhoCanOptions {
  readonly namespace?: string;
  readonly name?: string;
  readonly format?: string;
}

/** How a command about rights prints. */
interface Display {
  readonly colour: boolean;
}

const PLAIN: Display = { colour: false };

/**
 * `bulwark who-can VERB RESOURCE`: every subject that a binding gives the right, with the rule and the binding, and the names of
 * those whom Kubernetes itself gives it. Ends with 1 when there are no others.
 */
export function whoCanCommand(
  [verb, resource]: readonly [verb: string, resource: string],
  paths: readonly string[],
  { namespace, name, format = 'text' }: WhoCanOptions,
  display: Display = PLAIN,
): CommandResult {
  const print = oneOf(format, ['text', 'json'], '--format');
  const words = wordsOf(manifestsIn(paths));
  const { request, notes } = requestOf([verb, resource], { namespace, name }, words);
  const grants = words.rbac.whoCan(request);
  const own = grants.filter((grant) => !isBuiltIn(grant));
  const builtIn = grants.filter(isBuiltIn);
  const output =
    print === 'json'
      ? JSON.stringify(
          grants.map((grant) => ({ ...grantToJson(grant), builtIn: isBuiltIn(grant) })),
          null,
          2,
        )
      : formatGrants(own, builtIn, display);
  return { ...result([output], own.length === 0), notes };
}

/** What is asked, and what is to be said of it. */
function requestOf(
  [verb, resource]: readonly [verb: string, resource: string],
  { namespace, name }: WhoCanOptions,
  words: RightsWords,
): { readonly request: ApiRequest; readonly notes: readonly string[] } {
  if (resource.startsWith('/')) return { request: urlRequest(verb, resource, namespace ?? name), notes: [] };
  const { typed, notes } = checkResource(resource, words);
  return {
    request: { verb, ...typed, ...(namespace && { namespace }), ...(name && { name }) },
    notes: [...checkVerb(verb, words), ...notes, ...checkNamespace(namespace, words)],
  };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

function urlRequest(verb: string, path: string, place: string | undefined): ApiRequest {
  if (place !== undefined)
    throw new BulwarkError(`${path} is in no namespace and has no name. Leave these out.`);
  return { verb: oneOf(verb, METHODS, `the verb of ${path}`), path };
}

/** Options of `bulwark can`, as they are typed. */
export interface CanOptions {
  readonly format?: string;
}

/** `bulwark can SUBJECT`: what a subject may do, as a matrix of resources and verbs. */
export function canCommand(
  text: string,
  paths: readonly string[],
  { format = 'text' }: CanOptions = {},
  display: Display = PLAIN,
): CommandResult {
  const print = oneOf(format, ['text', 'json'], '--format');
  const words = wordsOf(manifestsIn(paths));
  const { subject, notes } = checkSubject(text, words);
  const all = words.rbac.permissionsOf(subject);
  const isEverybodys = (grant: Grant) => EVERYBODY.has(grant.subject.name) && isBuiltIn(grant);
  const roles = [...new Set(all.filter(isEverybodys).map(({ role }) => role.metadata?.name ?? ''))];
  const output =
    print === 'json'
      ? JSON.stringify(permissionRows(all), null, 2)
      : formatMatrix(
          describeSubject(subject),
          all.filter((grant) => !isEverybodys(grant)),
          roles,
          display,
        );
  return { ...result([output], false), notes };
}

const EVERYBODY: ReadonlySet<string> = new Set([
  ...['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts'],
]);

/** Options of `bulwark escalate`, as they are typed. */
export interface EscalateOptions {
  readonly format: string;
}

type Print = (paths: readonly EscalationPath[], display: Display) => string;

const FORMATS: Readonly<Record<string, Print>> = {
  text: (paths, display) => {
    const all = paths.find(({ to }) => to.kind === 'cluster');
    // Who has everything gains nothing by another way.
    const told = paths.length > 1 && all && isOfOne(paths) ? [all] : paths;
    return told.length > 0 ? formatPaths(told, display) : 'No way was found.';
  },
  json: (paths) => JSON.stringify(paths.map(pathToJson), null, 2),
  dot: (paths) => pathsToDot(paths),
};

function isOfOne(paths: readonly EscalationPath[]): boolean {
  return paths.every(({ from }) => describePower(from) === describePower(paths[0]!.from));
}

/**
 * `bulwark escalate [SUBJECT]`: for a subject, the shortest way to everything it gains; without one, who gets to the whole
 * cluster or to a node, apart from those whom Kubernetes itself gives that. Ends with 1 when there is a way.
 */
export function escalateCommand(
  args: readonly string[],
  { format }: EscalateOptions,
  display: Display = PLAIN,
): CommandResult {
  const print = FORMATS[oneOf(format, Object.keys(FORMATS), '--format')]!;
  const [who, paths] = subjectAndPaths(args);
  const manifests = manifestsIn(paths);
  const escalation = escalationOf(manifests);
  const { subject, notes } = who === undefined ? NOBODY : checkSubject(who, wordsOf(manifests));
  const found = subject
    ? escalation.pathsFrom(subject).filter(({ to }) => to.kind !== 'subject' || to.subject.kind !== 'Group')
    : escalation.critical().filter((path) => !isOfKubernetes(path));
  return {
    ...result([print(found, display)], found.length > 0),
    notes,
    unremarkable: format === 'text' && found.length === 0,
  };
}

const NOBODY = { subject: undefined, notes: [] } as const;

/** A first argument that reads as a subject is one, and one that is no file may have been meant as one. */
function subjectAndPaths(args: readonly string[]): readonly [string | undefined, readonly string[]] {
  const [first = '', ...rest] = args;
  const isSubject = /^(user|group|service-?account|sa)[: ]|^system:serviceaccount:/i.test(first);
  const paths = isSubject ? rest : args;
  if (!isSubject && rest.length > 0 && !fs.existsSync(first) && first !== '-')
    throw new BulwarkError(
      `${first}: there is no such file or folder, and it is no subject. Write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME, or correct the path.`,
    );
  if (paths.length === 0)
    throw new BulwarkError('Name the files or folders with the manifests after the subject.');
  return [isSubject ? first : undefined, paths];
}

/** Whether somebody has the way from a binding of Kubernetes' own alone. */
function isOfKubernetes({ from }: EscalationPath): boolean {
  return from.kind === 'subject' && builtIn().has(describeSubject(from.subject));
}

function builtIn(): ReadonlySet<string> {
  const critical = escalationOf([]).critical();
  return new Set(critical.map(({ from }) => (from.kind === 'subject' ? describeSubject(from.subject) : '')));
}

function manifestsIn(paths: readonly string[]): Manifest[] {
  const { manifests, errors } = readPaths(paths);
  refuseUnread(
    errors.map(({ message }) => message),
    'Nothing was answered',
  );
  return manifests.map(({ manifest }) => manifest);
}

function result(lines: readonly string[], isFinding: boolean): CommandResult {
  return { output: lines.join('\n'), errors: [], exitCode: isFinding ? 1 : 0 };
}
