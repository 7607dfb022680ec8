import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { ApiServer } from './api-server';
import type { Impersonation } from './client';

/** A request that creates something and asks for an answer, such as a review. */
export interface Post extends Impersonation {
  readonly path: string;
  readonly body: unknown;
}

const CONNECTIONS = 4;
/** Enough to keep the server busy, and few enough that it does not wait to be read. */
const AHEAD = 64;

/**
 * The parsed answers to very many requests, in order: they are written one behind the other without waiting for answers
 * (HTTP/1.1 pipelining), which takes a tenth of the time of a client that does one thing at a time.
 *
 * @throws when an answer is not 201.
 */
export async function pipeline(server: ApiServer, posts: readonly Post[]): Promise<any[]> {
  const { clusters, users } = JSON.parse(readFileSync(join(server.dir, 'kubeconfig'), 'utf8'));
  const { server: url, 'certificate-authority': authority } = clusters[0].cluster;
  const connection = {
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    ca: readFileSync(authority),
    token: users[0].user.token as string,
  };
  const size = Math.ceil(posts.length / CONNECTIONS);
  const parts = Array.from({ length: CONNECTIONS }, (_, index) =>
    posts.slice(index * size, (index + 1) * size),
  );
  return (await Promise.all(parts.map((part) => exchange(connection, part)))).flat();
}

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly ca: Buffer;
  readonly token: string;
}

function exchange({ token, ...address }: Connection, posts: readonly Post[]): Promise<any[]> {
  return new Promise((resolve, reject) => {
    const answers: any[] = [];
    let written = 0;
    let unread = Buffer.alloc(0);
    const socket: TLSSocket = connect(address);
    const fill = () => {
      const next = posts.slice(written, answers.length + AHEAD);
      written += next.length;
      if (next.length > 0) socket.write(next.map((post) => textOf(post, token)).join(''));
    };
    const finish = () => {
      socket.destroy();
      resolve(answers);
    };
    socket.on('error', reject).on('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (data) => {
      unread = Buffer.concat([unread, data]);
      try {
        for (let answer = firstAnswer(unread); answer; answer = firstAnswer(unread)) {
          unread = unread.subarray(answer.end);
          answers.push(answer.body);
        }
      } catch (error) {
        socket.destroy(error as Error);
      }
      if (answers.length === posts.length) finish();
      else if (written - answers.length < AHEAD / 2) fill();
    });
    if (posts.length === 0) finish();
    else socket.once('secureConnect', fill);
  });
}

function textOf({ path, body, as, groups = [] }: Post, token: string): string {
  const payload = JSON.stringify(body);
  const headers = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Accept: application/json',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(payload)}`,
    ...(as === undefined ? [] : [`Impersonate-User: ${as}`]),
    ...groups.map((group) => `Impersonate-Group: ${group}`),
  ];
  return `${headers.join('\r\n')}\r\n\r\n${payload}`;
}

/** The first answer in what came so far, if it is there as a whole. */
function firstAnswer(bytes: Buffer): { body: unknown; end: number } | undefined {
  const headerEnd = bytes.indexOf('\r\n\r\n');
  if (headerEnd < 0) return undefined;
  const header = bytes.toString('latin1', 0, headerEnd);
  const length = /^content-length: (\d+)$/im.exec(header);
  if (!length) throw new Error(`an answer without length: ${header}`);
  const start = headerEnd + 4;
  const end = start + Number(length[1]);
  if (bytes.length < end) return undefined;
  const body = bytes.toString('utf8', start, end);
  if (!/^HTTP\/1\.1 201 /.test(header)) throw new Error(body);
  return { body: JSON.parse(body), end };
}
