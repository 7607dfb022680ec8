import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { ApiServer } from '../harness';

/** A kubelet that takes over every connection that it is asked to, and holds it until it is told to let go. */
export interface Kubelet {
  readonly port: number;
  readonly letGo: () => void;
  readonly stop: () => void;
}

export async function startKubelet({ dir }: ApiServer): Promise<Kubelet> {
  // The API server does not verify the certificate of a kubelet unless it is told whose to trust.
  const [key, cert] = ['key', 'crt'].map((end) => readFileSync(join(dir, `certs/apiserver.${end}`)));
  const held = new Set<Socket>();
  const server = createServer({ key, cert }, (_request, answer) => answer.end('ok'));
  server.on('upgrade', ({ headers }, socket: Socket) => {
    held.add(socket);
    socket.on('error', () => undefined);
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${headers.upgrade}`];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const letGo = () => {
    held.forEach((socket) => socket.destroy());
    held.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    letGo,
    stop: () => {
      letGo();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Opens a stream as kubectl does, and resolves as soon as it is open. */
export function openStream({ dir }: ApiServer, path: string, headers: Record<string, string>): Promise<void> {
  const { clusters, users } = JSON.parse(readFileSync(join(dir, 'kubeconfig'), 'utf8'));
  const { server, 'certificate-authority': authority } = clusters[0].cluster;
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, server as string), {
      method: 'POST',
      ca: readFileSync(authority as string),
      headers: {
        authorization: `Bearer ${users[0].user.token}`,
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        'x-stream-protocol-version': 'v4.channel.k8s.io',
        ...headers,
      },
    });
    asked.on('upgrade', (_answer, socket) => {
      socket.on('error', () => undefined).resume();
      resolve();
    });
    asked.on('response', ({ statusCode }) => reject(new Error(`no stream: ${statusCode}`)));
    asked.on('error', reject);
    asked.end();
  });
}
