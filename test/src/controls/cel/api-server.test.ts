import { setTimeout as delay } from 'node:timers/promises';
import { type ApiServer, describeWithApiServer } from '../../../apiserver/harness';
import { ERRORS_BEFORE_1_33, LIBRARIES } from './cases';

const API = '/apis/admissionregistration.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps?dryRun=All';
/** So many that their cost stays below the limit. */
const IN_ONE_POLICY = 25;

const policy = (name: string, expressions: readonly string[]) => ({
  metadata: { name },
  spec: {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
      ],
    },
    matchConditions: [{ name: 'name', expression: `object.metadata.name == '${name}'` }],
    validations: expressions.map((expression) => ({ expression })),
  },
});

const binding = (name: string) => ({
  metadata: { name },
  spec: { policyName: name, validationActions: ['Deny'] },
});

async function create(server: ApiServer, name: string, expressions: readonly string[]): Promise<void> {
  for (const [resource, body] of Object.entries({
    validatingadmissionpolicies: policy(name, expressions),
    validatingadmissionpolicybindings: binding(name),
  })) {
    const { status, body: answer } = await server.request('POST', `${API}/${resource}`, body);
    expect([status, answer.message]).toEqual([201, undefined]);
  }
}

/** What the API server says of a ConfigMap on which the policy of that name decides; undefined if it is admitted. */
async function verdict(server: ApiServer, name: string): Promise<string | undefined> {
  const { body } = await server.request('POST', CONFIG_MAPS, { metadata: { name } });
  return body.message;
}

/** Policies apply in the order in which they are made, so one that refuses everything tells when all others do. */
async function enforced(server: ApiServer): Promise<void> {
  await create(server, 'last', ['false']);
  while (!(await verdict(server, 'last'))) await delay(100);
  await delay(500);
}

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

describeWithApiServer('the cases of the CEL libraries, on the API server', (server) => {
  const available = () => LIBRARIES.filter(({ since }) => since <= server().minor);

  it('have the values that the tables say, and the errors', async () => {
    const truths = available().flatMap(({ values }) =>
      values.map(([left, right]) => `(${left}) == ${right}`),
    );
    const old = server().minor < 33;
    if (!old) truths.push(...ERRORS_BEFORE_1_33.map((expression) => `${expression} == -1`));
    const errors = available().flatMap(({ errors = [] }) => errors);
    if (old) errors.push(...ERRORS_BEFORE_1_33);
    const groups = chunks(truths, IN_ONE_POLICY);
    for (const [i, group] of groups.entries()) await create(server(), `truths-${i}`, group);
    for (const [i, expression] of errors.entries()) {
      await create(server(), `error-${i}`, [`[${expression}].size() == 1`]);
    }
    await enforced(server());
    const answers = groups.map((_, i) => verdict(server(), `truths-${i}`));
    expect(await Promise.all(answers)).toEqual(groups.map(() => undefined));
    const failures = errors.map((_, i) => verdict(server(), `error-${i}`));
    expect(await Promise.all(failures)).toEqual(
      errors.map(() => expect.stringContaining('resulted in error')),
    );
  }, 240_000);

  it('do not compile where the tables say so', async () => {
    const tooNew = LIBRARIES.filter(({ since }) => since > server().minor);
    const refused = [
      ...available().flatMap((library) => library.refused ?? []),
      ...tooNew.flatMap(({ values }) => values.map(([expression]) => expression)),
    ];
    for (const expression of refused) {
      const body = policy('refused', [`[${expression}].size() == 1`]);
      const { status } = await server().request(
        'POST',
        `${API}/validatingadmissionpolicies?dryRun=All`,
        body,
      );
      expect([expression, status]).toEqual([expression, 422]);
    }
  });
});
