import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ApiServer } from '../harness';

/** Where commands for a shell are run. */
export interface Shell {
  readonly server: ApiServer;
  readonly env: Readonly<Record<string, string>>;
}

/** To start kubectl takes so much longer than what it does that of what is alike only every fourth command does. */
const REAL_SHARE = 4;
const PROCESSES = 3;
const ALIKE = /^kubectl (patch|delete) (?!.*(&&|\|))/;

/**
 * Runs commands that do not depend on each other; all have to do what they say. Most of those that patch or delete one object are
 * sent as kubectl sends them, out of the words that the shell makes of them.
 */
export async function runCommands(shell: Shell, commands: readonly string[]): Promise<void> {
  const alike = commands.filter((command) => ALIKE.test(command));
  const sent = new Set(alike.filter((_, index) => index % REAL_SHARE !== 0));
  const real = commands.filter((command) => !sent.has(command));
  const paths = await resourcePaths(shell.server);
  const words = wordsOf([...sent]);
  await Promise.all([runInShell(shell, real), ...words.map((argv) => send(shell.server, paths, argv))]);
}

async function runInShell({ env }: Shell, commands: readonly string[]): Promise<void> {
  const waiting = [...commands];
  const worker = async () => {
    for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
      const child = spawn('bash', ['-e', '-c', command], { env, stdio: ['ignore', 'ignore', 'pipe'] });
      const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      if (code !== 0) throw new Error(`${command}\n${errors}`);
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, worker));
}

const END = '\u001e';

/** What the shell hands to kubectl, in one process for all commands. */
function wordsOf(commands: readonly string[]): string[][] {
  const input = [`kubectl() { printf '%s\\0' "$@" '${END}'; }`, ...commands].join('\n');
  const { stdout, status, stderr } = spawnSync('bash', ['-e'], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .split(`${END}\0`)
    .slice(0, -1)
    .map((line) => line.split('\0').slice(0, -1));
}

interface Resource {
  readonly root: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

async function send(
  server: ApiServer,
  paths: ReadonlyMap<string, Resource>,
  argv: readonly string[],
): Promise<void> {
  const [verb] = argv;
  const [resource, name] = targetOf(argv);
  const after = (flag: string) => argv[argv.indexOf(flag, 1) + 1]!;
  const { root, plural, namespaced } = paths.get(resource)!;
  const place = namespaced ? `/namespaces/${after('-n')}` : '';
  const path = `${root}${place}/${plural}/${name}`;
  const { status, body } =
    verb === 'delete'
      ? await server.request('DELETE', path)
      : await server.request('PATCH', `${path}?fieldManager=kubectl-patch`, after('-p'), {
          headers: { 'content-type': 'application/json-patch+json' },
        });
  if (status !== 200) throw new Error(`${argv.join(' ')}: ${body.message}`);
}

/** `RESOURCE/NAME` at the end, as findings have it, or `RESOURCE NAME` behind the verb, as people write it. */
function targetOf(argv: readonly string[]): [string, string] {
  // A patch at the end has slashes too, and begins like no resource.
  const [, resource, name] = /^([a-z][a-z0-9.-]*)\/([^/]+)$/.exec(argv.at(-1)!) ?? [];
  return resource === undefined ? [argv[1]!, argv[2]!] : [resource, name!];
}

/** Resources by each of the names that kubectl takes. */
async function resourcePaths(server: ApiServer): Promise<ReadonlyMap<string, Resource>> {
  const { body } = await server.request('GET', '/apis');
  const groups = body.groups.map(({ name, preferredVersion }: any) => [
    `/apis/${preferredVersion.groupVersion}`,
    name,
  ]);
  const lists = [['/api/v1', ''], ...groups].map(async ([root, group]) => {
    const { resources } = (await server.request('GET', root)).body;
    return resources.flatMap(({ name, kind, namespaced }: any) =>
      [name, kind.toLowerCase(), `${name}.${group}`].map((key) => [
        key,
        { root, plural: name, namespaced } satisfies Resource,
      ]),
    );
  });
  const entries: [string, Resource][] = (await Promise.all(lists)).flat();
  // The first group that has a name is the one that kubectl means.
  return new Map(entries.reverse().filter(([key]) => !key.includes('/')));
}
