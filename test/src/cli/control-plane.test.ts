import path from 'node:path';
import { auditLevelCommand } from '../../../src/cli/audit-level';
import { checkCommand } from '../../../src/cli/check';
import { readPaths } from '../../../src/cli/input';

const DIST = path.resolve(__dirname, '../../../dist');
const FILES = path.join(DIST, 'control-plane', 'kubeadm', 'files');

const level = (user: string, verb: string, resource: string, options = {}) =>
  auditLevelCommand([user, verb, resource], [FILES], options).output;

describe('bulwark audit-level', () => {
  it('tells the level of a request and the rule that decides', () => {
    expect(level('oidc:alice', 'get', 'secrets', { namespace: 'shop-web' })).toMatch(
      /^Metadata {2}\(rule 1: /,
    );
    expect(level('oidc:alice', 'create', 'pods/exec')).toMatch(/^Request {2}\(rule 2: /);
    expect(level('oidc:alice', 'create', 'rolebindings')).toMatch(/^RequestResponse /);
    expect(level('oidc:alice', 'get', '/livez')).toMatch(/^None /);
    expect(level('system:node:a', 'patch', 'nodes/status', { group: ['system:nodes'] })).toMatch(/^None /);
    expect(level('mallory', 'patch', 'nodes/status')).toMatch(/^Metadata /);
  });

  it('wants one policy, and a resource that is one', () => {
    expect(() => auditLevelCommand(['a', 'get', 'pods'], [path.join(DIST, 'nodes')], {})).toThrow(
      /0 audit policies are there/,
    );
    expect(() => level('a', 'get', 'pods/log/x')).toThrow(/is no resource/);
  });
});

describe('files for nodes', () => {
  it('are read when their folder is named, and not with the manifests beside it', () => {
    const { manifests } = readPaths([DIST]);
    expect(manifests.map(({ manifest }) => manifest.kind)).not.toContain('ClusterConfiguration');
    const { manifests: named } = readPaths([path.join(DIST, 'control-plane')]);
    expect(named.map(({ manifest }) => manifest.kind)).toContain('ClusterConfiguration');
  });

  it('of the example meet the CIS benchmark', () => {
    const context = { version: '1.0.0', colour: false, now: new Date('2026-01-01') };
    const options = { format: 'text', profile: 'cis', target: '1.30' };
    const { output, exitCode } = checkCommand([path.join(DIST, 'control-plane')], options, context);
    // The probes of kubeadm carry no credentials before 1.32.
    expect(output).toContain('1 finding in');
    expect(output).toContain('api-server-no-anonymous');
    expect(exitCode).toBe(1);
  });
});
