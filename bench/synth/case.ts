/**
 * One measurement in a process of its own: constructs an app and synthesizes it into a new folder, and prints how
 * long both took together as JSON. Loading the libraries is not part of it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ApiObject, App, Chart } from 'cdk8s';
import { dump } from 'js-yaml';
import { Blueprint } from '../../constructs/blueprint/blueprint';
import { ClusterTarget } from '../../src/target/target';
import { addChart, OBJECTS_PER_CHART } from './charts';

/** What is measured. */
export interface Case {
  /** Stock cdk8s, our blueprint, or the least that any synthesis has to do. */
  readonly maker: 'App' | 'Blueprint' | 'floor';
  readonly charts: number;
  /** Whether each chart depends on the one before it. */
  readonly chained: boolean;
}

/** Seconds that construction and synthesis took together. */
export interface Sample {
  /** By the clock on the wall. */
  readonly clock: number;
  /** Of a processor, for the thread that runs the program. What other programs do meanwhile does not count. */
  readonly cpu: number;
}

const MAKERS: Readonly<Record<Case['maker'], (outdir: string) => { app: App; synth: () => unknown }>> = {
  App: (outdir) => {
    const app = new App({ outdir });
    return { app, synth: () => app.synth() };
  },
  Blueprint: (outdir) => {
    const app = new Blueprint({ outdir, target: ClusterTarget.kubernetes('1.33') });
    return { app, synth: () => app.synth() };
  },
  floor: (outdir) => {
    const app = new App({ outdir });
    return { app, synth: () => writeCharts(app) };
  },
};

/** Renders every object and writes one file per chart: no order, no check, nothing hardened. */
function writeCharts(app: App): void {
  fs.mkdirSync(app.outdir);
  for (const chart of app.node.children.filter((child) => Chart.isChart(child))) {
    const documents = chart.node
      .findAll()
      .filter((construct) => ApiObject.isApiObject(construct))
      .map((object) => dump(object.toJson(), { noRefs: true, lineWidth: -1 }));
    fs.writeFileSync(path.join(app.outdir, `${chart.node.id}.k8s.yaml`), documents.join('---\n'));
  }
}

function measure({ maker, charts, chained }: Case, outdir: string): Sample {
  const start = performance.now();
  const cpu = cpuSeconds();
  const { app, synth } = MAKERS[maker](outdir);
  let previous: Chart | undefined;
  for (let index = 0; index < charts; index += 1) {
    const chart = addChart(app, index);
    if (chained && previous) chart.addDependency(previous);
    previous = chart;
  }
  synth();
  return { clock: (performance.now() - start) / 1000, cpu: cpuSeconds() - cpu };
}

/** Linux tells it for a thread; elsewhere the helpers of the JavaScript engine count, too. */
function cpuSeconds(): number {
  const ofThread = '/proc/thread-self/schedstat';
  if (fs.existsSync(ofThread)) return Number(fs.readFileSync(ofThread, 'utf8').split(' ')[0]) / 1e9;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function countObjects(folder: string): number {
  return fs
    .readdirSync(folder)
    .flatMap((file) => fs.readFileSync(path.join(folder, file), 'utf8').match(/^kind: /gm) ?? []).length;
}

/** A file system in memory where there is one, so that a slow disk does not cover the differences. */
function scratch(): string {
  return !process.env.TMPDIR && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
}

function main(wanted: Case): void {
  const folder = fs.mkdtempSync(path.join(scratch(), 'bulwark-bench-'));
  try {
    const outdir = path.join(folder, 'dist');
    const sample = measure(wanted, outdir);
    const objects = countObjects(outdir);
    if (objects !== wanted.charts * OBJECTS_PER_CHART) throw new Error(`${objects} objects were written`);
    process.stdout.write(JSON.stringify(sample));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main(JSON.parse(process.argv[2]!) as Case);
