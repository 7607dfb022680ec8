import { isObject, type Manifest } from '../manifest/manifest';
import type { Waiver } from '../controls/waiver';
import type { Uses } from './container';
import type { Excuses, Imported } from './excuses';
import { inComment, namer, pascalCase } from './names';
import { call, statement, verbatim, type Code, type Value } from './source-text';

/** The objects that go into one file. */
export interface Group {
  /** Name of the class. */
  readonly className: string;
  /** Undefined for what belongs to no namespace, or says none. */
  readonly namespace: string | undefined;
  readonly objects: readonly Imported[];
  readonly secrets: readonly Manifest[];
  readonly uses: CollectedUses;
}

/** What the code of a group uses. */
export interface CollectedUses extends Uses {
  readonly names: { readonly plus: Set<string>; readonly cdk8s: Set<string>; readonly own: Set<string> };
  /** Variables of objects that are there already, with the code that makes them. */
  readonly references: Map<string, { readonly variable: string; readonly code: Code }>;
  readonly variable: (wanted: string) => string;
}

/** Notes down what the code of a group uses. */
export function collectUses(): CollectedUses {
  const names = { plus: new Set<string>(), cdk8s: new Set<string>(), own: new Set<string>() };
  const references: CollectedUses['references'] = new Map();
  const variable = namer();
  return {
    names,
    references,
    variable,
    plus: (name) => void names.plus.add(name),
    cdk8s: (name) => void names.cdk8s.add(name),
    reference: (kind, name) => {
      const known = references.get(`${kind} ${name}`);
      if (known) return verbatim(known.variable);
      names.plus.add(kind);
      const own = variable(variableName(name, kind));
      const code = call(`${kind}.from${kind}Name`, verbatim('this'), `${kind}-${idOf(name)}`, name);
      references.set(`${kind} ${name}`, { variable: own, code });
      return verbatim(own);
    },
  };
}

const INDENT = '    ';

/** The text of the file of a group. */
export function groupCode(group: Group, excuses: Excuses): string {
  const { className, namespace, objects, secrets, uses } = group;
  const accounts = accountVariables(group);
  const bodies = objects.map((object) =>
    objectCode(object, group, { accounts, excused: excuses.get(object)! }),
  );
  const references = [...uses.references.values()].map(({ variable, code }) =>
    statement(`const ${variable} = `, code, INDENT),
  );
  const blocks = [
    ...secrets.map(secretComment),
    ...(references.length > 0 ? [references.join('\n')] : []),
    ...bodies,
  ];
  const options = namespace === undefined ? '' : `, { namespace: '${namespace}' }`;
  const what =
    namespace === undefined
      ? 'Everything that belongs to no namespace, or names none.'
      : `The namespace ${namespace}.`;
  uses.cdk8s('Chart');
  return `${imports(uses, namespace !== undefined)}
/** ${what} */
export class ${className} extends Chart {
  constructor(scope: Construct) {
    super(scope, '${namespace ?? 'Cluster'}'${options});

${blocks.join('\n\n')}
  }
}
`;
}

function imports({ names }: CollectedUses, isBelow: boolean): string {
  const from = (list: ReadonlySet<string>, module: string) =>
    list.size === 0 ? '' : importLine([...list].sort(), module);
  const needsExcuse = names.own.has('excuse');
  const own = new Set([...names.own].filter((name) => name !== 'excuse'));
  return [
    from(names.cdk8s, 'cdk8s'),
    from(own, 'cdk8s-bulwark'),
    from(names.plus, 'cdk8s-plus-27'),
    "import type { Construct } from 'constructs';\n",
    needsExcuse ? `import { excuse } from '${isBelow ? '../' : './'}excuse';\n` : '',
  ].join('');
}

/** An import as prettier would format it. */
export function importLine(names: readonly string[], module: string): string {
  const line = `import { ${names.join(', ')} } from '${module}';`;
  if (line.length <= 100) return `${line}\n`;
  return `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${module}';\n`;
}

/** Variables of the accounts that workloads name, which come before these. */
function accountVariables({ objects, uses }: Group): ReadonlyMap<string, string> {
  const imported = new Set(
    objects
      .filter(({ representation }) => representation.as === 'account')
      .map(({ manifest }) => nameOf(manifest)),
  );
  const named = objects.flatMap(({ representation }) =>
    representation.as === 'workload' ? (representation.workload.account ?? []) : [],
  );
  return new Map(
    [...new Set(named)]
      .filter((name) => imported.has(name))
      .map((name) => [name, uses.variable(variableName(name, 'ServiceAccount'))]),
  );
}

interface Surroundings {
  readonly accounts: ReadonlyMap<string, string>;
  readonly excused: ReadonlySet<string>;
}

function objectCode(object: Imported, { uses }: Group, { accounts, excused }: Surroundings): string {
  const { manifest } = object;
  const made = constructCode(object, uses, accounts);
  const known = object.representation.as === 'account' ? accounts.get(nameOf(manifest)) : undefined;
  if (excused.size === 0) return statement(known === undefined ? '' : `const ${known} = `, made, INDENT);
  const variable = known ?? uses.variable(variableName(nameOf(manifest), manifest.kind));
  return [
    statement(`const ${variable} = `, made, INDENT),
    ...excuseCode(variable, object, { uses, excused }),
  ].join('\n');
}

function excuseCode(
  variable: string,
  { waivers }: Imported,
  { uses, excused }: { readonly uses: CollectedUses; readonly excused: ReadonlySet<string> },
): string[] {
  const undecided = [...excused].filter((id) => !waivers.has(id)).sort();
  if (undecided.length > 0) uses.names.own.add('excuse');
  const decided = [...excused].flatMap((id) => waivers.get(id) ?? []);
  if (decided.length > 0) uses.names.own.add('Waivers');
  return [
    ...decided.map((waiver) => statement('', waiverCall(variable, waiver), INDENT)),
    ...(undecided.length > 0 ? [statement('', call('excuse', verbatim(variable), undecided), INDENT)] : []),
  ];
}

function waiverCall(variable: string, { control, reason, expires }: Waiver): Code {
  return call(`Waivers.of(${variable}).waive`, control, { reason, expires });
}

function constructCode(
  { manifest, representation }: Imported,
  uses: CollectedUses,
  accounts: ReadonlyMap<string, string>,
): Code {
  const name = nameOf(manifest);
  const id = `${manifest.kind}-${idOf(name)}`;
  const make = (construct: string, props: Value) => call(`new ${construct}`, verbatim('this'), id, props);
  switch (representation.as) {
    case 'workload': {
      const { construct, props, account } = representation.workload;
      uses.names.own.add(construct);
      const serviceAccount = account === undefined ? undefined : accountCode(account, uses, accounts);
      return make(construct, withoutUndefined({ ...props, serviceAccount }));
    }
    case 'account':
      uses.names.own.add('LockedServiceAccount');
      return make('LockedServiceAccount', withoutUndefined(representation.props));
    case 'default-deny':
      uses.names.own.add('DefaultDeny');
      return make('DefaultDeny', { dns: false });
    case 'plain':
      uses.cdk8s('ApiObject');
      return make('ApiObject', plain(manifest));
  }
}

function accountCode(account: string, uses: CollectedUses, accounts: ReadonlyMap<string, string>): Code {
  const variable = accounts.get(account);
  if (variable !== undefined) return verbatim(variable);
  uses.plus('ServiceAccount');
  return call(
    'ServiceAccount.fromServiceAccountName',
    verbatim('this'),
    `ServiceAccountOf-${idOf(account)}`,
    account,
  );
}

/** The object without its namespace, which is that of the chart. */
function plain(manifest: Manifest): Value {
  const { apiVersion, kind, metadata, ...rest } = manifest;
  const { name, namespace: _chart, ...others } = metadata ?? {};
  return { apiVersion, kind, metadata: { name, ...others }, ...rest };
}

function withoutUndefined(value: unknown): Value {
  if (!isObject(value) || Object.getOwnPropertySymbols(value).length > 0) return value as Value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutUndefined(field)]));
}

/** How the secret gets into the repository, in place of its values. */
function secretComment(secret: Manifest): string {
  const name = inComment(nameOf(secret));
  const place =
    secret.metadata?.namespace === undefined ? '' : ` -n ${inComment(String(secret.metadata.namespace))}`;
  if (secret.type === 'kubernetes.io/service-account-token') {
    return `${INDENT}// The Secret ${name} is not here: it is a token that never expires. Have workload.useApiToken() mount a short-lived one.`;
  }
  const keys = [secret.data, secret.stringData].flatMap((data) => (isObject(data) ? Object.keys(data) : []));
  const values = keys.map((key) => ` --from-file ${inComment(key)}=FILE`).join('');
  return [
    `The Secret ${name} is not here: its values have no place in code. Seal them, and uncomment the last line:`,
    `bulwark seal ${name}${place} --cert cert.pem${values} -o sealed/${name}.yaml`,
    `new SealedSecret(this, 'SealedSecret-${name}', { file: 'sealed/${name}.yaml' });`,
  ]
    .map((line) => `${INDENT}// ${line}`)
    .join('\n');
}

export function nameOf(manifest: Manifest): string {
  return String(manifest.metadata?.name);
}

/** A path of constructs is divided by slashes. */
function idOf(name: string): string {
  return name.replaceAll('/', '--');
}

function variableName(name: string, kind: string): string {
  const pascal = pascalCase(`${name}-${kind}`);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}
