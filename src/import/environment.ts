import { Unsaid, type Reading } from './reading';
import { call, reference, verbatim, type Code } from './source-text';

/** The environment of a container, in the words of cdk8s-plus. */
export function environment(container: Reading): Code | undefined {
  const variables = container.each('env').map((variable): [string, Code] => {
    const name = variable.text('name') ?? '';
    // JavaScript sorts keys that are numbers before others.
    if (/^\d*$/.test(name)) throw new Unsaid(variable.path);
    const value = environmentValue(variable);
    variable.close();
    return [name, value];
  });
  if (new Set(variables.map(([name]) => name)).size < variables.length)
    throw new Unsaid(`${container.path}.env`);
  return variables.length > 0 ? Object.fromEntries(variables) : undefined;
}

/** Whole ConfigMaps and Secrets that become variables. */
export function environmentSources(container: Reading): Code | undefined {
  const sources = container.each('envFrom').map((source) => {
    const prefix = source.text('prefix');
    const config = source.within('configMapRef');
    const secret = source.within('secretRef');
    source.close();
    if (config) {
      const named = nameIn('ConfigMap', config);
      return call('Env.fromConfigMap', named, ...(prefix === undefined ? [] : [prefix]));
    }
    // cdk8s-plus has no prefix for Secrets.
    if (!secret || prefix !== undefined) throw new Unsaid(source.path);
    return call('Env.fromSecret', nameIn('Secret', secret));
  });
  return sources.length > 0 ? sources : undefined;
}

const FIELD_PATHS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'metadata.name': 'POD_NAME',
    'metadata.namespace': 'POD_NAMESPACE',
    'metadata.uid': 'POD_UID',
    'status.podIP': 'POD_IP',
    'spec.serviceAccountName': 'SERVICE_ACCOUNT_NAME',
    'spec.nodeName': 'NODE_NAME',
    'status.hostIP': 'NODE_IP',
    'status.podIPs': 'POD_IPS',
  }),
);

function environmentValue(variable: Reading): Code {
  const value = variable.text('value');
  const from = variable.within('valueFrom');
  if (!from) return call('EnvValue.fromValue', value ?? '');
  const secret = from.within('secretKeyRef');
  const config = from.within('configMapKeyRef');
  const field = from.within('fieldRef');
  const resource = from.within('resourceFieldRef');
  from.close();
  if (resource) return resourceValue(resource);
  if (secret) {
    const named = { secret: referred('Secret', secret), key: keyOf(secret) };
    return call('EnvValue.fromSecretValue', named, ...optional(secret));
  }
  if (config)
    return call('EnvValue.fromConfigMap', referred('ConfigMap', config), keyOf(config), ...optional(config));
  const path = FIELD_PATHS.get(field?.text('fieldPath') ?? '');
  if (!field || path === undefined) throw new Unsaid(from.path);
  field.expect('apiVersion', 'v1');
  field.close();
  return call('EnvValue.fromFieldRef', verbatim(`EnvFieldPaths.${path}`));
}

const RESOURCE_PATHS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'limits.cpu': 'CPU_LIMIT',
    'limits.memory': 'MEMORY_LIMIT',
    'requests.cpu': 'CPU_REQUEST',
    'requests.memory': 'MEMORY_REQUEST',
    'limits.ephemeral-storage': 'STORAGE_LIMIT',
    'requests.ephemeral-storage': 'STORAGE_REQUEST',
  }),
);

function resourceValue(reading: Reading): Code {
  const path = RESOURCE_PATHS.get(reading.text('resource') ?? '');
  const divisor = reading.quantity('divisor');
  reading.close();
  if (path === undefined) throw new Unsaid(reading.path);
  const options = divisor === undefined || divisor === '0' ? [] : [{ divisor }];
  return call('EnvValue.fromResource', verbatim(`ResourceFieldPaths.${path}`), ...options);
}

function nameIn(kind: 'Secret' | 'ConfigMap', reading: Reading): Code {
  const named = referred(kind, reading);
  reading.expect('optional', false);
  reading.close();
  return named;
}

function referred(kind: 'Secret' | 'ConfigMap', reading: Reading): Code {
  const name = reading.text('name');
  if (name === undefined) throw new Unsaid(`${reading.path}.name`);
  return reference(kind, name);
}

function keyOf(reading: Reading): string {
  const key = reading.text('key');
  if (key === undefined) throw new Unsaid(`${reading.path}.key`);
  return key;
}

function optional(reading: Reading): Code[] {
  const isOptional = reading.flag('optional') ?? false;
  reading.close();
  return isOptional ? [{ optional: true }] : [];
}
