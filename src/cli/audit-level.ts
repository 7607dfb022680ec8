import {
  auditDecision,
  type AuditedRequest,
  type AuditPolicy,
  type AuditRule,
} from '../control-plane/audit-policy';
import { BulwarkError } from '../errors';
import { isAuditPolicy } from '../controls/node-files';
import type { CommandResult } from './command';
import { readPaths } from './input';
import { parseResource } from '../manifest/typed-resource';

/** Options of `bulwark audit-level`, as they are typed. */
export interface AuditLevelOptions {
  readonly namespace?: string;
  readonly name?: string;
  readonly group?: readonly string[];
}

/**
 * `bulwark audit-level USER VERB RESOURCE`: how much of a request an audit policy writes to the log, and by which rule.
 * @throws BulwarkError when the resource is none, or when there is not exactly one audit policy.
 */
export function auditLevelCommand(
  [user, verb, resource]: readonly [user: string, verb: string, resource: string],
  paths: readonly string[],
  options: AuditLevelOptions,
): CommandResult {
  const { manifests, errors } = readPaths(paths);
  const policies = manifests.filter(({ manifest }) => isAuditPolicy(manifest));
  const [found] = policies;
  if (!found || policies.length > 1) {
    throw new BulwarkError(
      `${paths.join(', ')}: ${policies.length} audit policies are there (audit.k8s.io Policy), and one decides. Name the file of one.`,
    );
  }
  const policy = found.manifest as unknown as AuditPolicy;
  const { level, rule } = auditDecision(policy, {
    user,
    verb,
    groups: groupsOf(options),
    target: targetOf(resource, options),
  });
  const because =
    rule === undefined ? 'no rule matches' : `rule ${rule + 1}: ${describeRule(policy.rules[rule]!)}`;
  return {
    output: `${level}  (${because})`,
    errors: errors.map(({ message }) => message),
    exitCode: errors.length > 0 ? 2 : 0,
  };
}

/** Everybody who is authenticated is in this group, without being told so. */
function groupsOf({ group = [] }: AuditLevelOptions): string[] {
  return [...group, 'system:authenticated'];
}

function targetOf(text: string, { namespace = '', name }: AuditLevelOptions): AuditedRequest['target'] {
  if (text.startsWith('/')) return { path: text };
  return { ...parseResource(text), namespace, ...(name !== undefined && { name }) };
}

function describeRule({ level: _level, ...rule }: AuditRule): string {
  const parts = Object.entries(rule).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return parts.length > 0 ? parts.join(', ') : 'everything';
}
