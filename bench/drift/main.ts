/**
 * How long `bulwark drift` takes to compare a live cluster with its manifests, and how much memory. See ../README.md.
 *
 *   KUBEBUILDER_ASSETS=... npm run bench:drift              5,000, 10,000 and 20,000 live objects
 *   KUBEBUILDER_ASSETS=... npm run bench:drift -- --quick   1,000 and 2,000
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Manifest } from '../../src/manifest/manifest';
import { pluralOf } from '../../src/manifest/custom-resources';
import { toYaml } from '../../src/manifest/yaml';
import { ApiServer } from '../../test/apiserver/harness';
import { pipeline } from '../../test/apiserver/harness/pipeline';
import { clusterOf } from '../reach/clusters';
import { median } from '../support/statistics';
import { digits, table } from '../support/table';

const SIZES = [5000, 10_000, 20_000];
const QUICK = [1000, 2000];
/** A namespace, five Deployments and ten NetworkPolicies. */
const OBJECTS_OF_NAMESPACE = 16;
const RUNS = 5;
/** From any size to a larger one, for each object. */
const GROWTH_GOAL = 1.3;
const MEGABYTES_GOAL = 512;

const COMMAND = path.join(__dirname, '../../lib/src/cli/main.js');
/** Tells on the end of a command what it took. */
const USAGE = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const megabytes = process.resourceUsage().maxRSS / 1024;
  process.stderr.write(JSON.stringify({ cpu: (user + system) / 1e6, clock: process.uptime(), megabytes }));
})`)}`;

/** Seconds of all threads, seconds by the clock, and the most memory that was held at once. */
interface Usage {
  readonly cpu: number;
  readonly clock: number;
  readonly megabytes: number;
}

interface Row extends Usage {
  readonly objects: number;
}

async function main(): Promise<void> {
  if (!process.env.KUBEBUILDER_ASSETS)
    throw new Error('KUBEBUILDER_ASSETS must name the folder of kube-apiserver');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-drift-'));
  const server = await ApiServer.start();
  try {
    const rows: Row[] = [];
    const made = new Set<string>();
    for (const objects of process.argv.includes('--quick') ? QUICK : SIZES) {
      const declared = manifestsOf(objects);
      await create(server, declared, made);
      const file = path.join(folder, `${objects}.yaml`);
      fs.writeFileSync(file, toYaml(declared));
      const runs: Usage[] = [];
      for (let run = 0; run < RUNS; run += 1) runs.push(await drift(server, file));
      rows.push({
        objects: declared.length,
        cpu: median(runs.map(({ cpu }) => cpu)),
        clock: median(runs.map(({ clock }) => clock)),
        megabytes: Math.max(...runs.map(({ megabytes }) => megabytes)),
      });
    }
    report(server, rows);
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true });
  }
}

/** Tenants with policies of their own. The server has kube-system already. */
function manifestsOf(objects: number): Manifest[] {
  const namespaces = Math.round(objects / OBJECTS_OF_NAMESPACE);
  const all = clusterOf({ kind: 'tenants', as: 'Deployment', namespaces, replicas: 1 });
  return all.filter(({ metadata }) => !/^(kube-system|ingress)$/.test(nameOfPlace(metadata)));
}

function nameOfPlace(metadata: Manifest['metadata']): string {
  return metadata?.namespace ?? metadata?.name ?? '';
}

/** Namespaces first; what a smaller size has made stays. */
async function create(server: ApiServer, manifests: readonly Manifest[], made: Set<string>): Promise<void> {
  const posts = manifests.map((body) => ({
    path: collectionOf(body),
    body,
    key: `${collectionOf(body)} ${body.metadata?.name}`,
  }));
  const missing = posts.filter(({ key }) => !made.has(key));
  const isNamespace = ({ body }: { body: Manifest }) => body.kind === 'Namespace';
  await pipeline(server, missing.filter(isNamespace));
  await pipeline(
    server,
    missing.filter((post) => !isNamespace(post)),
  );
  missing.forEach(({ key }) => made.add(key));
}

function collectionOf({ apiVersion, kind, metadata }: Manifest): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = metadata?.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}${place}/${pluralOf(kind)}`;
}

async function drift(server: ApiServer, file: string): Promise<Usage> {
  const kubeconfig = path.join(server.dir, 'kubeconfig');
  const args = ['--import', USAGE, COMMAND, 'drift', file, '--kubeconfig', kubeconfig, '--format', 'json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  // What is fast and wrong is not measured.
  if (code !== 0) throw new Error(`drift ended with ${code}\n${err}\n${out.slice(0, 2000)}`);
  return JSON.parse(err.slice(err.lastIndexOf('{'))) as Usage;
}

/** Without what every run takes, such as the start of Node.js. */
function perAdded(small: Row, large: Row): number {
  return (large.cpu - small.cpu) / (large.objects - small.objects);
}

function report({ version }: ApiServer, rows: readonly Row[]): void {
  console.log(
    `Node ${process.version}, kube-apiserver ${version}, ${os.cpus().length} processors, load ${digits(os.loadavg()[0]!)}.\n` +
      `The whole command, without any drift: medians of ${RUNS} runs, and the most memory of any.\n`,
  );
  const perObject = ({ cpu, objects }: Row) => cpu / objects;
  const first = perObject(rows[0]!);
  console.log(
    table([
      ['live objects', 'processor s', 'clock s', 'us per object', 'growth', 'us per added one', 'peak MB'],
      ...rows.map((row, index) => [
        `${row.objects}`,
        digits(row.cpu),
        digits(row.clock),
        digits(perObject(row) * 1e6),
        digits(perObject(row) / first),
        index === 0 ? '' : digits(perAdded(rows[index - 1]!, row) * 1e6),
        row.megabytes.toFixed(0),
      ]),
    ]),
  );
  const added = rows.slice(1).map((row, index) => perAdded(rows[index]!, row));
  const growths = rows.flatMap((small, index) =>
    rows.slice(index + 1).map((large) => perObject(large) / perObject(small)),
  );
  const worst = Math.max(...growths);
  const most = Math.max(...rows.map(({ megabytes }) => megabytes));
  console.log(
    `\nGrowth of the processor time of an object, from any size to a larger one: ${digits(worst)} at most (goal: ${GROWTH_GOAL}).\n` +
      `Of an object that comes on top, from step to step: ${added.length > 1 ? digits(added.at(-1)! / added[0]!) : 'one step only'} (goal: ${GROWTH_GOAL}).\n` +
      `Memory: ${most.toFixed(0)} MB at most (goal: ${MEGABYTES_GOAL} MB).`,
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
