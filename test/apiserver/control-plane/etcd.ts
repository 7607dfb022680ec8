import type { ApiServer } from '../harness';

/** What etcd itself stores under a key, through the JSON of its own API. */
export async function etcdValue(server: ApiServer, key: string): Promise<Buffer> {
  const [entry] = await range(server, { key: base64(key) });
  if (!entry) throw new Error(`etcd has no ${key}`);
  return entry.value;
}

/** Every entry of etcd whose key has a prefix. */
export function etcdEntries(server: ApiServer, prefix: string): Promise<{ key: string; value: Buffer }[]> {
  const last = String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  return range(server, { key: base64(prefix), range_end: base64(prefix.slice(0, -1) + last) });
}

async function range({ etcdUrl }: ApiServer, query: object): Promise<{ key: string; value: Buffer }[]> {
  const response = await fetch(`${etcdUrl}/v3/kv/range`, { method: 'POST', body: JSON.stringify(query) });
  const { kvs = [] } = (await response.json()) as { kvs?: { key: string; value: string }[] };
  return kvs.map(({ key, value }) => ({
    key: Buffer.from(key, 'base64').toString(),
    value: Buffer.from(value, 'base64'),
  }));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
