import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driftCommand } from '../../../src/cli/drift';

// What nobody has thought of.
jest.mock('../../../src/cli/kube/live', () => ({
  readLive: () => Promise.reject(new TypeError('a defect')),
}));

const KUBECONFIG = {
  clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1' } }],
  users: [{ name: 'u', user: {} }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
};

it('replaces an older result also where bulwark drift ends with a defect of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-defect-'));
  try {
    const [declared, kubeconfig, metrics] = ['shop.yaml', 'kubeconfig', 'bulwark.prom'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(declared, 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n');
    writeFileSync(kubeconfig, JSON.stringify(KUBECONFIG));
    writeFileSync(metrics, 'bulwark_drift_success 1\nbulwark_drift_last_success_timestamp_seconds 7\n');
    await expect(driftCommand([declared], { kubeconfig, metrics, format: 'text' })).rejects.toThrow(
      new TypeError('a defect'),
    );
    const written = readFileSync(metrics, 'utf8');
    expect(written).toContain('bulwark_drift_success 0\n');
    expect(written).toContain('bulwark_drift_last_success_timestamp_seconds 7\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
