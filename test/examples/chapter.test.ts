import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chapter } from '../../examples/chapter/main';
import '../../src/jest';
import { manifestsOf, useTemporaryFolder } from '../support/folders';

const LESSONS = path.join(__dirname, '../../examples/chapter');

/** What each lesson is about. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  '1-service-account': ['no-automounted-token', 'named-service-account'],
  '2-pod-security': ['no-privileged-container', 'apparmor-profile', 'run-as-non-root'],
  '3-network': ['no-allow-all-network-policy', 'namespace-default-deny', 'network-policy-types'],
  '4-secrets': ['no-plaintext-secret', 'secret-as-file'],
  '5-tenants': ['no-built-in-edit-binding', 'pod-security-enforced'],
  '6-rbac': ['no-full-control-role', 'no-rbac-wildcard'],
};

const naive = (lesson: string) => manifestsOf(readFileSync(path.join(LESSONS, lesson, 'naive.yaml'), 'utf8'));

describe('the lessons of the chapter', () => {
  const folder = useTemporaryFolder();
  const hardened = () => chapter(path.join(folder.path, 'dist')).synth();

  it('are all that there are', () => {
    const folders = readdirSync(LESSONS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(WRONG));
  });

  it.each(Object.entries(WRONG))(
    '%s is wrong as it is often written, and right with the construct',
    (lesson, ids) => {
      const { manifests } = hardened();
      for (const id of ids) {
        expect(naive(lesson)).toViolate(id, { target: '1.33' });
        expect(manifests).not.toViolate(id, { target: '1.33' });
      }
    },
  );

  it('open in the naive network what the hardened one closes', () => {
    const { manifests } = hardened();
    expect(naive('3-network')).toAllow('stranger/job', 'data/db', 5432);
    expect(manifests).not.toAllow('stranger-jobs/job', 'network-data/db', 5432);
    expect(manifests).toAllow('network-web/api', 'network-data/db', 5432);
  });

  it('are proved apart without a waiver', () => {
    const synthesis = hardened();
    expect(synthesis.manifests).toPassControls({ profile: 'hardened', target: '1.33' });
    expect(synthesis.describe()).toMatch(/isolation no network path[^]*ordered pairs of tenants\n/);
    expect(synthesis.describe()).toMatch(/waivers +0/);
  });
});
