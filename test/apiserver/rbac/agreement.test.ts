import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import type { Manifest } from '../../../src/manifest/manifest';
import { rbacOf, type ApiRequest, type Identity, type Rbac, type Subject } from '../../../src/rbac';
import { type ApiServer, create, describeWithApiServer, pipeline, type Post, serverMinor } from '../harness';
import {
  grantedArbitrary,
  identityArbitrary,
  NAMESPACES,
  rbacArbitrary,
  type Review,
  reviewArbitrary,
} from './arbitrary';

const SEED = 20_261_124;
const DIST = join(__dirname, '../../../dist');
const RANDOM_REVIEWS = Number(process.env.BULWARK_REVIEWS ?? 16_000);
const SELF_REVIEWS = RANDOM_REVIEWS / 8;
/** The older server has no controller that collects rules. */
const hasController = (serverMinor() ?? 37) >= 37;

describeWithApiServer(
  'the rights that are read out of manifests',
  (server) => {
    const dist = readdirSync(DIST)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => loadAll(readFileSync(join(DIST, file), 'utf8')) as Manifest[]);
    const random = fc.sample(rbacArbitrary, { numRuns: 1, seed: SEED })[0]!;
    let rbac: Rbac;
    let asked = 0;

    beforeAll(async () => {
      const namespaces = new Set([
        ...NAMESPACES,
        ...dist.flatMap(({ metadata }) => metadata?.namespace ?? []),
      ]);
      await createAll(
        server(),
        [...namespaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      );
      const ours = [...random, ...dist.filter(({ apiVersion }) => apiVersion.startsWith('rbac.'))];
      await createAll(server(), ours);
      // With the controller ours is compared with the defaults that are built in; without it, with what the server has.
      rbac = hasController ? rbacOf(ours) : rbacOf(await storedRbac(server()), { defaults: false });
      await settled(server(), rbac);
    }, 120_000);

    afterAll(() =>
      console.log(`${asked} access reviews decided as Kubernetes 1.${serverMinor()} decides them`),
    );

    /** Asks the server about requests, and fails with those that we answer otherwise. */
    async function compare(questions: readonly Question[], ask: (question: Question) => Post, least = 0.05) {
      const answers = await pipeline(server(), questions.map(ask));
      const theirs = answers.map(({ status }) => status.allowed as boolean);
      const ours = questions.map(({ who, review }) => rbac.can(who, requestOf(review)));
      const wrong = questions.filter((_, index) => ours[index] !== theirs[index]);
      expect(wrong.map((question) => JSON.stringify(question))).toEqual([]);
      asked += questions.length;
      // Agreement on nothing but refusals would be none.
      const allowed = theirs.filter(Boolean).length / theirs.length;
      expect(allowed).toBeGreaterThan(least);
      expect(allowed).toBeLessThan(0.9);
    }

    it('are those of the API server for random roles, bindings, users and groups', async () => {
      const questions = fc.sample(
        fc.record({ who: identityArbitrary, review: fc.oneof(reviewArbitrary(), grantedArbitrary(random)) }),
        {
          numRuns: RANDOM_REVIEWS,
          seed: SEED,
        },
      );
      await compare(questions, ({ who, review }) =>
        postOf('SubjectAccessReview', { ...review, ...(who as Identity) }),
      );
    });

    it('are those of the API server for whoever asks as themselves, in groups that nobody named', async () => {
      const accounts = NAMESPACES.map((namespace): Subject => ({
        kind: 'ServiceAccount',
        namespace,
        name: 'api',
      }));
      const people: Subject[] = [{ kind: 'User', name: 'jane' }, ...rbac.subjects.filter(isPerson)];
      await askSelves([...accounts, ...people], reviewArbitrary(), SELF_REVIEWS);
    });

    it('are those of the API server for everybody in the example', async () => {
      const subjects = rbac.subjects.filter(
        (one) => one.kind === 'ServiceAccount' && one.namespace.startsWith('platform'),
      );
      expect(subjects.length).toBeGreaterThan(0);
      const resources = [
        'ingresses',
        'ingressclasses',
        'endpointslices',
        'leases',
        'services',
        'secrets',
        'pods',
      ];
      const groups = ['', 'networking.k8s.io', 'discovery.k8s.io', 'coordination.k8s.io'];
      const namespaces = ['platform-ingress', 'shop-web'];
      const reviews = reviewArbitrary({ resources, groups, namespaces, names: ['ingress'] });
      await askSelves(subjects, reviews, SELF_REVIEWS);
    });

    it('were compared for 20,000 requests', () => {
      expect(asked).toBeGreaterThanOrEqual(20_000);
    });

    /** The server itself finds out who asks, and in which groups. */
    async function askSelves(
      subjects: readonly Subject[],
      reviews: fc.Arbitrary<Review>,
      numRuns: number,
    ): Promise<void> {
      const questions = fc.sample(fc.record({ who: fc.constantFrom(...subjects), review: reviews }), {
        numRuns,
        seed: SEED,
      });
      await compare(
        questions,
        ({ who, review }) => ({
          ...postOf('SelfSubjectAccessReview', review),
          ...impersonating(who as Subject),
        }),
        0.01,
      );
    }
  },
  { controllerManager: hasController },
);

interface Question {
  readonly who: Subject | Identity;
  readonly review: Review;
}

/** The server lets nobody ask as anonymous, and asks no role about masters and nodes. */
function isPerson({ kind, name }: Subject): boolean {
  return kind !== 'ServiceAccount' && !/^system:(unauthenticated|masters|nodes|serviceaccount)/.test(name);
}

function impersonating(subject: Subject): { as: string; groups?: string[] } {
  if (subject.kind === 'ServiceAccount')
    return { as: `system:serviceaccount:${subject.namespace}:${subject.name}` };
  return subject.kind === 'User' ? { as: subject.name } : { as: 'somebody', groups: [subject.name] };
}

function requestOf({ resourceAttributes, nonResourceAttributes }: Review): ApiRequest {
  if (nonResourceAttributes) return nonResourceAttributes;
  const { namespace, name, subresource, ...rest } = resourceAttributes!;
  return {
    ...rest,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(subresource && { subresource }),
  };
}

function postOf(kind: string, spec: object): Post {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  return { path, body: { apiVersion: 'authorization.k8s.io/v1', kind, spec } };
}

async function createAll(server: ApiServer, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { status, body } = await create(server, manifest);
    if (status !== 201) throw new Error(`${JSON.stringify(manifest)}: ${body.message}`);
  }
}

/** Every role and binding that the server has, with the rules that it has for each. */
async function storedRbac(server: ApiServer): Promise<Manifest[]> {
  const kinds = ['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding'];
  const lists = await Promise.all(kinds.map((kind) => listOf(server, kind)));
  return lists.flat().map(({ aggregationRule: _nobodyCollects, ...manifest }) => manifest);
}

async function listOf(server: ApiServer, kind: string): Promise<Manifest[]> {
  const { body } = await server.request('GET', `/apis/rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s`);
  return body.items.map((item: object) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, ...item }));
}

/** Waits until the controller has collected as many rules as it will, and the server has noticed the last binding. */
async function settled(server: ApiServer, rbac: Rbac): Promise<void> {
  const deadline = Date.now() + 15_000;
  const isSettled = async () =>
    (await listOf(server, 'ClusterRole')).every(({ metadata, rules }) => {
      const distinct = new Set(rbac.rulesOf(metadata!.name!).map(({ rule }) => JSON.stringify(rule)));
      return ((rules as unknown[] | undefined) ?? []).length >= distinct.size;
    });
  while (Date.now() < deadline && !(await isSettled())) await delay(200);
  await delay(1000);
}
