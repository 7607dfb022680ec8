import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiServer, assets, describeWithApiServer, fillQuotaStatus } from './harness';

const NAMESPACES = '/api/v1/namespaces';

const namespace = (name: string, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const pod = (name: string, securityContext: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'restricted' },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1', securityContext }] },
});

const COMPLIANT = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The command lines of the running processes that name the folder of a server. */
function processesOf(dir: string): string[] {
  const list = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' });
  return list.split('\n').filter((args) => args.includes(dir));
}

async function until(limitMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (!condition() && Date.now() < deadline) await delay(100);
  return condition();
}

describeWithApiServer('the API server of a describe', (server) => {
  const dryRun = (manifest: object, allowFailure = false) =>
    server().kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], {
      input: JSON.stringify(manifest),
      allowFailure,
    });

  beforeAll(async () => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const created = await server().request('POST', NAMESPACES, namespace('restricted', labels));
    expect(created.status).toBe(201);
  });

  it('tells its version', () => {
    const { serverVersion } = JSON.parse(server().kubectl(['version', '-o', 'json']).stdout);
    expect(serverVersion.gitVersion).toBe(server().version);
    expect(server().version).toMatch(new RegExp(`^v1\\.${server().minor}\\.`));
  });

  it('refuses a privileged pod in a restricted namespace', () => {
    const { code, stderr } = dryRun(pod('bad', { privileged: true }), true);
    expect(code).toBe(1);
    expect(stderr).toContain('violates PodSecurity');
  });

  it('admits a compliant pod', () => {
    expect(dryRun(pod('good', COMPLIANT)).stdout).toBe('pod/good created (server dry run)\n');
  });

  it('throws what kubectl complains about', () => {
    expect(() => dryRun(pod('bad', { privileged: true }))).toThrow('violates PodSecurity');
  });

  it('impersonates with kubectl and over HTTPS', async () => {
    const user = { as: 'jane', groups: ['developers'] };
    const whoami = server().kubectl(['auth', 'whoami', '-o', 'json'], user);
    expect(JSON.parse(whoami.stdout).status.userInfo).toMatchObject({
      username: 'jane',
      groups: ['developers', 'system:authenticated'],
    });
    const { status, body } = await server().request('GET', NAMESPACES, undefined, user);
    expect([status, body.message]).toEqual([403, expect.stringContaining('User "jane" cannot list')]);
  });

  it('patches with a JSON merge patch unless told otherwise', async () => {
    await server().request('POST', NAMESPACES, namespace('patched'));
    const merged = await server().request('PATCH', `${NAMESPACES}/patched`, {
      metadata: { labels: { a: '1' } },
    });
    expect(merged.body.metadata.labels).toMatchObject({ a: '1' });
    const applied = await server().request(
      'PATCH',
      `${NAMESPACES}/patched?fieldManager=test`,
      'apiVersion: v1\nkind: Namespace\nmetadata: { labels: { b: "2" } }\n',
      { headers: { 'content-type': 'application/apply-patch+yaml' } },
    );
    expect(applied.body.metadata.labels).toMatchObject({ a: '1', b: '2' });
  });

  it('enforces a quota from the moment its status is filled', async () => {
    await server().request('POST', NAMESPACES, namespace('quota'));
    const quota = { metadata: { name: 'pods' }, spec: { hard: { pods: '1' } } };
    await server().request('POST', `${NAMESPACES}/quota/resourcequotas`, quota);
    const create = async (name: string) => {
      const manifest = { ...pod(name, COMPLIANT), metadata: { name } };
      return (await server().request('POST', `${NAMESPACES}/quota/pods`, manifest)).body;
    };
    expect((await create('unlimited')).kind).toBe('Pod');
    await fillQuotaStatus(server());
    expect((await create('first')).kind).toBe('Pod');
    await fillQuotaStatus(server());
    expect((await create('second')).message).toContain('exceeded quota: pods');
  });
});

const describeWithAssets = assets() ? describe : describe.skip;

describeWithAssets('a server without a describe (needs KUBEBUILDER_ASSETS)', () => {
  it('leaves neither a process nor its folder when it is stopped', async () => {
    const server = await ApiServer.start();
    expect(processesOf(server.dir)).toHaveLength(3);
    await server.stop();
    expect(processesOf(server.dir)).toEqual([]);
    expect(existsSync(server.dir)).toBe(false);
  });

  it('leaves neither a process nor its folder when its user is killed', async () => {
    const harness = JSON.stringify(join(__dirname, 'harness'));
    const script = `require(${harness}).ApiServer.start().then(({ dir }) => process.stdout.write(dir + '\\n'))`;
    const user = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', script], {
      cwd: join(__dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    user.stdout.once('data', () => user.kill('SIGKILL'));
    const dir = (await text(user.stdout)).trim();
    await (user.exitCode ?? user.signalCode ?? once(user, 'exit'));
    expect(user.signalCode).toBe('SIGKILL');
    expect(await until(10_000, () => processesOf(dir).length === 0 && !existsSync(dir))).toBe(true);
  });

  it('shows the end of the logs when a server does not start', async () => {
    const failed = ApiServer.start({ args: ['--no-such-flag'] });
    await expect(failed).rejects.toThrow(/kube-apiserver ended with code 1[^]*unknown flag: --no-such-flag/);
  });

  // Not declared, rather than skipped, where the assets lack the binary: they are then complete for all other tests.
  const withControllers = assets()?.controllerManager ? it : undefined;

  withControllers?.('runs the controllers when they are asked for', async () => {
    const server = await ApiServer.start({ controllerManager: true });
    try {
      await server.request('POST', NAMESPACES, namespace('controlled'));
      const account = `${NAMESPACES}/controlled/serviceaccounts/default`;
      const statuses: number[] = [];
      for (let i = 0; i < 50 && statuses.at(-1) !== 200; i++) {
        statuses.push((await server.request('GET', account)).status);
        await delay(100);
      }
      expect(statuses.at(-1)).toBe(200);
    } finally {
      await server.stop();
    }
    expect(processesOf(server.dir)).toEqual([]);
  });
});
