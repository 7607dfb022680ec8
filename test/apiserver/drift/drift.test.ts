import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { driftCommand } from '../../../src/cli/drift';
import { identityOf } from '../../../src/manifest/manifest';
import { runCommand } from '../../support/run-command';
import { corpusFile, describeWithApiServer } from '../harness';
import { runCommands, type Shell } from './commands';
import { FaultProxy, type Fault } from './fault-proxy';
import { MANIPULATIONS } from './manipulations';

const DIST = join(__dirname, '../../../dist');
const DEFINITION = corpusFile('crds', 'bitnami.com_sealedsecrets.yaml');

if (!DEFINITION)
  describe.skip('drift (skipped: BULWARK_CORPORA is unset)', () => it('is found', () => undefined));
else describeWithApiServer('drift from the example', suite, { serviceAccounts: true });

function suite(server: () => any): void {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulwark-drift-'));
    symlinkSync(join(process.env.KUBEBUILDER_ASSETS!, 'kubectl'), join(folder, 'kubectl'));
    server().kubectl(['apply', '--server-side', '-f', DEFINITION!]);
    server().kubectl(['wait', '--for=condition=Established', 'crd/sealedsecrets.bitnami.com']);
    server().kubectl(['apply', '-f', DIST]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const kubeconfig = () => join(server().dir, 'kubeconfig');
  const drift = async (config = kubeconfig(), timeout = '60') => {
    const result = await driftCommand([DIST], { kubeconfig: config, format: 'json', timeout });
    return { ...result, report: JSON.parse(result.output) };
  };
  const shell = (): Shell => ({
    server: server(),
    env: { PATH: `${folder}:/usr/bin:/bin`, KUBECONFIG: kubeconfig(), HOME: folder },
  });
  /**
   * The command that ends a finding, with the one object out of the file that it tells, which has to be in there: to apply what is
   * as it should be takes the most time, and would mend others as well.
   */
  const alone = ({ fix, object }: any, index: number): string =>
    fix.replace(/(?<=kubectl apply -f )\S+$/, (file: string) => {
      const isIt = ({ apiVersion, kind, metadata }: any) =>
        identityOf({ apiVersion, kind, metadata }) === identityOf({ ...object, metadata: object });
      const found = parseAllDocuments(readFileSync(file, 'utf8')).map((document: any) => document.toJS());
      const copy = join(folder, `${index}.json`);
      writeFileSync(copy, JSON.stringify(found.find(isIt)));
      return copy;
    });
  const nameOf = ({ kind, object }: any) =>
    `${kind}: ${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name}`;

  const expectNone = async () => {
    const { report, exitCode, errors } = await drift();
    expect(report.findings).toEqual([]);
    expect(report.proof).toEqual({ holds: true, counterExamples: [] });
    expect({ exitCode, errors, complete: report.complete }).toEqual({
      exitCode: 0,
      errors: [],
      complete: true,
    });
    expect(report.declared).toBeGreaterThan(100);
  };

  it('is none after the manifests were applied', expectNone);

  it('is found as it is, with the object and who did it, and ended by the command that the finding tells', async () => {
    expect(MANIPULATIONS.length).toBeGreaterThanOrEqual(25);
    const commands = MANIPULATIONS.map(({ command }) => command);
    // What is in the way of the others is removed first, and that it is gone is waited for.
    const gate = commands.findIndex((command) => command.includes('until '));
    for (const some of [commands.slice(0, gate), commands.slice(gate, gate + 1), commands.slice(gate + 1)]) {
      await runCommands(shell(), some);
    }
    const { report, exitCode } = await drift();
    const expected = MANIPULATIONS.map(({ finding, by }) => [finding, [...by]]);
    const found = report.findings.map((one: any) => [nameOf(one), one.by.map(({ manager }: any) => manager)]);
    expect(found.sort()).toEqual(expected.sort());
    expect(exitCode).toBe(1);
    expect(report.proof.holds).toBe(false);
    const through = report.proof.counterExamples.map((one: any) => one.through).join('\n');
    for (const culprit of ['NetworkPolicy shop-web/open', 'ClusterRoleBinding backdoor']) {
      expect(through).toContain(culprit);
    }
    const fixes: string[] = report.findings.map(alone);
    const told = (start: string) => fixes.filter((fix) => fix.startsWith(start));
    const applied = told('kubectl apply').map((fix) => fix.replace('kubectl apply', ''));
    expect(told('kubectl patch').length + told('kubectl delete').length + applied.length).toBe(fixes.length);
    await runCommands(shell(), told('kubectl patch'));
    await runCommands(shell(), told('kubectl delete'));
    await runCommands(shell(), [`kubectl apply ${applied.join(' ')}`]);
    await expectNone();
    // Many runs of kubectl take their time on a machine that is busy.
  }, 240_000);

  describe('when the API server does not answer as it should', () => {
    let proxy: FaultProxy;
    beforeAll(async () => (proxy = await FaultProxy.start(kubeconfig(), folder)));
    afterAll(() => proxy.stop());

    const withFault = (fault: Fault, timeout = '60') => {
      proxy.fault = fault;
      return drift(proxy.kubeconfig, timeout);
    };

    it.each<[string, Fault]>([
      ['429 for a while, with Retry-After', (count) => (count < 4 ? 429 : 'pass')],
      ['500 now and then', (count) => (count % 7 === 3 ? 500 : 'pass')],
      ['connections that break in the middle of an answer', (count) => (count % 9 === 4 ? 'cut' : 'pass')],
    ])('is right after %s', async (_title, fault) => {
      const { report, exitCode } = await withFault(fault);
      expect([exitCode, report.findings, report.complete]).toEqual([0, [], true]);
    });

    it.each<[string, Fault, RegExp]>([
      ['429 for good', () => 429, /could not be read: status 429/],
      ['500 for good', (count) => (count < 12 ? 'pass' : 500), /could not be read: status 500/],
      ['no answer', (count) => (count < 12 ? 'pass' : 'hang'), /could not be read: no answer in time/],
      [
        'connections that break for good',
        (count) => (count < 20 ? 'pass' : 'cut'),
        /could not be read: .*(closed|hang up|aborted|ECONN)/,
      ],
      ['401', () => 401, /does not accept the credentials \(401\)/],
      ['something that is no JSON', () => 'page', /something that an API server does not say/],
    ])('is an error and never "no drift" for %s', async (_title, fault, message) => {
      await expect(withFault(fault, '1.5')).rejects.toThrow(message);
    });

    it('is incomplete, and says which right is missing, for an account without rights', async () => {
      const { stdout } = server().kubectl(['create', 'token', 'frontend', '-n', 'shop-web']);
      const config = JSON.parse(readFileSync(kubeconfig(), 'utf8'));
      config.users[0].user.token = stdout.trim();
      const file = join(folder, 'powerless');
      writeFileSync(file, JSON.stringify(config));
      const { report, exitCode, errors } = await drift(file);
      expect([exitCode, report.complete, report.findings, report.proof]).toEqual([2, false, [], undefined]);
      expect(errors).toContainEqual(
        expect.stringContaining(
          'The right to list networkpolicies.networking.k8s.io in the whole cluster is missing (403)',
        ),
      );
    });

    it('is an error and never "no drift" for a token that the server has accepted no more since its account went', async () => {
      const accounts = '/api/v1/namespaces/default/serviceaccounts';
      await server().request('POST', accounts, { metadata: { name: 'auditor' } });
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
      const { body } = await server().request('POST', `${accounts}/auditor/token`, review);
      expect((await server().request('DELETE', `${accounts}/auditor`)).status).toBe(200);
      const config = JSON.parse(readFileSync(kubeconfig(), 'utf8'));
      config.users[0].user = { token: body.status.token };
      const file = join(folder, 'revoked');
      writeFileSync(file, JSON.stringify(config));
      const { out, err, exitCode } = await runCommand(['drift', DIST, '--kubeconfig', file]);
      expect([out, exitCode]).toEqual(['', 2]);
      expect(err).toMatch(
        /^https:\S+ does not accept the credentials \(401\): they are wrong or have expired\./,
      );
      expect(err).not.toContain(body.status.token);
    });

    // The last one: there is no server after it.
    it('is an error and never "no drift" for an API server that is killed while it is read', async () => {
      const lists = () => proxy.passed.filter(({ url }) => url.includes('limit=')).length;
      const before = lists();
      let killed: number | undefined;
      proxy.fault = () => {
        if (lists() - before < 5 || killed !== undefined) return 'pass';
        killed = lists() - before;
        return server().crash();
      };
      const args = ['drift', DIST, '--kubeconfig', proxy.kubeconfig, '--timeout', '4'];
      const { out, err, exitCode } = await runCommand(args);
      expect([out, exitCode]).toEqual(['', 2]);
      expect(err).toMatch(
        /could not be read: .*(hang up|closed|aborted|ECONN).* Nothing can be said without it\./,
      );
      expect(killed).toBeGreaterThanOrEqual(5);
      await expect(server().request('GET', '/version')).rejects.toThrow(/kube-apiserver ended with SIGKILL/);
    });
  });
}
