import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/**
 * What becomes of the request of that number: it passes, has an answer of that status, breaks, hangs, gets a web page, or passes
 * after something has happened.
 */
export type Fault = (count: number) => 'pass' | 'cut' | 'hang' | 'page' | number | Promise<unknown>;

/** Stands in front of an API server and fails as it is told. */
export class FaultProxy {
  /** What was asked, and how it was answered, of the requests that passed. */
  readonly passed: { readonly method: string; readonly url: string; readonly status: number }[] = [];
  private count = 0;
  private current: Fault = () => 'pass';

  private constructor(
    private readonly server: Server,
    /** Leads through this proxy. */
    readonly kubeconfig: string,
  ) {}

  static async start(kubeconfig: string, folder: string): Promise<FaultProxy> {
    const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
    const [{ cluster }] = config.clusters;
    const target = { url: cluster.server as string, ca: readFileSync(cluster['certificate-authority']) };
    const server = createServer((incoming, answer) => proxy.handle(incoming, answer, target));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    config.clusters[0].cluster = {
      server: `http://127.0.0.1:${port}`,
      // Without this the client of Kubernetes sends no credentials over plain HTTP.
      'insecure-skip-tls-verify': true,
    };
    const file = join(folder, 'through-proxy');
    writeFileSync(file, JSON.stringify(config));
    const proxy = new FaultProxy(server, file);
    return proxy;
  }

  set fault(fault: Fault) {
    this.current = fault;
    this.count = 0;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private handle(
    incoming: IncomingMessage,
    answer: ServerResponse,
    target: { url: string; ca: Buffer },
  ): void {
    const outcome = this.current(this.count++);
    if (outcome === 'hang') return;
    if (outcome instanceof Promise) {
      void outcome.then(() => this.forward(incoming, answer, target, false));
      return;
    }
    if (outcome === 'page') {
      answer.end('<html>Sign in</html>');
      return;
    }
    if (typeof outcome === 'number') {
      answer.writeHead(outcome, { 'retry-after': '0' }).end('{}');
      return;
    }
    this.forward(incoming, answer, target, outcome === 'cut');
  }

  private forward(
    incoming: IncomingMessage,
    answer: ServerResponse,
    target: { url: string; ca: Buffer },
    cut: boolean,
  ): void {
    const { host: _host, ...headers } = incoming.headers;
    const onward = request(
      new URL(incoming.url!, target.url),
      { ca: target.ca, method: incoming.method, headers },
      (response) => {
        const { method = '', url = '' } = incoming;
        this.passed.push({ method, url, status: response.statusCode! });
        answer.writeHead(response.statusCode!, response.headers);
        response.on('error', () => answer.destroy());
        if (!cut) response.pipe(answer);
        else
          response.once('data', (chunk: Buffer) =>
            answer.write(chunk.subarray(0, 20), () => answer.destroy()),
          );
      },
    );
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  }
}
