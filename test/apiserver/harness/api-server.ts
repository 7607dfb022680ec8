import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Assets, assets } from './assets';
import { Client, type RequestOptions, type Response } from './client';
import { type KubectlOptions, type KubectlResult, type KubectlTarget, kubectl } from './kubectl';
import { freePorts } from './ports';
import { Processes } from './processes';

export interface StartOptions {
  /** More flags for kube-apiserver. A repeated list flag such as `--enable-admission-plugins` adds to the list. */
  readonly args?: readonly string[];
  /**
   * Also start kube-controller-manager, which makes the default ServiceAccounts, the status of ResourceQuotas and
   * the aggregated ClusterRoles, and enable the ServiceAccount admission plugin, which needs the first of them.
   */
  readonly controllerManager?: boolean;
  /**
   * Enable the ServiceAccount admission plugin, which refuses a pod whose ServiceAccount does not exist.
   * @default what `controllerManager` is, since the plugin refuses every pod that names no account otherwise
   */
  readonly serviceAccounts?: boolean;
  /** Flags of the harness to leave out, by their name, since `args` bring what excludes them. */
  readonly without?: readonly string[];
  /** Address of the etcd of another API server, to be one of several. @default an etcd of its own */
  readonly etcdUrl?: string;
}

const READY_LIMIT_MS = 60_000;
const POLL_MS = 100;
const PORT_ATTEMPTS = 3;
const ISSUER = 'https://kubernetes.default.svc';

/** A running API server with its etcd, used as the administrator unless a call says otherwise. */
export class ApiServer {
  private constructor(
    /** For example `v1.30.14`. */
    readonly version: string,
    /** For example `30`. */
    readonly minor: number,
    /** The temporary folder of the servers, which {@link stop} removes. */
    readonly dir: string,
    /** Address of its etcd. */
    readonly etcdUrl: string,
    private readonly processes: Processes,
    private readonly client: Client,
    private readonly target: KubectlTarget,
  ) {}

  /**
   * Starts the servers and waits until they are ready.
   *
   * @throws with the ends of the logs when they are not ready in time, and leaves nothing behind then.
   */
  static async start(options: StartOptions = {}): Promise<ApiServer> {
    const binaries = checkedAssets(options);
    for (let attempt = 1; ; attempt++) {
      const setup = new Setup(binaries, options, await freePorts(3));
      try {
        const client = await setup.run();
        const { gitVersion, minor } = (await client.request('GET', '/version')).body;
        const { processes, target, etcdUrl } = setup;
        return new ApiServer(
          gitVersion,
          parseInt(minor, 10),
          processes.dir,
          etcdUrl,
          processes,
          client,
          target,
        );
      } catch (error) {
        const log = setup.processes.logTail();
        await setup.processes.stop();
        // Another process may have taken a port in the meantime.
        if (attempt < PORT_ATTEMPTS && log.includes('address already in use')) continue;
        throw new Error(`kube-apiserver did not start: ${(error as Error).message}\n${log}`, {
          cause: error,
        });
      }
    }
  }

  /**
   * Runs kubectl and waits for its end.
   *
   * @throws with the error output when kubectl fails, unless `allowFailure` is set.
   */
  kubectl(args: readonly string[], options: KubectlOptions = {}): KubectlResult {
    return kubectl(this.target, args, options);
  }

  /**
   * Sends a request, for example `request('POST', '/api/v1/namespaces?dryRun=All', namespace)`.
   *
   * A `PATCH` is a JSON merge patch unless `headers` has another `content-type`. A string is sent as it is,
   * anything else as JSON. An error status does not throw.
   */
  async request(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Response> {
    try {
      return await this.client.request(method, path, body, options);
    } catch (error) {
      if (!this.processes.failure) throw error;
      throw new Error(`${this.processes.failure}\n${this.logTail()}`, { cause: error });
    }
  }

  /** The last lines of the logs of the servers. */
  logTail(lines?: number): string {
    return this.processes.logTail(lines);
  }

  /** Kills kube-apiserver in the middle of what it does. Nothing but {@link stop} can be asked of it then. */
  async crash(): Promise<void> {
    await this.processes.crash('kube-apiserver');
  }

  /** Ends the servers and removes their folder. */
  async stop(): Promise<void> {
    this.client.close();
    await this.processes.stop();
  }
}

function checkedAssets({ controllerManager }: StartOptions): Assets {
  const found = assets();
  if (!found) throw new Error('KUBEBUILDER_ASSETS is unset');
  if (controllerManager && !found.controllerManager) {
    throw new Error(`KUBEBUILDER_ASSETS has no kube-controller-manager beside ${found.apiServer}`);
  }
  return found;
}

/** One attempt to bring the servers up. */
class Setup {
  readonly processes = new Processes();
  readonly target: KubectlTarget;
  private readonly token = randomBytes(16).toString('hex');
  readonly etcdUrl: string;
  private readonly peerUrl: string;
  private readonly port: number;

  constructor(
    private readonly binaries: Assets,
    private readonly options: StartOptions,
    ports: readonly number[],
  ) {
    const [etcd, peer, port] = ports as [number, number, number];
    this.etcdUrl = options.etcdUrl ?? `http://127.0.0.1:${etcd}`;
    this.peerUrl = `http://127.0.0.1:${peer}`;
    this.port = port;
    const home = this.processes.dir;
    this.target = { command: binaries.kubectl, kubeconfig: join(home, 'kubeconfig'), home };
  }

  async run(): Promise<Client> {
    this.writeFiles();
    if (!this.options.etcdUrl) this.processes.start('etcd', this.binaries.etcd, this.etcdFlags());
    this.processes.start('kube-apiserver', this.binaries.apiServer, this.apiServerFlags());
    const deadline = Date.now() + READY_LIMIT_MS;
    const client = await this.connected(deadline);
    try {
      if (this.options.controllerManager) await this.startControllerManager(client, deadline);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  private file(name: string): string {
    return join(this.processes.dir, name);
  }

  private writeFiles(): void {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(this.file('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(this.file('tokens.csv'), `${this.token},admin,1,"system:masters"\n`);
    writeFileSync(this.target.kubeconfig, JSON.stringify(this.kubeconfig()));
  }

  private kubeconfig(): object {
    const cluster = { server: `https://127.0.0.1:${this.port}`, 'certificate-authority': this.certificate };
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: { token: this.token } }],
    };
  }

  /** Made by the API server at its start, followed in the same file by the authority that signed it. */
  private get certificate(): string {
    return this.file('certs/apiserver.crt');
  }

  private etcdFlags(): string[] {
    return [
      `--data-dir=${this.file('etcd')}`,
      `--listen-client-urls=${this.etcdUrl}`,
      `--advertise-client-urls=${this.etcdUrl}`,
      `--listen-peer-urls=${this.peerUrl}`,
      `--initial-advertise-peer-urls=${this.peerUrl}`,
      `--initial-cluster=default=${this.peerUrl}`,
      '--unsafe-no-fsync',
    ];
  }

  private apiServerFlags(): string[] {
    const { args = [], without = [] } = this.options;
    const own = this.ownFlags().filter((flag) => !without.some((name) => flag.startsWith(`--${name}=`)));
    return [...own, ...args];
  }

  private ownFlags(): string[] {
    const { controllerManager, serviceAccounts = controllerManager } = this.options;
    return [
      `--etcd-servers=${this.etcdUrl}`,
      `--secure-port=${this.port}`,
      '--bind-address=127.0.0.1',
      // Without them the server looks for a default route, which a sandbox may not have.
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--cert-dir=${this.file('certs')}`,
      `--service-account-key-file=${this.file('sa.key')}`,
      `--service-account-signing-key-file=${this.file('sa.key')}`,
      `--service-account-issuer=${ISSUER}`,
      '--authorization-mode=RBAC,Node',
      `--token-auth-file=${this.file('tokens.csv')}`,
      '--service-cluster-ip-range=10.0.0.0/16',
      // As in most clusters; otherwise validation refuses privileged pods before admission has a say.
      '--allow-privileged=true',
      // The plugin refuses every pod as long as no controller makes the default ServiceAccounts.
      ...(serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ];
  }

  private async startControllerManager(client: Client, deadline: number): Promise<void> {
    this.processes.start('kube-controller-manager', this.binaries.controllerManager!, [
      `--kubeconfig=${this.target.kubeconfig}`,
      `--service-account-private-key-file=${this.file('sa.key')}`,
      `--root-ca-file=${this.certificate}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ]);
    await this.until(deadline, async () => {
      const account = await client.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      const role = await client.request('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin');
      return account.status === 200 && role.body.rules?.length > 0;
    });
  }

  private async connected(deadline: number): Promise<Client> {
    let client: Client | undefined;
    await this.until(deadline, async () => {
      const candidate = new Client(this.port, this.token, readFileSync(this.certificate, 'utf8'));
      if (await isReady(candidate).catch(() => false)) client = candidate;
      else candidate.close();
      return client !== undefined;
    });
    return client!;
  }

  private async until(deadline: number, condition: () => Promise<boolean>): Promise<void> {
    // What is polled may fail in any way as long as the servers are not up, the missing certificate included.
    while (!(await condition().catch(() => false))) {
      if (this.processes.failure) throw new Error(this.processes.failure);
      if (Date.now() > deadline) throw new Error(`not ready after ${READY_LIMIT_MS / 1000} s`);
      await delay(POLL_MS);
    }
  }
}

async function isReady(client: Client): Promise<boolean> {
  // /readyz does not wait for the namespace that most requests need.
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    if ((await client.request('GET', path)).status !== 200) return false;
  }
  return true;
}
