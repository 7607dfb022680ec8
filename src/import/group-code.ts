import { isObject, type Manifest } from '../manifest/manifest';
import { isEmptyObject } from '../objects';
import { groupBy } from '../groups';
import type { Waiver } from '../controls/waiver';
import type { Excuses, Imported } from './excuses';
import { isPolicy } from './intents';
import { keyOf, nameOf } from './keys';
import type { Made, MethodCall } from './made';
import { idOf, inComment, namer, pascalCase, uniqueNames } from './names';
import { importsOf } from './packages';
import type { Patch } from './reading';
import {
  call,
  callOn,
  isVariable,
  statement,
  variable,
  verbatim,
  withReferences,
  type Call,
  type Code,
  type Reference,
  type Value,
  type Variable,
} from './source-text';

/** The objects that go into one file. */
export interface Group {
  /** Name of the class. */
  readonly className: string;
  /** Undefined for what belongs to no namespace, or says none. */
  readonly namespace: string | undefined;
  /** Labels of every object. */
  readonly labels: Readonly<Record<string, string>>;
  readonly objects: readonly Imported[];
  readonly secrets: readonly Manifest[];
}

/** A statement of the code of a group. */
interface Statement {
  /** The object whose construct the statement makes, where a variable may have to stand for it. */
  readonly makes?: string;
  readonly isWorkload?: boolean;
  /** Whether it is no construct that others can be given. */
  readonly isPlain?: boolean;
  readonly code: Code;
}

const INDENT = '    ';

/** The text of the file of a group. */
export function groupCode(group: Group, excuses: Excuses): string {
  const { className, namespace, labels, secrets } = group;
  const { blocks, codes } = printed(blocksOf(group, excuses), { id: ids(group), others: ownAccounts(group) });
  const options = {
    ...(namespace !== undefined && { namespace }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
  const chart = [verbatim('scope'), namespace ?? 'Cluster', ...(isEmptyObject(options) ? [] : [options])];
  const what =
    namespace === undefined
      ? 'Everything that belongs to no namespace, or names none.'
      : `The namespace ${namespace}.`;
  const text = [...secrets.map((secret) => secretComment(secret, namespace)), ...blocks].join('\n\n');
  return `${importsOf([...codes, verbatim('Chart')], namespace === undefined ? './' : '../')}
/** ${what} */
export class ${className} extends Chart {
  constructor(scope: Construct) {
${statement('', call('super', ...chart), INDENT)}

${text}
  }
}
`;
}

/** One for each object, and one for all connections. */
function blocksOf(group: Group, excuses: Excuses): Statement[][] {
  const said = groupBy(
    group.objects.filter(({ representation }) => representation.as === 'call'),
    ({ representation }) => (representation.as === 'call' ? keyOf(representation.of) : ''),
  );
  const id = ids(group);
  const connections: Statement[] = [];
  const blocks = group.objects.flatMap((object) => {
    const { representation } = object;
    if (representation.as === 'call') return [];
    const others = said.get(keyOf(object.manifest)) ?? [];
    const parts = [object, ...others];
    const calls = others.map((other) => ({ isIntent: isPolicy(other.manifest), calls: callsOf(other) }));
    connections.push(...calls.flatMap((each) => (each.isIntent ? each.calls : [])));
    return [
      [
        ...objectCode(object, id),
        ...calls.flatMap((each) => (each.isIntent ? [] : each.calls)),
        ...excuseCode(object, parts, excuses),
      ],
    ];
  });
  return connections.length > 0 ? [...blocks, connections] : blocks;
}

function callsOf({ representation }: Imported): Statement[] {
  if (representation.as !== 'call') return [];
  return representation.calls.map((each) => ({ code: methodCall(keyOf(representation.of), each) }));
}

function methodCall(key: string, [method, ...args]: MethodCall): Code {
  return callOn(variable(key), method, ...args);
}

/** Ids of the objects in the code, and of what stands for those that are not. */
interface Ids {
  of(manifest: Manifest): string;
  ofForeign(kind: string, name: string): string;
}

/** Marks what stands for an object that is not in the code. */
const FOREIGN = '\u0001';

/** Ids of constructs: a workload has its name, and what belongs to it has that with its kind. */
function ids({ objects }: Group): Ids {
  const known = new Map<string, string>();
  const unique = uniqueNames((base, count) => `${base}-${count}`);
  const plain = (kind: string, name: string) => idOf(withKind(name, kind));
  for (const { manifest, representation } of objects) {
    const name = nameOf(manifest);
    const isWorkload = representation.as === 'construct' && representation.pod !== undefined;
    known.set(keyOf(manifest), unique(isWorkload ? idOf(name) : plain(manifest.kind, name)));
  }
  return {
    of: (manifest) => known.get(keyOf(manifest))!,
    ofForeign: (kind, name) => unique(plain(kind, name)),
  };
}

function kebab(kind: string): string {
  return kind.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

function objectCode({ manifest, own, representation }: Imported, id: Ids): Statement[] {
  const key = keyOf(manifest);
  switch (representation.as) {
    case 'construct':
      return constructCode(representation, key, id.of(manifest));
    case 'statement':
      return [{ code: representation.code }];
    case 'plain': {
      const { owners, rest } = withoutOwners(plain(representation.manifest ?? own));
      const code = call('new ApiObject', verbatim('this'), id.of(manifest), rest);
      return [{ makes: key, isPlain: true, code }, ...(owners ? [{ code: ownersCode(key, owners) }] : [])];
    }
    case 'call':
      return [];
  }
}

function constructCode(made: Made, key: string, id: string): Statement[] {
  const { construct, props, before = [], patches = [], calls = [] } = made;
  const args = props && Object.values(props).some((value) => value !== undefined) ? [props] : [];
  return [
    ...before.map(({ kind, name, code }) => ({ makes: `${kind} ${name}`, code })),
    {
      makes: key,
      isWorkload: made.pod !== undefined,
      code: call(`new ${construct}`, verbatim('this'), id, ...args),
    },
    ...(patches.length > 0 ? [{ code: patchCode(key, made, patches) }] : []),
    ...calls.map((each) => ({ code: methodCall(key, each) })),
  ];
}

/** A hardened workload takes any field, and an object of cdk8s-plus those that it knows. */
function patchCode(key: string, { pod }: Made, patches: readonly Patch[]): Code {
  const operations = patches.map(({ op, path, value }) =>
    call(`JsonPatch.${op}`, path, ...(op === 'add' ? [value as Value] : [])),
  );
  const made = variable(key);
  return callOn(pod ? made : call('ApiObject.of', made), 'addJsonPatch', ...operations);
}

/** What an object and those that are said to its construct are excused from, once. */
function excuseCode(object: Imported, parts: readonly Imported[], excuses: Excuses): Statement[] {
  const excused = new Set(parts.flatMap((part) => [...excuses.get(part)!]));
  const waivers = new Map(parts.flatMap((part) => [...part.waivers]));
  const undecided = [...excused].filter((control) => !waivers.has(control)).sort();
  const decided = [...excused].flatMap((control) => waivers.get(control) ?? []);
  const key = keyOf(object.manifest);
  return [
    ...decided.map((waiver) => ({ code: waiverCall(key, waiver) })),
    ...(undecided.length > 0 ? [{ code: call('excuse', variable(key), undecided) }] : []),
  ];
}

function waiverCall(key: string, { control, reason, expires }: Waiver): Code {
  return callOn(call('Waivers.of', variable(key)), 'waive', control, { reason, expires });
}

type Fields = { readonly [key: string]: Value | undefined };

/** The object without its namespace, which is that of the chart. */
function plain(manifest: Manifest): Fields {
  const { apiVersion, kind, metadata, ...rest } = manifest;
  const { name, namespace: _chart, ...others } = metadata ?? {};
  return { apiVersion, kind, metadata: { name, ...others }, ...rest };
}

/** Owners that are named in part are no owners to cdk8s, and go past its types. */
function withoutOwners(object: Fields): { readonly owners?: Value; readonly rest: Fields } {
  const { ownerReferences, ...metadata } = object.metadata as Fields;
  const owners = Array.isArray(ownerReferences) ? (ownerReferences as readonly unknown[]) : [];
  const isWhole = (owner: unknown) =>
    isObject(owner) && ['apiVersion', 'kind', 'name', 'uid'].every((key) => typeof owner[key] === 'string');
  if (owners.every(isWhole)) return { rest: object };
  return { owners: owners as Value, rest: { ...object, metadata } };
}

function ownersCode(key: string, owners: Value): Code {
  const patch = call('JsonPatch.add', '/metadata/ownerReferences', owners);
  return callOn(variable(key), 'addJsonPatch', patch);
}

/** Gives variables to whatever is referred to, and prints. */
function printed(
  blocks: readonly (readonly Statement[])[],
  { id, others }: { readonly id: Ids; readonly others: ReadonlyMap<string, string> },
): { blocks: string[]; codes: Code[] } {
  const made = new Set(
    blocks.flat().flatMap(({ makes, isPlain }) => (makes !== undefined && !isPlain ? [makes] : [])),
  );
  const workloads = new Set(blocks.flat().flatMap(({ makes, isWorkload }) => (isWorkload ? [makes!] : [])));
  const variables = new Map<string, string>();
  const foreign = new Map<string, Call>();
  const unique = namer();
  const variableOf = (key: string) => {
    const known = variables.get(key);
    if (known !== undefined) return known;
    const [kind = '', name = ''] = key.replace(FOREIGN, '').split(/ (.*)/s);
    const variable = unique(variableName(name, workloads.has(key) ? '' : kind));
    variables.set(key, variable);
    return variable;
  };
  const referred = (word: Reference | Variable): Code => {
    if (isVariable(word)) return verbatim(variableOf(word.key));
    const { kind, name } = word;
    const wanted = `${kind} ${name}`;
    const key = others.get(wanted) ?? keysOf(kind, name).find((each) => made.has(each)) ?? wanted;
    if (made.has(key)) return verbatim(variableOf(key));
    // There may be an object of that name which is no construct, with a variable of its own.
    const stand = `${key}${FOREIGN}`;
    if (!foreign.has(stand)) foreign.set(stand, foreignCode(kind, name, id.ofForeign(kind, name)));
    return verbatim(variableOf(stand));
  };
  const codes = blocks.map((block) =>
    block.map(({ makes, code }) => ({ makes, code: withReferences(code, referred) })),
  );
  const print = ({ makes, code }: Statement) => {
    const variable = makes === undefined ? undefined : variables.get(makes);
    return statement(variable === undefined ? '' : `const ${variable} = `, code, INDENT);
  };
  const elsewhere = [...foreign].map(([makes, code]) => ({ makes, code }));
  const all = elsewhere.length > 0 ? [elsewhere, ...codes] : codes;
  return {
    blocks: all.map((block) => block.map(print).join('\n')),
    codes: all.flat().map(({ code }) => code),
  };
}

/** Accounts that workloads make themselves; a workload stands for its account. */
function ownAccounts({ objects }: Group): ReadonlyMap<string, string> {
  return new Map(
    objects.flatMap(({ manifest, representation }): [string, string][] =>
      manifest.kind === 'ServiceAccount' && representation.as === 'call'
        ? [[keyOf(manifest), keyOf(representation.of)]]
        : [],
    ),
  );
}

/** A secret may be made by something that makes it in the cluster. */
function keysOf(kind: string, name: string): string[] {
  const makers = kind === 'Secret' ? ['SealedSecret', 'ExternalSecret'] : [];
  return [kind, ...makers].map((each) => `${each} ${name}`);
}

/** An object of cdk8s-plus that stands for one that is not in the code. */
function foreignCode(kind: string, name: string, id: string): Call {
  const method = kind === 'PersistentVolumeClaim' ? 'fromClaimName' : `from${kind}Name`;
  return call(`${kind}.${method}`, verbatim('this'), id, name);
}

/** A name as the API server takes it of a Secret, and a key of its values. */
const IS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const IS_KEY = /^[\w.][-\w.]*$/;

/** How the secret gets into the repository, in place of its values. */
function secretComment(secret: Manifest, namespace: string | undefined): string {
  const name = inComment(nameOf(secret));
  const place = namespace === undefined ? '' : ` -n ${namespace}`;
  if (secret.type === 'kubernetes.io/service-account-token') {
    return `${INDENT}// The Secret ${name} is not here: it is a token that never expires. Have workload.useApiToken() mount a short-lived one.`;
  }
  const keys = [secret.data, secret.stringData].flatMap((data) => (isObject(data) ? Object.keys(data) : []));
  // What the lines say is meant to be run one day, so no text gets there that could be more than a name.
  if (!IS_NAME.test(nameOf(secret)) || !keys.every((key) => IS_KEY.test(key)))
    return `${INDENT}// The Secret ${name} is not here: its values have no place in code. It has a name or a key that the API server refuses.`;
  const values = keys.map((key) => ` --from-file ${key}=FILE`).join('');
  const file = `sealed/${namespace === undefined ? '' : `${namespace}/`}${name}.yaml`;
  const up = namespace === undefined ? './' : '../';
  return [
    `The Secret ${name} is not here: its values have no place in code. Seal them beside main.ts, say sealedSecrets: true of the`,
    'target there, and uncomment the last line:',
    `npx bulwark seal ${name}${place} --cert cert.pem${values} -o ${file}`,
    `new SealedSecret(this, '${name}-sealed-secret', { file: \`\${__dirname}/${up}${file}\` });`,
  ]
    .map((line) => `${INDENT}// ${line}`)
    .join('\n');
}

function variableName(name: string, kind: string): string {
  const pascal = pascalCase(withKind(name, kind));
  const variable = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  return RESERVED.has(variable) ? `${variable}Workload` : variable;
}

/** The name of an object with its kind, where the name does not end with that already. */
function withKind(name: string, kind: string): string {
  const suffix = kebab(SHORT_KINDS.get(kind) ?? kind);
  return suffix === '' || name === suffix || name.endsWith(`-${suffix}`) ? name : `${name}-${suffix}`;
}

const SHORT_KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ServiceAccount: 'Account',
    ClusterRole: 'Role',
    SealedSecret: 'Secret',
    ExternalSecret: 'Secret',
    ConfigMap: 'Config',
    PersistentVolumeClaim: 'Claim',
  }),
);

/** Words that are no names of variables, and names that the code has already. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static ' +
    'super switch this throw true try typeof var void while with yield arguments eval undefined scope excuse require module exports'
  ).split(' '),
);
