import { bindingManifest, policyManifest, type GuardPolicy } from '../../../src/admission/policy';
import type { Manifest } from '../../../src/manifest/manifest';
import type { ApiServer } from '../harness';

/** What the API server says to a request, and which validations of policies were against it. */
export interface Warned {
  readonly status: number;
  readonly message: string | undefined;
  /** Ids of the controls and guards, sorted. What could not be evaluated is there with the whole error. */
  readonly failed: readonly string[];
}

/** A request, to be sent as the administrator. */
export type Request = readonly [method: string, path: string, body: unknown];

/**
 * The policies, in force with warnings, of which an answer has one for each validation that fails, where a refusal names the
 * first. An answer has room for 4096 characters of them, so names and messages are short; the rules are as they are.
 */
export function warningManifests(policies: readonly GuardPolicy[]): Manifest[] {
  const short = policies.map((policy, index): GuardPolicy => ({
    ...policy,
    name: `p${index}`,
    validations: policy.validations.map((one) => ({ ...one, message: `${one.id}.` })),
  }));
  return [
    ...short.map(policyManifest),
    ...short.map((policy) => {
      const binding = bindingManifest(policy, 'warn');
      return { ...binding, metadata: { name: policy.name } };
    }),
  ];
}

/** Sends requests, all at once. */
export async function ask(server: ApiServer, requests: readonly Request[]): Promise<Warned[]> {
  return Promise.all(
    requests.map(async ([method, path, body]) => {
      const { status, body: answer, warnings } = await server.request(method, path, body);
      const failed = warnings.flatMap(
        (text) => /^Validation failed for ValidatingAdmissionPolicy .*?': (.*?)[.]?$/.exec(text)?.[1] ?? [],
      );
      return { status, message: answer.message, failed: [...new Set(failed)].sort() };
    }),
  );
}
