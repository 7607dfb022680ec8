import { Agent, type RequestOptions as HttpsOptions, request as httpsRequest } from 'node:https';
import { type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** Whom the administrator acts as. The API server adds `system:authenticated` and a service account's groups. */
export interface Impersonation {
  readonly as?: string;
  readonly groups?: readonly string[];
}

export interface RequestOptions extends Impersonation {
  readonly headers?: Readonly<Record<string, string>>;
  /** The bearer token in place of the administrator's; null for none. */
  readonly token?: string | null;
}

export interface Response {
  readonly status: number;
  /** The parsed JSON, or the text of an answer that is not JSON. */
  readonly body: any;
  /** The texts of the answer's `Warning` headers. */
  readonly warnings: readonly string[];
}

const IDLE_LIMIT_MS = 60_000;

/** HTTPS with keep-alive, for the many requests for which a kubectl process each would be too slow. */
export class Client {
  private readonly agent: Agent;

  constructor(
    private readonly port: number,
    private readonly token: string,
    ca: string,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 16, ca });
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<Response> {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const target = { method, path, headers: this.headers(method, payload, options) };
    const response = await this.send(target, payload);
    const warnings = (response.headersDistinct.warning ?? []).map(warningText);
    return { status: response.statusCode!, body: parse(response, await text(response)), warnings };
  }

  close(): void {
    this.agent.destroy();
  }

  private headers(
    method: string,
    payload: string | undefined,
    { as, groups, headers, token = this.token }: RequestOptions,
  ) {
    return {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      accept: 'application/json',
      ...(payload !== undefined && {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
      ...(as !== undefined && { 'impersonate-user': as }),
      ...(groups && { 'impersonate-group': [...groups] }),
      ...headers,
    };
  }

  private send(target: HttpsOptions, payload?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        { host: '127.0.0.1', port: this.port, agent: this.agent, ...target },
        resolve,
      );
      request.setTimeout(IDLE_LIMIT_MS, () =>
        request.destroy(new Error(`no answer to ${target.method} ${target.path}`)),
      );
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed an idle connection at the moment it was taken up again.
        if (request.reusedSocket && error.code === 'ECONNRESET') resolve(this.send(target, payload));
        else reject(error);
      });
      request.end(payload);
    });
  }
}

/** `299 - "text"`, in which quotes and backslashes are escaped. */
function warningText(header: string): string {
  return (/"(.*)"$/.exec(header)?.[1] ?? header).replaceAll(/\\(.)/g, '$1');
}

function parse(response: IncomingMessage, body: string): unknown {
  return response.headers['content-type']?.includes('json') ? JSON.parse(body) : body;
}
