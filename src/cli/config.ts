import fs from 'node:fs';
import { load } from 'js-yaml';
import type { AuditOptions } from '../controls/audit';
import { SEVERITIES, type Parameters, type Severity } from '../controls/control';
import { PROFILES, type ProfileName } from '../controls/profiles';
import type { FileWaiver } from '../controls/waived';
import { BulwarkError } from '../errors';
import { isObject, type JsonObject } from '../manifest/manifest';
import { oneOf } from './one-of';

/** What `bulwark.yaml` may say. Options of the command come before it. */
export interface Config {
  readonly target?: string;
  readonly profile?: ProfileName;
  readonly failOn?: Severity;
  readonly parameters: Parameters;
}

/** The configuration that is read when none is named. */
const DEFAULT_CONFIG = 'bulwark.yaml';

const CONFIG_KEYS = ['target', 'profile', 'failOn', 'parameters'] as const;
const PARAMETER_KEYS = ['registries'] as const;
const WAIVER_KEYS = ['control', 'reason', 'expires', 'kind', 'namespace', 'name'] as const;

/**
 * Reads the configuration.
 * @param file Path; undefined for `bulwark.yaml` in the working directory, which may be missing.
 * @throws BulwarkError when it cannot be read, or says what no configuration can.
 */
export function readConfig(file: string | undefined): Config {
  if (file === undefined && !fs.existsSync(DEFAULT_CONFIG)) return { parameters: {} };
  const name = file ?? DEFAULT_CONFIG;
  const config = section(readYaml(name) ?? {}, name, CONFIG_KEYS);
  const parameters = section(config.parameters ?? {}, `${name}: parameters`, PARAMETER_KEYS);
  return {
    ...(config.target !== undefined && { target: text(config.target, `${name}: target`) }),
    ...(config.profile !== undefined && { profile: parseProfile(config.profile, `${name}: profile`) }),
    ...(config.failOn !== undefined && { failOn: parseSeverity(config.failOn, `${name}: failOn`) }),
    parameters: {
      ...(parameters.registries !== undefined && { registries: registries(parameters.registries, name) }),
    },
  };
}

/** What a command that compares or reports asks the controls with, as it is typed. */
export interface AuditFlags {
  readonly target?: string;
  readonly profile?: string;
  readonly waivers?: string;
}

/** Options of a command, which come before those of `bulwark.yaml`. */
export function auditOptions(flags: AuditFlags): AuditOptions {
  const config = readConfig(undefined);
  const profile = flags.profile === undefined ? config.profile : parseProfile(flags.profile, '--profile');
  return {
    target: flags.target ?? config.target,
    parameters: config.parameters,
    waivers: readWaivers(flags.waivers),
    ...(profile && { profile }),
  };
}

/**
 * Reads a file of waivers: a list of `{ control, reason, expires?, kind?, namespace?, name? }`.
 * @throws BulwarkError when it cannot be read or is no such list. What a waiver says is judged with the findings.
 */
export function readWaivers(file: string | undefined): FileWaiver[] {
  if (file === undefined) return [];
  const list = readYaml(file) ?? [];
  if (!Array.isArray(list)) {
    throw new BulwarkError(
      `${file}: is no list. Write one entry for each waiver: - { control: no-host-network, reason: ..., name: agent }.`,
    );
  }
  return list.map((entry, index) => {
    const where = `${file}: entry ${index + 1}`;
    const waiver = Object.fromEntries(
      Object.entries(section(entry, where, WAIVER_KEYS)).map(([key, value]) => [
        key,
        text(value, `${where}: ${key}`),
      ]),
    );
    const { control = '', reason = '' } = waiver;
    const manifest = {
      apiVersion: 'cdk8s-bulwark',
      kind: 'Waiver',
      metadata: { name: control || `entry ${index + 1}` },
    };
    return { ...waiver, control, reason, entry: manifest };
  });
}

/** @throws BulwarkError when there is no such profile. */
export function parseProfile(value: unknown, where: string): ProfileName {
  return oneOf(String(value), Object.keys(PROFILES) as ProfileName[], where, 'profile');
}

/** @throws BulwarkError when there is no such severity. */
export function parseSeverity(value: unknown, where: string): Severity {
  return oneOf(String(value), SEVERITIES, where, 'severity');
}

function readYaml(file: string): unknown {
  try {
    return load(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    const { code, reason, mark } = error as NodeJS.ErrnoException & {
      reason?: string;
      mark?: { line: number; column: number };
    };
    const place = mark ? `:${mark.line + 1}:${mark.column + 1}` : '';
    if (code === 'ENOENT') throw new BulwarkError(`${file}: there is no such file. Correct the path.`);
    throw new BulwarkError(
      `${file}${place}: ${reason ? `is not YAML: ${reason}` : `cannot be read (${code})`}. Correct it.`,
    );
  }
}

function section(value: unknown, where: string, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw new BulwarkError(`${where}: is no mapping. Write it as key: value.`);
  const stranger = Object.keys(value).find((key) => !keys.includes(key));
  if (stranger === undefined) return value;
  throw new BulwarkError(
    `${where}: does not know '${stranger}', so it would have no effect. Use one of: ${keys.join(', ')}.`,
  );
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  // YAML reads a bare 2027-01-31 as a day.
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  throw new BulwarkError(`${where}: is no text. Put it in quotes.`);
}

function registries(value: unknown, file: string): string[] {
  const where = `${file}: parameters.registries`;
  if (!Array.isArray(value))
    throw new BulwarkError(`${where}: is no list. Write for example ['registry.example/'].`);
  return value.map((prefix) => {
    const registry = text(prefix, where);
    if (registry.endsWith('/')) return registry;
    throw new BulwarkError(
      `${where}: '${registry}' does not end in '/', so '${registry}.evil/x' would pass. Write '${registry}/'.`,
    );
  });
}
