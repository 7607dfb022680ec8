import { BulwarkError } from '../errors';
import type { ClusterTarget } from '../target/target';

/** A service that is asked before RBAC, and whose word counts when it cannot be reached: no. */
export interface AuthorizationWebhook {
  /** Name in metrics and logs. */
  readonly name: string;
  /** Absolute path, on the node, of the kubeconfig with its address and credentials. */
  readonly kubeConfigFile: string;
  /** Which requests it is asked about, as CEL over `request` (SubjectAccessReviewSpec). @default all */
  readonly matchConditions?: readonly string[];
  /** Seconds to wait for it, at most 30. @default 3 */
  readonly timeoutSeconds?: number;
}

/** Who decides what somebody may do. */
export interface AuthorizationOptions {
  /** Asked before Node and RBAC. @default none */
  readonly webhooks?: readonly AuthorizationWebhook[];
}

/** What makes the API server authorize so: a file, from 1.30, or flags. */
export interface Authorization {
  /** For `--authorization-config`. */
  readonly configuration: object | undefined;
  readonly flags: Readonly<Record<string, string>>;
}

/**
 * Authorization by Node and RBAC, and by webhooks that deny when they fail.
 *
 * AuthorizationConfiguration is v1 from 1.32 and v1beta1 from 1.30 (KEP-3221). Sources: CIS 1.12 1.2.6 to 1.2.8.
 *
 * @throws BulwarkError for a webhook that the target or the API server cannot have.
 */
export function authorization({ webhooks = [] }: AuthorizationOptions, target: ClusterTarget): Authorization {
  webhooks.forEach(checkWebhook);
  const names = webhooks.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice)
    throw new BulwarkError(
      `authorization: two webhooks are named '${twice}', which the API server refuses. Rename one.`,
    );
  if (target.minor < 30) {
    if (webhooks.length === 0)
      return { configuration: undefined, flags: { 'authorization-mode': 'Node,RBAC' } };
    throw new BulwarkError(
      `authorization: a webhook of Kubernetes ${target.version} is asked by flags, and those let a request pass to the next authorizer when it fails. Use a target of 1.30 or newer, where it fails closed (KEP-3221).`,
    );
  }
  return {
    configuration: {
      apiVersion: `apiserver.config.k8s.io/${target.minor >= 32 ? 'v1' : 'v1beta1'}`,
      kind: 'AuthorizationConfiguration',
      authorizers: [
        ...webhooks.map(webhookOf),
        { type: 'Node', name: 'node' },
        { type: 'RBAC', name: 'rbac' },
      ],
    },
    flags: {},
  };
}

function webhookOf({
  name,
  kubeConfigFile,
  matchConditions = [],
  timeoutSeconds = 3,
}: AuthorizationWebhook): object {
  return {
    type: 'Webhook',
    name,
    webhook: {
      timeout: `${timeoutSeconds}s`,
      authorizedTTL: '1m0s',
      unauthorizedTTL: '30s',
      subjectAccessReviewVersion: 'v1',
      matchConditionSubjectAccessReviewVersion: 'v1',
      // No answer is no permission.
      failurePolicy: 'Deny',
      connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
      ...(matchConditions.length > 0 && {
        matchConditions: matchConditions.map((expression) => ({ expression })),
      }),
    },
  };
}

function checkWebhook({ name, kubeConfigFile, timeoutSeconds = 3 }: AuthorizationWebhook): void {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    throw new BulwarkError(
      `authorization: '${name}' cannot name a webhook. Use a DNS name, for example 'opa' or 'opa.example.com'.`,
    );
  }
  if (!kubeConfigFile.startsWith('/')) {
    throw new BulwarkError(
      `authorization: kubeConfigFile of webhook '${name}' is '${kubeConfigFile}'. Name its absolute path on the node.`,
    );
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 30)) {
    throw new BulwarkError(
      `authorization: timeoutSeconds of webhook '${name}' is ${timeoutSeconds}. Use more than 0 and at most 30.`,
    );
  }
}
