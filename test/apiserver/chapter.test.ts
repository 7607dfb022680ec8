import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chapter } from '../../examples/chapter/main';
import { ClusterTarget } from '../../constructs';
import type { Manifest } from '../../src/manifest/manifest';
import { manifestsOf } from '../support/folders';
import {
  create,
  createRestrictedNamespace,
  describeWithApiServer,
  fillQuotaStatus,
  podOf,
  serverMinor,
} from './harness';

const LESSONS = path.join(__dirname, '../../examples/chapter');
const LIMIT_MS = 30_000;

const naive = (lesson: string): Manifest[] =>
  manifestsOf(readFileSync(path.join(LESSONS, lesson, 'naive.yaml'), 'utf8'));
const podIn = (manifests: readonly Manifest[], name: string): any =>
  podOf(manifests.find((one) => podOf(one) && one.metadata?.name === name));

describeWithApiServer(
  'the lessons of the chapter, told by an API server',
  (server) => {
    let hardened: readonly Manifest[];

    /** Asks until the answer is as expected, since rights and accounts are in force a moment after they are made. */
    async function eventually<Answer>(ask: () => Promise<Answer>, expected: Answer): Promise<void> {
      const end = Date.now() + LIMIT_MS;
      let answer = await ask();
      while (JSON.stringify(answer) !== JSON.stringify(expected) && Date.now() < end) {
        await delay(50);
        answer = await ask();
      }
      expect(answer).toEqual(expected);
    }

    async function may(
      who: { user: string; groups?: string[] },
      resourceAttributes: Record<string, string>,
    ): Promise<boolean> {
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };
      const { body } = await server().request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        ...review,
        spec: { ...who, resourceAttributes },
      });
      return body.status.allowed;
    }

    /** Collects the rights of the built-in role `edit`, as kube-controller-manager does. */
    async function collectEdit(): Promise<void> {
      const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
      const { body } = await server().request('GET', `${roles}/system:aggregate-to-edit`);
      const { status } = await server().request('PATCH', `${roles}/edit`, { rules: body.rules });
      if (status !== 200) throw new Error('the role edit cannot be filled');
    }

    /** What the server makes of a pod, or what it says against it. */
    async function admitted(pod: any): Promise<any> {
      const { status, body } = await create(server(), pod, { dryRun: true });
      return status === 201 ? body : body.message;
    }

    beforeAll(async () => {
      const target = ClusterTarget.kubernetes(`1.${serverMinor()}`, { sealedSecrets: true });
      const folder = mkdtempSync(path.join(os.tmpdir(), 'bulwark-chapter-'));
      hardened = chapter(path.join(folder, 'dist'), target).synth().manifests;
      rmSync(folder, { recursive: true });
      const lessons = ['1-service-account', '3-network', '4-secrets', '5-tenants', '6-rbac'];
      const objects = [
        ...lessons.flatMap(naive),
        ...hardened.filter(({ kind }) => kind !== 'SealedSecret' && kind !== 'Namespace'),
      ];
      const namespaces = hardened.filter(({ kind }) => kind === 'Namespace');
      for (const object of [
        ...namespaces.filter(({ metadata }) => metadata?.name !== 'shop-web'),
        ...objects,
      ]) {
        if (object.kind === 'Pod') continue;
        const { status, body } = await create(server(), object);
        if (status !== 201) throw new Error(JSON.stringify(body.message));
      }
      await createRestrictedNamespace(server(), 'restricted');
      await fillQuotaStatus(server());
      for (const namespace of ['accounts', 'restricted']) {
        await create(server(), {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'default', namespace },
        });
      }
      await collectEdit();
    }, 120_000);

    it('1: the naive pod gets a token of the default account, and the hardened one gets none', async () => {
      const mounts = (pod: any) => pod.spec?.volumes?.map(({ name }: any) => name.replace(/-\w+$/, '')) ?? [];
      const given = podIn(naive('1-service-account'), 'api');
      await eventually(async () => mounts(await admitted(given)), ['kube-api-access']);
      const pod = podIn(hardened, 'api');
      expect(pod.spec.serviceAccountName).toBe('api');
      expect(mounts(pod)).toEqual([]);
    });

    it('2: a namespace under restricted refuses the naive pod, and takes the hardened one', async () => {
      const inRestricted = (pod: any) => ({ ...pod, metadata: { ...pod.metadata, namespace: 'restricted' } });
      const account = (pod: any) => ({ ...pod, spec: { ...pod.spec, serviceAccountName: 'default' } });
      const refused = await admitted(inRestricted(account(podIn(naive('2-pod-security'), 'web'))));
      expect(refused).toMatch(
        /violates PodSecurity "restricted:\w+": .*privileged .*must not set securityContext.privileged=true/,
      );
      const pod = podIn(
        hardened.filter(({ metadata }) => metadata?.namespace === 'pods-web'),
        'web',
      );
      await eventually(async () => (await admitted(pod)).kind, 'Pod');
    });

    it('3: the naive policy is taken without a word, although it opens the database to everybody', async () => {
      const policies = '/apis/networking.k8s.io/v1/namespaces/data/networkpolicies/db';
      const { body } = await server().request('GET', policies);
      expect(body.spec.ingress[0].from).toEqual([
        { podSelector: { matchLabels: { app: 'api' } } },
        { namespaceSelector: {} },
      ]);
    });

    it('4: the value of the naive Secret is there for everybody who may read it', async () => {
      const { body } = await server().request('GET', '/api/v1/namespaces/shop-web/secrets/redis-cart');
      expect(Buffer.from(body.data.password, 'base64').toString()).toBe('example');
      expect(hardened.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    });

    it('5: naive teams get at each other, and hardened ones do not', async () => {
      const red = { user: 'rita', groups: ['red-developers'] };
      const secrets = { verb: 'get', resource: 'secrets' };
      const commands = { verb: 'create', resource: 'pods', subresource: 'exec' };
      for (const right of [secrets, commands]) {
        await eventually(() => may(red, { ...right, namespace: 'teams' }), true);
        expect(await may(red, { ...right, namespace: 'blue-apps' })).toBe(false);
        expect(await may(red, { ...right, namespace: 'red-apps' })).toBe(false);
      }
      const pods = { verb: 'list', resource: 'pods' };
      await eventually(() => may(red, { ...pods, namespace: 'red-apps' }), true);
      expect(await may(red, { ...pods, namespace: 'blue-apps' })).toBe(false);
    });

    it('6: the naive controller may do everything everywhere, and the hardened one what it is for', async () => {
      const of = (namespace: string) => ({ user: `system:serviceaccount:${namespace}:controller` });
      const everything = { verb: '*', group: '*', resource: '*' };
      await eventually(() => may(of('rights'), everything), true);
      expect(await may(of('rights-apps'), everything)).toBe(false);
      const read = { verb: 'list', resource: 'configmaps' };
      await eventually(() => may(of('rights-apps'), { ...read, namespace: 'rights-apps' }), true);
      expect(await may(of('rights-apps'), { ...read, namespace: 'kube-system' })).toBe(false);
    });
  },
  { serviceAccounts: true },
);
