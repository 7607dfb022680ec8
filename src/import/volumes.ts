import { DEFAULT_SIZE_LIMIT } from '../controls/pod-extras';
import { DEFAULT_WRITABLE_LIMIT } from '../hardening/writable-paths';
import { groupBy } from '../groups';
import { isObject, type JsonObject } from '../manifest/manifest';
import { sizeCode } from './container';
import type { Declaration, Props } from './made';
import { readingOf, Unsaid, type Reading } from './reading';
import { call, octal, reference, verbatim, type Call, type Code } from './source-text';

/** The volumes of a pod, in the words of cdk8s-plus and of the hardened workloads. */
export interface Volumes {
  /** Constants for those that are mounted more than once. */
  readonly declarations: readonly Declaration[];
  readonly writablePaths: Code | undefined;
  /** The mounts of each container, by its path in the manifest. */
  readonly mounts: ReadonlyMap<string, Code>;
}

interface Mount {
  readonly container: Reading;
  readonly containerName: string;
  readonly json: JsonObject;
  readonly volume: string;
}

/** @param owner Name of the workload. */
export function volumesOf(pod: Reading, containers: readonly Reading[], owner: string): Volumes {
  const mounts = containers.flatMap(mountsOf);
  const writable = new Map<string, Writable>();
  const declared = new Map<string, Declaration>();
  const unsaid: unknown[] = [];
  for (const volume of pod.list('volumes')) {
    const name = isObject(volume) ? String(volume.name) : '';
    const users = mounts.filter((mount) => mount.volume === name);
    const path = writableOf(volume, users);
    const code = path ? undefined : volumeCode(volume, owner);
    if (path) writable.set(name, path);
    else if (code) declared.set(name, { kind: 'Volume', name: `${owner}/${name}`, code });
    else unsaid.push(volume);
  }
  const mounted = new Map<string, Code>();
  const used = new Set<string>();
  const isShared = (name: string) => mounts.filter((mount) => mount.volume === name).length > 1;
  for (const container of containers) {
    const own = mounts.filter((mount) => mount.container === container && !writable.has(mount.volume));
    const said = own.flatMap((mount) => {
      const declaration = declared.get(mount.volume);
      const code = declaration && mountCode(mount.json, declaration, isShared(mount.volume));
      return code ? [{ mount, code }] : [];
    });
    said.forEach(({ mount }) => used.add(mount.volume));
    const rest = own.filter((mount) => said.every((each) => each.mount !== mount));
    if (said.length > 0)
      mounted.set(
        container.path,
        said.map(({ code }) => code),
      );
    container.leaveEntries(
      'volumeMounts',
      rest.map(({ json }) => json),
      said.length > 0,
    );
  }
  // A volume that nothing mounts is none that cdk8s-plus would write.
  const idle = [...declared.keys()].filter((name) => !used.has(name));
  const left = pod
    .list('volumes')
    .filter((volume) => unsaid.includes(volume) || (isObject(volume) && idle.includes(String(volume.name))));
  pod.leaveEntries('volumes', left, used.size > 0);
  return {
    declarations: [...declared].flatMap(([name, declaration]) =>
      used.has(name) && isShared(name) ? [declaration] : [],
    ),
    writablePaths: writablePaths([...writable.values()], containers.length),
    mounts: mounted,
  };
}

function mountsOf(container: Reading): Mount[] {
  const containerName = container.text('name') ?? '';
  return container.list('volumeMounts').map((json) => {
    if (!isObject(json)) throw new Unsaid(`${container.path}.volumeMounts`);
    return { container, containerName, json, volume: String(json.name) };
  });
}

interface Writable {
  readonly path: string;
  readonly sizeLimit: string | undefined;
  readonly medium: string | undefined;
  readonly container: string;
}

/** An empty folder at one place: a writable path. */
function writableOf(volume: unknown, users: readonly Mount[]): Writable | undefined {
  const [user, ...others] = users;
  if (!user || others.length > 0 || !isObject(volume) || !isObject(volume.emptyDir)) return undefined;
  const { name: _name, mountPath, readOnly = false, ...more } = user.json;
  if (Object.keys(more).length > 0 || readOnly !== false || !isWritablePath(mountPath)) return undefined;
  const folder = folderOf(volume.emptyDir);
  return folder && { ...folder, path: mountPath, container: user.containerName };
}

function isWritablePath(path: unknown): path is string {
  return typeof path === 'string' && /^\/[^:]*[^:/]$/.test(path) && !path.includes('..');
}

/** The hardening limits an empty folder otherwise than a writable path is by itself, and one of memory not at all. */
function folderOf({
  sizeLimit,
  medium,
  ...rest
}: JsonObject): Pick<Writable, 'sizeLimit' | 'medium'> | undefined {
  if (Object.keys(rest).length > 0 || (medium !== undefined && medium !== 'Memory')) return undefined;
  if (sizeLimit === undefined && medium) return undefined;
  const limit = sizeLimit ?? DEFAULT_SIZE_LIMIT;
  if (typeof limit !== 'string') return undefined;
  return { sizeLimit: limit === DEFAULT_WRITABLE_LIMIT ? undefined : limit, medium };
}

/** What is the same in every container is said once. */
function writablePaths(writable: readonly Writable[], containers: number): Code | undefined {
  const groups = groupBy(writable, ({ path, sizeLimit, medium }) =>
    JSON.stringify([path, sizeLimit, medium]),
  );
  const codes = [...groups.values()].map((group): Code => {
    const { path, sizeLimit, medium } = group[0]!;
    const names = group.length === containers ? undefined : group.map(({ container }) => container);
    if (sizeLimit === undefined && !names && medium === undefined) return path;
    return { path, sizeLimit, medium, containers: names };
  });
  return codes.length > 0 ? codes : undefined;
}

function volumeCode(volume: unknown, owner: string): Call | undefined {
  if (!isObject(volume)) return undefined;
  try {
    const reading = readingOf(volume);
    const name = reading.text('name') ?? '';
    const scope = [verbatim('this'), `${owner}-${name}`] as const;
    const code = SOURCES.map(([key, toCode]) => {
      const source = reading.within(key);
      const made = source && toCode(source, name, scope);
      source?.close();
      return made;
    }).find((made) => made !== undefined);
    reading.close();
    return code;
  } catch (error) {
    if (error instanceof Unsaid) return undefined;
    throw error;
  }
}

type Source = (source: Reading, name: string, scope: readonly Code[]) => Call;

const SOURCES: readonly (readonly [key: string, toCode: Source])[] = [
  ['configMap', (source, name, scope) => files('ConfigMap', source.text('name'), { source, name, scope })],
  ['secret', (source, name, scope) => files('Secret', source.text('secretName'), { source, name, scope })],
  ['emptyDir', emptyDir],
  ['persistentVolumeClaim', claim],
  ['hostPath', hostPath],
];

interface FileSource {
  readonly source: Reading;
  readonly name: string;
  readonly scope: readonly Code[];
}

function files(
  kind: 'ConfigMap' | 'Secret',
  of: string | undefined,
  { source, name, scope }: FileSource,
): Call {
  if (of === undefined) throw new Unsaid(source.path);
  const mode = source.number('defaultMode');
  const options: Props = {
    name: name === `${kind.toLowerCase()}-${of}` ? undefined : name,
    defaultMode: mode === undefined || mode === 0o644 ? undefined : octal(mode),
    optional: source.flag('optional') === true ? true : undefined,
    items: items(source),
  };
  return call(`Volume.from${kind}`, ...scope, reference(kind, of), ...given(options));
}

function items(source: Reading): Code | undefined {
  const entries = source.each('items').map((item): [string, Code] => {
    const key = item.text('key') ?? '';
    const mode = item.number('mode');
    const code = { path: item.text('path'), mode: mode === undefined ? undefined : octal(mode) };
    item.close();
    return [key, code];
  });
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw new Unsaid(source.path);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function emptyDir(source: Reading, name: string, scope: readonly Code[]): Call {
  const medium = source.text('medium') === 'Memory' ? verbatim('EmptyDirMedium.MEMORY') : undefined;
  if (!medium) source.expect('medium', '');
  const size = source.quantity('sizeLimit');
  const sizeLimit = size === undefined ? undefined : sizeCode(size);
  if (size !== undefined && !sizeLimit) throw new Unsaid(source.path);
  return call('Volume.fromEmptyDir', ...scope, name, ...given({ medium, sizeLimit }));
}

function claim(source: Reading, name: string, scope: readonly Code[]): Call {
  const of = source.text('claimName');
  if (of === undefined) throw new Unsaid(source.path);
  const readOnly = source.flag('readOnly') === true ? true : undefined;
  const options = given({ name: name === `pvc-${of}` ? undefined : name, readOnly });
  return call(
    'Volume.fromPersistentVolumeClaim',
    ...scope,
    reference('PersistentVolumeClaim', of),
    ...options,
  );
}

const HOST_PATH_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    DirectoryOrCreate: 'DIRECTORY_OR_CREATE',
    Directory: 'DIRECTORY',
    FileOrCreate: 'FILE_OR_CREATE',
    File: 'FILE',
    Socket: 'SOCKET',
    CharDevice: 'CHAR_DEVICE',
    BlockDevice: 'BLOCK_DEVICE',
  }),
);

function hostPath(source: Reading, name: string, scope: readonly Code[]): Call {
  const path = source.text('path');
  const word = source.text('type') ?? '';
  const type = word === '' ? undefined : HOST_PATH_TYPES.get(word);
  if (path === undefined || (word !== '' && type === undefined)) throw new Unsaid(source.path);
  return call('Volume.fromHostPath', ...scope, name, {
    path,
    type: type === undefined ? undefined : verbatim(`HostPathVolumeType.${type}`),
  });
}

/** A volume that is mounted once is made where it is mounted. */
function mountCode(
  mount: JsonObject,
  { kind, name, code }: Declaration,
  isShared: boolean,
): Code | undefined {
  const { name: _volume, mountPath, readOnly, subPath, ...rest } = mount;
  if (Object.keys(rest).length > 0 || typeof mountPath !== 'string') return undefined;
  return {
    path: mountPath,
    volume: isShared ? reference(kind, name) : code,
    readOnly: readOnly === true ? true : undefined,
    subPath: typeof subPath === 'string' ? subPath : undefined,
  };
}

function given(options: Props): Code[] {
  return Object.values(options).some((value) => value !== undefined) ? [options] : [];
}
