import { BulwarkError } from '../errors';
import type { Manifest } from '../manifest/manifest';
import {
  describeGrant,
  describePath,
  describeSubject,
  escalationOf,
  parseSubject,
  pathsToDot,
  pathToJson,
  permissionMatrix,
  rbacOf,
  type EscalationPath,
  type ResourceRequest,
} from '../rbac';
import type { CommandResult } from './command';
import { readPaths } from './input';
import { oneOf } from './one-of';
import { parseResource } from './resource';

/** Options of `bulwark who-can`, as they are typed. */
export interface WhoCanOptions {
  readonly namespace?: string;
  readonly name?: string;
}

/**
 * `bulwark who-can VERB RESOURCE`: every subject that a binding gives the right, a line each, with the rule and the binding.
 * Ends with 1 when there is none.
 */
export function whoCanCommand(
  verb: string,
  resource: string,
  paths: readonly string[],
  options: WhoCanOptions,
): CommandResult {
  const { manifests, errors } = manifestsIn(paths);
  const request = requestOf(verb, resource, options);
  const grants = rbacOf(manifests).whoCan(request);
  const lines = grants.map(describeGrant);
  return result(lines.length > 0 ? lines : ['Nobody.'], errors, lines.length === 0);
}

function requestOf(verb: string, text: string, { namespace, name }: WhoCanOptions): ResourceRequest {
  return { verb, ...parseResource(text), ...(namespace && { namespace }), ...(name && { name }) };
}

/** `bulwark can SUBJECT`: what a subject may do, as a matrix of resources and verbs. */
export function canCommand(subject: string, paths: readonly string[]): CommandResult {
  const { manifests, errors } = manifestsIn(paths);
  const who = parseSubject(subject);
  const matrix = permissionMatrix(rbacOf(manifests).permissionsOf(who));
  return result(matrix === '' ? [`${describeSubject(who)} may do nothing.`] : [matrix], errors, false);
}

/** Options of `bulwark escalate`, as they are typed. */
export interface EscalateOptions {
  readonly format: string;
}

const FORMATS: Readonly<Record<string, (paths: readonly EscalationPath[]) => string>> = {
  text: (paths) => (paths.length > 0 ? paths.map(describePath).join('\n\n') : 'No way was found.'),
  json: (paths) => JSON.stringify(paths.map(pathToJson), null, 2),
  dot: pathsToDot,
};

/**
 * `bulwark escalate [SUBJECT]`: for a subject, the shortest way to everything it gains; without one, who gets to the whole
 * cluster or to a node, apart from those whom Kubernetes itself gives that. Ends with 1 when there is a way.
 */
export function escalateCommand(args: readonly string[], { format }: EscalateOptions): CommandResult {
  const print = FORMATS[oneOf(format, Object.keys(FORMATS), '--format')]!;
  const [subject, paths] = subjectAndPaths(args);
  const { manifests, errors } = manifestsIn(paths);
  const escalation = escalationOf(manifests);
  const found = subject
    ? escalation.pathsFrom(subject).filter(({ to }) => to.kind !== 'subject' || to.subject.kind !== 'Group')
    : escalation.critical().filter((path) => !isBuiltIn(path));
  return {
    ...result([print(found)], errors, found.length > 0),
    unremarkable: format === 'text' && found.length === 0,
  };
}

/** A first argument that reads as a subject is one. */
function subjectAndPaths(args: readonly string[]) {
  const [first = '', ...rest] = args;
  const isSubject = /^(user|group|service-?account|sa)[: ]|^system:serviceaccount:/i.test(first);
  const paths = isSubject ? rest : args;
  if (paths.length === 0)
    throw new BulwarkError('Name the files or folders with the manifests after the subject.');
  return [isSubject ? parseSubject(first) : undefined, paths] as const;
}

/** Whether somebody has the way from a binding of Kubernetes' own alone. */
function isBuiltIn({ from }: EscalationPath): boolean {
  return from.kind === 'subject' && builtIn().has(describeSubject(from.subject));
}

function builtIn(): ReadonlySet<string> {
  const critical = escalationOf([]).critical();
  return new Set(critical.map(({ from }) => (from.kind === 'subject' ? describeSubject(from.subject) : '')));
}

function manifestsIn(paths: readonly string[]): { manifests: Manifest[]; errors: readonly BulwarkError[] } {
  const { manifests, errors } = readPaths(paths);
  return { manifests: manifests.map(({ manifest }) => manifest), errors };
}

function result(
  lines: readonly string[],
  errors: readonly BulwarkError[],
  isFinding: boolean,
): CommandResult {
  return {
    output: lines.join('\n'),
    errors: errors.map(({ message }) => message),
    exitCode: errors.length > 0 ? 2 : isFinding ? 1 : 0,
  };
}
