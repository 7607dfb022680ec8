import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  explainCommand,
  exposureCommand,
  isolatedCommand,
  netdiffCommand,
  reachCommand,
} from '../../../src/cli/network';
import { toYaml } from '../../../src/manifest/yaml';
import { TWO_TENANTS } from '../network/cluster';

let file: string;
let closed: string;
beforeAll(() => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-network-'));
  file = path.join(folder, 'open.yaml');
  closed = path.join(folder, 'closed.yaml');
  fs.writeFileSync(file, toYaml(TWO_TENANTS));
  const others = TWO_TENANTS.filter(({ metadata }) => metadata?.name !== 'web' || !metadata.namespace);
  fs.writeFileSync(closed, toYaml(others));
});
afterAll(() => fs.rmSync(path.dirname(file), { recursive: true }));

describe('bulwark', () => {
  it('reach lists connections', () => {
    expect(reachCommand([file], { format: 'csv' })).toMatchObject({
      output: [
        'src,dst,conn',
        '0.0.0.0-255.255.255.255[External],shop-web/web[Deployment],TCP 8080',
        'shop-web/web[Deployment],stats/api[Deployment],TCP 8080',
        'stats/api[Deployment],169.254.0.0-169.254.255.255[External],All Connections',
      ].join('\n'),
      errors: [],
      exitCode: 0,
    });
    expect(() => reachCommand([file], { format: 'svg' })).toThrow(
      "--format: there is no 'svg'. Use one of: text, json, csv, dot, mermaid.",
    );
  });

  it('reach reports what it cannot read, and ends with 2', () => {
    const { errors, exitCode } = reachCommand([file, `${file}.missing`], { format: 'text' });
    expect(errors.join()).toContain('there is no such file or folder');
    expect(exitCode).toBe(2);
  });

  it('explain ends with 1 for a connection that is blocked', () => {
    expect(explainCommand(['shop-web/web', 'stats/api', '8080'], [file], {}).exitCode).toBe(0);
    expect(explainCommand(['shop-web/web', 'stats/api', 'UDP 8080'], [file], {}).exitCode).toBe(1);
    expect(() => explainCommand(['shop-web/web', 'stats/api', 'http'], [file], {})).toThrow(
      "'http' is not a port. Write a number, or one with its protocol: 'UDP 53'.",
    );
  });

  it('exposure lists workloads by what is open', () => {
    const { output } = exposureCommand([file], { format: 'text', apiServer: '169.254.1.1' });
    expect(output).toContain('Open to the Internet\n  shop-web/web[Deployment] : TCP 8080\n');
    expect(output).toContain(
      'May connect to metadata of the cloud\n  stats/api[Deployment] : 169.254.169.254',
    );
    expect(output).toContain('May connect to the API server\n  stats/api[Deployment] : All Connections');
  });

  it('isolated ends with 1 and an example when a tenant reaches another', () => {
    expect(isolatedCommand([], [file], {})).toMatchObject({
      output: 'shop reaches analytics: shop-web/web[Deployment] => stats/api[Deployment] : TCP 8080',
      exitCode: 1,
    });
    expect(isolatedCommand(['shop', 'analytics'], [closed], {})).toMatchObject({
      output: 'No pod of shop and analytics can connect to a pod of another of them.',
      exitCode: 0,
    });
  });

  it('netdiff ends with 1 and the differences', () => {
    expect(netdiffCommand(file, closed, {})).toMatchObject({
      output: [
        '- 0.0.0.0-255.255.255.255[External] => shop-web/web[Deployment] : TCP 8080',
        '- shop-web/web[Deployment] => stats/api[Deployment] : TCP 8080',
      ].join('\n'),
      errors: [],
      exitCode: 1,
    });
    expect(netdiffCommand(file, file, {}).exitCode).toBe(0);
  });
});
