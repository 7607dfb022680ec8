import { type ApiServer } from './api-server';

/**
 * Gives every ResourceQuota the status that kube-controller-manager would give it in an empty namespace. The
 * admission plugin goes by the status alone: a quota without one refuses nothing. What it has counted since stays.
 */
export async function fillQuotaStatus(server: ApiServer): Promise<void> {
  const { body } = await server.request('GET', '/api/v1/resourcequotas');
  await Promise.all(body.items.map((quota: any) => fillStatus(server, quota)));
}

async function fillStatus(server: ApiServer, quota: any): Promise<void> {
  const { namespace, name } = quota.metadata;
  const hard: Record<string, string> = quota.spec.hard ?? {};
  const used = Object.fromEntries(Object.keys(hard).map((key) => [key, quota.status?.used?.[key] ?? '0']));
  const path = `/api/v1/namespaces/${namespace}/resourcequotas/${name}/status`;
  const { status, body } = await server.request('PUT', path, { ...quota, status: { hard, used } });
  if (status !== 200) throw new Error(`status of ResourceQuota ${namespace}/${name}: ${body.message}`);
}
