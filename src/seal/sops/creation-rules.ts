import { load } from 'js-yaml';
import { compileRe2 } from '../../controls/cel/re2';
import { BulwarkError } from '../../errors';
import { isObject, type JsonObject } from '../../manifest/manifest';
import { readRule } from './metadata';
import type { EncryptionRule } from './rule';

/** What a rule of `.sops.yaml` says about a file. */
export interface CreationRule {
  readonly recipients: readonly string[];
  /** Undefined where the rule leaves it open. */
  readonly rule: EncryptionRule | undefined;
  readonly macOnlyEncrypted: boolean;
}

/** Keys of services, which are not written here; a file without them would be closed to whoever relies on them. */
const OTHER_KEYS = ['kms', 'pgp', 'gcp_kms', 'hckms', 'azure_keyvault', 'hc_vault_transit_uri'];

/**
 * The first rule that fits a file, as SOPS chooses it.
 *
 * @param text Text of `.sops.yaml`.
 * @param where Its path, for messages.
 * @param file Path of the file, from the folder of `.sops.yaml`.
 * @throws BulwarkError when no rule fits, or it asks for keys other than those of age.
 */
export function creationRuleFor(text: string, where: string, file: string): CreationRule {
  const rules = parse(text, where);
  const index = rules.findIndex((rule) => fits(rule, where, file));
  const rule = rules[index];
  if (!rule) {
    throw new BulwarkError(
      `${where}: has no creation rule for ${file}. Add one with a path_regex that it fits and its recipients, or name them with --age.`,
    );
  }
  const place = `${where}: creation rule ${index + 1}`;
  const other = OTHER_KEYS.find((field) => !isEmpty(rule[field]));
  if (other !== undefined) {
    throw new BulwarkError(
      `${place}: asks for keys of ${other} too, and only those of age are written here. Use the sops command for this file.`,
    );
  }
  return {
    recipients: [...recipientsOf(rule.age, place), ...groupRecipients(rule.key_groups, place)],
    rule: readRule(rule, place),
    macOnlyEncrypted: rule.mac_only_encrypted === true,
  };
}

function parse(text: string, where: string): JsonObject[] {
  let config: unknown;
  try {
    config = load(text);
  } catch {
    throw new BulwarkError(`${where}: is not YAML. Correct it.`);
  }
  const rules = isObject(config) ? config.creation_rules : undefined;
  if (Array.isArray(rules) && rules.every(isObject)) return rules;
  throw new BulwarkError(
    `${where}: has no list of creation_rules. Write: creation_rules: [{ age: age1... }].`,
  );
}

function fits(rule: JsonObject, where: string, file: string): boolean {
  const { path_regex: pattern } = rule;
  if (isEmpty(pattern)) return true;
  try {
    return file.search(compileRe2(String(pattern))) >= 0;
  } catch {
    throw new BulwarkError(
      `${where}: path_regex '${String(pattern)}' is no regular expression of RE2. Correct it.`,
    );
  }
}

function groupRecipients(groups: unknown, where: string): string[] {
  if (isEmpty(groups)) return [];
  const [group] = Array.isArray(groups) ? (groups as unknown[]) : [];
  if (
    !Array.isArray(groups) ||
    groups.length > 1 ||
    !isObject(group) ||
    Object.keys(group).join() !== 'age'
  ) {
    throw new BulwarkError(
      `${where}: has key_groups with more than one group of age, which share the key among them. Use the sops command for this file.`,
    );
  }
  return recipientsOf(group.age, where);
}

/** A list, or a text with commas between. */
function recipientsOf(age: unknown, where: string): string[] {
  if (isEmpty(age)) return [];
  const list: unknown[] = Array.isArray(age) ? age : typeof age === 'string' ? age.split(',') : [undefined];
  return list.map((recipient) => {
    if (typeof recipient === 'string' && recipient.trim() !== '') return recipient.trim();
    throw new BulwarkError(`${where}: age is no list of recipients (age1...). Correct it.`);
  });
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}
