import type { NamedExpression, ResourceRule } from './policy';

/** A kind of request that brings pods into the cluster, and where in it the pod is. */
export interface PodShape {
  /** Ends the names of its policies. */
  readonly name: 'pods' | 'ephemeral-containers' | 'controllers' | 'cron-jobs' | 'pod-templates';
  readonly resources: readonly ResourceRule[];
  /** The metadata and spec of the pod as CEL. */
  readonly template: string;
  /** The path of the pod's spec, for messages. */
  readonly specPath: string;
  /** The containers that a request of this shape can bring or change. */
  readonly lists: readonly ('initContainers' | 'containers' | 'ephemeralContainers')[];
}

const WRITES = ['CREATE', 'UPDATE'] as const;

function rule(apiGroup: string, ...resources: string[]): ResourceRule {
  return { apiGroups: [apiGroup], apiVersions: ['v1'], operations: WRITES, resources };
}

const OWN_CONTAINERS = ['initContainers', 'containers'] as const;

/**
 * Every way for a pod into the cluster. They are apart because the API server checks the types of a policy against every kind
 * that it is about, and one expression that has to fit all of them could only be untyped.
 */
export const POD_SHAPES: readonly PodShape[] = [
  {
    name: 'pods',
    resources: [rule('', 'pods', 'pods/resize')],
    template: 'object',
    specPath: 'spec',
    lists: OWN_CONTAINERS,
  },
  {
    // Of a running pod nothing else can be changed that way, and the rest of it may be older than the policy.
    name: 'ephemeral-containers',
    resources: [{ ...rule('', 'pods/ephemeralcontainers'), operations: ['UPDATE'] }],
    template: 'object',
    specPath: 'spec',
    lists: ['ephemeralContainers'],
  },
  {
    name: 'controllers',
    resources: [
      rule('apps', 'deployments', 'replicasets', 'statefulsets', 'daemonsets'),
      rule('', 'replicationcontrollers'),
      rule('batch', 'jobs'),
    ],
    template: 'object.spec.template',
    specPath: 'spec.template.spec',
    lists: OWN_CONTAINERS,
  },
  {
    name: 'cron-jobs',
    resources: [rule('batch', 'cronjobs')],
    template: 'object.spec.jobTemplate.spec.template',
    specPath: 'spec.jobTemplate.spec.template.spec',
    lists: OWN_CONTAINERS,
  },
  {
    name: 'pod-templates',
    resources: [rule('', 'podtemplates')],
    template: 'object.template',
    specPath: 'template.spec',
    lists: OWN_CONTAINERS,
  },
];

/** What the rule of a control sees beside `container` and `params`. */
export function podVariables({ template, lists }: PodShape): NamedExpression[] {
  return [
    { name: 'pod', expression: `${template}.spec` },
    { name: 'annotations', expression: `${template}.?metadata.?annotations.orValue({})` },
    {
      name: 'containers',
      expression: lists.map((list) => `variables.pod.?${list}.orValue([])`).join(' + '),
    },
  ];
}

/**
 * Whether a request brings a pod, or another one than there was. What is older than the policy stays as it is, so that its
 * labels, its scale and its finalizers can still be changed.
 */
export function bringsPod({ template }: PodShape): NamedExpression {
  const spec = `${template}.spec`;
  return {
    name: 'brings-a-pod',
    expression: `request.operation == 'CREATE' || ${spec} != ${spec.replace('object', 'oldObject')}`,
  };
}
