import fs from 'node:fs';
import path from 'node:path';
import { ApiObject, Chart } from 'cdk8s';
import { Blueprint, BulwarkError, ClusterTarget, HardenedDeployment, Tenant } from '../../../constructs';
import { addOutputFile } from '../../../constructs/blueprint/output-file';
import { readPaths } from '../../../src/cli/input';
import { filesBelow, useTemporaryFolder } from '../../support/folders';
import { errorOf } from '../../support/objects';
import { runCommand } from '../../support/run-command';

const folder = useTemporaryFolder();
const at = (...names: string[]) => path.join(folder.path, ...names);
const read = (...names: string[]) => fs.readFileSync(at(...names), 'utf8');

/** A tenant of two workloads that talk, and of texts that look like the border of a document. */
function small(text = 'first\n---\nsecond\n'): Blueprint {
  const cluster = new Blueprint({
    target: ClusterTarget.kubernetes('1.30'),
    outdir: at('dist'),
    recordConstructMetadata: true,
  });
  const web = new Tenant(cluster, 'shop').namespace('web');
  const [one, two] = ['one', 'two'].map((name) => {
    new ApiObject(web, `${name}-config`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { text },
    });
    return new HardenedDeployment(web, name, {
      containers: [{ image: 'registry.example/web:1.4.2', port: 8080 }],
    });
  });
  one!.allowTo(two!);
  return cluster;
}

describe('the report of a synthesis', () => {
  it.each(['report.html', 'report.json', 'report.md'])(
    'is the one that the command makes of the folder: %s',
    async (name) => {
      small().synth({ report: at(name) });
      expect(fs.readdirSync(folder.path).sort()).toEqual(['dist', name]);
      await runCommand(['report', at('dist'), '--target', '1.30', '-o', at('command', name)]);
      // A synthesis names no folder outside the working directory.
      expect(read(name)).toBe(read('command', name).replaceAll(`${at('dist')}/`, ''));
      expect(read(name)).toContain('shop-web');
    },
    30_000,
  );

  it('names the construct and the line of each object', () => {
    small().synth({ report: at('report.json') });
    const { objects } = JSON.parse(read('report.json')) as { objects: Record<string, unknown>[] };
    const made = new Map(
      objects.map(({ kind, name, construct }) => [`${String(kind)} ${String(name)}`, construct]),
    );
    expect(made.get('ConfigMap one')).toBe('shop/web/one-config');
    expect(made.get('Deployment two')).toBe('shop/web/two/Resource');
    expect(objects.every(({ construct }) => construct !== undefined)).toBe(true);
    for (const { file, line, kind } of objects) {
      const lines = read('dist', String(file)).split('\n');
      expect(lines[Number(line) - 1]).toMatch(/^apiVersion: /);
      expect(lines[Number(line)]).toBe(`kind: ${String(kind)}`);
    }
  });

  it('is a page with a picture, and the same bytes each time', () => {
    small('text').synth({ report: at('one.html') });
    fs.rmSync(at('dist'), { recursive: true });
    small('text').synth({ report: at('two.html') });
    expect(read('one.html')).toContain('<title id="picture-title">Allowed connections</title>');
    expect(read('two.html')).toBe(read('one.html'));
  }, 30_000);

  it('is replaced and removed with the manifests where it is in a folder of theirs, which nobody applies', () => {
    small().synth({ report: at('dist/report/index.html') });
    const first = read('dist/report/index.html');
    expect(readPaths([at('dist')]).manifests).toHaveLength(15);
    small('other').synth({ report: at('dist/report/index.html') });
    expect(read('dist/report/index.html')).not.toBe(first);
    small().synth();
    expect(
      filesBelow(at('dist'))
        .map((file) => path.basename(file))
        .sort(),
    ).toEqual(['00-cluster.k8s.yaml', '10-shop-web.k8s.yaml', 'construct-metadata.json']);
  });

  it('stays as it was where the synthesis is refused', () => {
    small().synth({ report: at('report.md') });
    const before = read('report.md');
    const broken = small();
    new ApiObject(new Chart(broken, 'x'), 'x', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'x' },
    });
    expect(() => broken.synth({ report: at('report.md') })).toThrow(/pod-security-enforced/);
    expect(read('report.md')).toBe(before);
  });
});

describe('a report that cannot be', () => {
  it('among the manifests is refused, and nothing is written', () => {
    for (const name of ['dist/report.json', 'dist']) {
      const error = errorOf(() => small().synth({ report: at(name) }));
      expect(error.message).toContain('would be among the manifests');
      expect(error.message).toMatch(
        /such as '.*dist\/report\/(report.json|index.html)'. Nothing was written/,
      );
    }
    expect(fs.readdirSync(folder.path)).toEqual([]);
  });

  it('where a construct writes a file is refused', () => {
    const cluster = small();
    addOutputFile(cluster, { path: 'nodes/index.html', content: () => 'ours' });
    const error = errorOf(() => cluster.synth({ report: at('dist/nodes/index.html') }));
    expect(error.message).toContain('a construct writes');
  });

  it('written is an error after the manifests were, and leaves nothing behind', () => {
    fs.mkdirSync(at('report.html'));
    const error = errorOf(() => small().synth({ report: at('report.html') }));
    expect(error.message).toContain(`'${at('report.html')}' cannot be written (EISDIR)`);
    expect(fs.readdirSync(folder.path).sort()).toEqual(['dist', 'report.html']);
  });

  it('written below what makes no folders is an error', () => {
    const error = errorOf(() => small().synth({ report: '/proc/none/there/report.html' }));
    expect(error.message).toContain("'/proc/none/there/report.html' cannot be written (ENOENT)");
  });

  it('drawn, since no process can be started, is an error before anything is written', () => {
    expect(errorWith(at('no-node')).message).toContain('none can be started (ENOENT)');
    expect(fs.readdirSync(folder.path)).toEqual([]);
  });

  it('drawn, since the process is killed, is an error that names the signal before anything is written', () => {
    fs.writeFileSync(at('killed'), '#!/bin/sh\nkill -KILL $$\n', { mode: 0o755 });
    const error = errorWith(at('killed'));
    expect(error).toBeInstanceOf(BulwarkError);
    expect(error.message).toContain(
      'in a process of its own, which was ended by SIGKILL. Give it more memory',
    );
    expect(fs.readdirSync(folder.path)).toEqual(['killed']);
  });

  /** What a synthesis with a picture throws where another program stands for Node.js. */
  function errorWith(program: string): Error {
    const { execPath } = process;
    process.execPath = program;
    try {
      return errorOf(() => small().synth({ report: at('report.html') }));
    } finally {
      process.execPath = execPath;
    }
  }
});
