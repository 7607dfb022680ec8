/* eslint-disable @typescript-eslint/no-require-imports -- the client of Kubernetes takes half a second to load */
import type * as KubernetesClient from '@kubernetes/client-node';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { BulwarkError } from '../../errors';
import type { JsonObject } from '../../manifest/manifest';

/** Which cluster, and as whom. */
export interface ConnectionOptions {
  /** @default what KUBECONFIG names, then ~/.kube/config, then the account of the pod that this runs in */
  readonly kubeconfig?: string;
  /** @default the current context */
  readonly context?: string;
}

/** An answer of the API server. */
export interface Answer {
  readonly status: number;
  /** What `Retry-After` says, in seconds. */
  readonly retryAfter?: number;
  readonly text: string;
}

/** Sends one GET. Rejects when there is no whole answer. */
export type Get = (path: string, accept: string, signal: AbortSignal) => Promise<Answer>;

/** A change of the Events of a namespace, and of nothing else. */
export interface EventChange {
  readonly method: 'POST' | 'PATCH';
  readonly namespace: string;
  /** Of the Event that is changed. @default none: a new one */
  readonly name?: string;
  readonly body: JsonObject;
}

/** Writes one Event. Rejects when there is no whole answer. */
export type WriteEvent = (change: EventChange, signal: AbortSignal) => Promise<Answer>;

/** A way to an API server. It can do nothing but GET, and write Events. */
export interface Connection {
  readonly server: string;
  readonly get: Get;
  readonly writeEvent: WriteEvent;
  readonly close: () => void;
}

/**
 * Opens a way to the API server with the credentials of a kubeconfig or of the pod, whichever kind they are.
 * @throws BulwarkError when there are none, or no such context.
 */
export async function connect(
  { kubeconfig, context }: ConnectionOptions,
  sockets: number,
): Promise<Connection> {
  const config = readConfig(kubeconfig, context);
  const cluster = config.getCurrentCluster();
  if (!cluster || cluster.server === NOTHING_NAMED) throw noCluster();
  const options: https.RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new BulwarkError(
      `The credentials for ${cluster.server} cannot be used: ${(error as Error).message}. Sign in again, or correct the user of the context.`,
    );
  }
  return openConnection(
    cluster.server,
    options,
    sockets,
    Boolean(cluster.proxyUrl ?? process.env.HTTPS_PROXY),
  );
}

function readConfig(
  kubeconfig: string | undefined,
  context: string | undefined,
): KubernetesClient.KubeConfig {
  const { KubeConfig } = require('@kubernetes/client-node') as typeof KubernetesClient;
  const config = new KubeConfig();
  if (kubeconfig !== undefined && !fs.existsSync(kubeconfig))
    throw new BulwarkError(`--kubeconfig: there is no ${kubeconfig}. Correct the path.`);
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    // Of what a parser says, the first line names the place, and those below repeat the text.
    const [reason] = (error as Error).message.split('\n');
    throw new BulwarkError(`${kubeconfig ?? 'The kubeconfig'} cannot be read: ${reason}. Correct it.`);
  }
  if (context === undefined) return config;
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context))
    throw new BulwarkError(`--context: there is no '${context}'. Use one of: ${names.join(', ')}.`);
  config.setCurrentContext(context);
  return config;
}

/** What the client of Kubernetes falls back to, where an API server of long ago listened without any credentials. */
const NOTHING_NAMED = 'http://localhost:8080';

function noCluster(): BulwarkError {
  return new BulwarkError(
    'No cluster is named: there is no kubeconfig with a current context, and this is no pod. Name one with --kubeconfig and --context.',
  );
}

function openConnection(
  server: string,
  { agent: proxy, headers, ...options }: https.RequestOptions,
  sockets: number,
  isProxied: boolean,
): Connection {
  const base = new URL(server);
  const transport = base.protocol === 'http:' ? http : https;
  const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
  const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
  const own = new transport.Agent({ keepAlive: true, maxSockets: sockets, ...tls });
  const agent = isProxied ? proxy : own;
  const prefix = base.pathname.replace(/\/$/, '');
  const exchange = ({ method = 'GET', path, body, signal, ...sent }: Exchange) =>
    new Promise<Answer>((resolve, reject) => {
      const request = transport.request(
        new URL(`${prefix}${path}`, base),
        { ...tls, auth: options.auth, agent, method, signal, headers: { ...headers, ...sent.headers } },
        (response) => readAnswer(response, resolve, reject),
      );
      request.on('error', reject);
      request.end(body);
    });
  return {
    server,
    close: () => own.destroy(),
    get: (path, accept, signal) => exchange({ path, headers: { accept }, signal }),
    writeEvent: ({ method, namespace, name, body }, signal) =>
      exchange({
        method,
        path: eventPath(namespace, name),
        headers: { accept: 'application/json', 'content-type': CONTENT_TYPES[method] },
        body: JSON.stringify(body),
        signal,
      }),
  };
}

interface Exchange {
  readonly method?: string;
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal: AbortSignal;
}

const CONTENT_TYPES = { POST: 'application/json', PATCH: 'application/merge-patch+json' } as const;

/** Where the Events of a namespace are, or one of them. */
export function eventPath(namespace: string, name?: string): string {
  const events = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  return name === undefined ? events : `${events}/${encodeURIComponent(name)}`;
}

function readAnswer(
  response: http.IncomingMessage,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', reject);
  response.on('close', () => {
    if (!response.complete) return reject(new Error('the connection was closed in the middle of an answer'));
    const retryAfter = Number(response.headers['retry-after'] ?? NaN);
    resolve({
      status: response.statusCode ?? 0,
      ...(retryAfter >= 0 && { retryAfter }),
      text: Buffer.concat(chunks).toString('utf8'),
    });
  });
}
