import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { compileSources } from '../../support/compiled-sources';
import { filesIn, useTemporaryFolder } from '../../support/folders';

/** Synthesizes a blueprint with one problem; WAY decides where the error ends up. */
const PROGRAM = `
const { Blueprint, ClusterTarget, HardenedDeployment, Tenant } = require(process.argv[2]);
const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33') });
const web = new Tenant(cluster, 'shop').namespace('web');
new HardenedDeployment(web, 'api', { containers: [{ image: 'registry.example/api:1.0.0', port: 80, securityContext: { allowPrivilegeEscalation: true } }] });
const ways = {
  thrown: () => cluster.synth(),
  'thrown in an async function': async () => cluster.synth(),
  'thrown later': () => setTimeout(() => cluster.synth(), 1),
  caught: () => { try { cluster.synth(); } catch (error) { console.log(error.name); } },
  'thrown after another synthesis': () => {
    const target = ClusterTarget.kubernetes('1.33');
    const good = new Blueprint({ target });
    new Tenant(good, 'shop').namespace('web');
    good.synth();
    new Blueprint({ target, outdir: '/proc/nowhere/dist' }).synth();
  },
  other: () => { throw new TypeError('a mistake in the program'); },
};
ways[process.argv[3]]();
`;

const LIMIT_MS = 30_000;

const folder = useTemporaryFolder();
let compiled: string;

beforeAll(() => {
  compiled = compileSources();
});

afterAll(() => fs.rmSync(compiled, { recursive: true, force: true }));

function run(way: string) {
  const file = path.join(folder.path, 'program.js');
  fs.writeFileSync(file, PROGRAM);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [file, path.join(compiled, 'constructs'), way],
    // What does not come to an end has no status.
    { cwd: folder.path, encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  return { status, stdout, stderr };
}

describe('a program whose blueprint has a problem', () => {
  it.each(['thrown', 'thrown in an async function', 'thrown later'])(
    'ends with exit code 2 and the message alone when the error is %s',
    (way) => {
      const { status, stdout, stderr } = run(way);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(
        /^The blueprint has a problem, and nothing was written:\n- shop\/web\/api\/Resource \(Deployment shop-web\/api\): spec\.template\.spec\.containers\[0\]\.securityContext\.allowPrivilegeEscalation breaks no-privilege-escalation\. [^\n]+\n$/,
      );
      expect(fs.readdirSync(folder.path)).toEqual(['program.js']);
    },
  );

  it('goes on when it catches the error', () => {
    expect(run('caught')).toEqual({ status: 0, stdout: 'BulwarkError\n', stderr: '' });
  });

  it('ends with the message alone when the outdir is below a folder that cannot be made, and other folders stay', () => {
    expect(run('thrown after another synthesis')).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^Cannot write to \/proc\/nowhere\/dist \(ENOENT\): [^\n]+ unchanged\.\n$/,
      ),
    });
    expect(fs.readdirSync(folder.path).sort()).toEqual(['dist', 'program.js']);
    expect(fs.readdirSync(path.join(folder.path, 'dist'))).toEqual([
      '00-cluster.k8s.yaml',
      '10-shop-web.k8s.yaml',
    ]);
  });

  it('still shows the stack of any other error', () => {
    const { status, stderr } = run('other');
    expect(status).toBe(1);
    expect(stderr).toMatch(/TypeError: a mistake in the program\n\s+at /);
  });
});

describe('the example', () => {
  /** Runs it from a folder, in an environment that differs in what must not matter. */
  function synthesize(from: string, environment: Record<string, string>): Record<string, string> {
    fs.mkdirSync(from, { recursive: true });
    const main = path.join(compiled, 'examples/secure-cluster/main.js');
    const { status, stderr } = spawnSync(process.execPath, [main], {
      cwd: from,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return filesIn(path.join(from, 'dist'));
  }

  it('is byte for byte the same from another folder, in another language and time zone, and a second time', () => {
    const first = synthesize(path.join(folder.path, 'one'), { TZ: 'UTC', LANG: 'C' });
    const other = path.join(folder.path, 'two words/öäü');
    const environment = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };
    expect(Object.keys(first).length).toBeGreaterThan(4);
    expect(synthesize(other, environment)).toEqual(first);
    expect(synthesize(other, environment)).toEqual(first);
  });
});
