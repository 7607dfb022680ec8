import { ApiObject, Chart, JsonPatch, Lazy, type ApiObjectMetadata } from 'cdk8s';
import { Construct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import type { CommonVerb, ResourceName } from '../../src/manifest/api-resources';
import { entryOf, sortedSubjects, type BindingSubject, type SubjectEntry } from './subject';
import { mergeRules, rulesOf, sortedSet, type Grant, type PolicyRule } from './rules';

/** Properties of {@link LockedRole} and {@link LockedClusterRole}. */
export interface LockedRoleProps {
  /** @default a name from the construct's place */
  readonly metadata?: ApiObjectMetadata;
  /**
   * Metadata of the binding that `bindTo` makes. A cluster that has the binding already knows it by its name, and the API server
   * lets no roleRef be changed.
   * @default the name of the role
   */
  readonly binding?: ApiObjectMetadata;
}

/** Options of `allow`. */
export interface AllowRightOptions {
  /** Names of the objects that the right is limited to. @default all objects */
  readonly names?: readonly string[];
}

/** The group that the built-in roles of Kubernetes collect further rights from. */
export type BuiltInAggregate = 'view' | 'edit' | 'admin';

const RBAC = 'rbac.authorization.k8s.io';

/**
 * What a role of either kind can do. Rights are named one by one, and the API server knows every one of them: there is no
 * wildcard, and what is dangerous is refused by the controls of the catalogue (`bulwark controls no-secret-read-right`).
 *
 * Sources: Kubernetes, "Role Based Access Control Good Practices"; CIS 1.11 5.1.
 */
abstract class Granting extends Construct {
  protected readonly rules: PolicyRule[] = [];
  private readonly later: (() => readonly Grant[])[] = [];

  /**
   * Grants verbs on resources. More calls add to it.
   * @example role.allow(['get', 'list', 'watch'], ['pods', 'pods/log', 'deployments', 'widgets.example.com']);
   * @throws BulwarkError for a resource or a verb that the API server does not know, and for names that limit nothing.
   */
  allow<R extends ResourceName>(
    verbs: readonly NoInfer<CommonVerb<R>>[],
    resources: readonly R[],
    options: AllowRightOptions = {},
  ): this {
    const grant = { verbs, resources, names: options.names ?? [] };
    this.rules.push(...rulesOf(this.node.path, grant, this.isInNamespace));
    return this;
  }

  /** Grants what is known only when everything is declared. @internal */
  allowLater(grants: () => readonly Grant[]): this {
    this.later.push(grants);
    return this;
  }

  /** All rules, in order. */
  protected mergedRules(): PolicyRule[] {
    const late = this.later.flatMap((grants) => grants());
    const rules = late.flatMap((grant) => rulesOf(this.node.path, grant, this.isInNamespace));
    return mergeRules([...this.rules, ...rules]);
  }

  /** Whether the role is one of a single namespace. */
  protected abstract readonly isInNamespace: boolean;
}

/**
 * A Role: rights in one namespace, for those that it is bound to.
 *
 * @example
 * new LockedRole(namespace, 'leader').allow(['get', 'update'], ['leases'], { names: ['api'] }).bindTo(api);
 */
export class LockedRole extends Granting {
  /** Name of the Role. */
  readonly name: string;
  protected readonly isInNamespace = true;
  private readonly binding: Binding;

  constructor(scope: Construct, id: string, props: LockedRoleProps = {}) {
    super(scope, id);
    const role = new ApiObject(this, 'Resource', {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      ...(props.metadata && { metadata: props.metadata }),
      rules: Lazy.any({ produce: () => this.mergedRules() }) as unknown,
    });
    this.name = role.name;
    const { namespace } = role.metadata;
    this.binding = new Binding(this, 'Binding', {
      kind: 'RoleBinding',
      roleRef: { kind: 'Role', name: role.name },
      metadata: { ...(namespace !== undefined && { namespace }), ...props.binding },
    });
  }

  /** Grants the rights to subjects, in one RoleBinding however often it is called. */
  bindTo(...subjects: readonly BindingSubject[]): this {
    this.binding.add(subjects);
    return this;
  }
}

/** Binds a ClusterRole that is made elsewhere, such as the built-in `view`. */
export class ClusterRoleReference {
  /** @param name Name of the ClusterRole. */
  constructor(readonly name: string) {}

  /** Grants its rights in one namespace, by a RoleBinding in that namespace's chart. */
  bindIn(namespace: Chart, ...subjects: readonly BindingSubject[]): this {
    bindIn(this.name, namespace, subjects);
    return this;
  }
}

/**
 * A ClusterRole: rights on resources of the whole cluster, or rights that several namespaces grant.
 *
 * @example
 * const reader = new LockedClusterRole(chart, 'node-reader').allow(['get', 'list', 'watch'], ['nodes']);
 * reader.bindTo(Subject.group('oidc:platform')); // in the whole cluster
 * reader.bindIn(shop.namespace('web'), api); // in that namespace only
 */
export class LockedClusterRole extends Granting {
  /** A ClusterRole that is made elsewhere, such as the built-in `view`. */
  static named(name: string): ClusterRoleReference {
    return new ClusterRoleReference(name);
  }

  /** Name of the ClusterRole. */
  readonly name: string;
  protected readonly isInNamespace = false;
  private readonly role: ApiObject;
  private readonly binding: Binding;
  private readonly parts: LockedClusterRole[] = [];

  constructor(scope: Construct, id: string, props: LockedRoleProps = {}) {
    super(scope, id);
    this.role = new ApiObject(this, 'Resource', {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { ...props.metadata, name: props.metadata?.name ?? clusterWideName(this) },
      rules: Lazy.any({ produce: () => this.ownRules() }) as unknown,
      aggregationRule: Lazy.any({ produce: () => this.aggregationRule() }) as unknown,
    });
    leaveNamespace(this.role);
    this.name = this.role.name;
    this.binding = new Binding(this, 'Binding', {
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: this.name },
      ...(props.binding && { metadata: props.binding }),
    });
  }

  /** Grants sight of paths that are no resources, such as `/metrics`. */
  allowUrls(verbs: readonly ('get' | 'post' | 'head' | 'options')[], urls: readonly string[]): this {
    const wrong = urls.find((url) => !url.startsWith('/') || url.includes('*'));
    if (wrong !== undefined) {
      throw new BulwarkError(
        `${this.node.path}: '${wrong}' is not the path of one endpoint. Write for example '/metrics' or '/healthz', each by itself.`,
      );
    }
    this.rules.push({ nonResourceURLs: sortedSet(urls), verbs: sortedSet(verbs) });
    return this;
  }

  /** Grants the rights in the whole cluster, in one ClusterRoleBinding however often it is called. */
  bindTo(...subjects: readonly BindingSubject[]): this {
    this.binding.add(subjects);
    return this;
  }

  /** Grants the rights in one namespace, by a RoleBinding in that namespace's chart. */
  bindIn(namespace: Chart, ...subjects: readonly BindingSubject[]): this {
    bindIn(this.name, namespace, subjects);
    return this;
  }

  /**
   * Makes these rights a part of another ClusterRole, one of this program or a built-in one. The API server fills the other
   * by the labels of its parts, so it has no rights of its own beside them.
   */
  aggregateTo(other: LockedClusterRole | BuiltInAggregate): this {
    if (typeof other === 'string') {
      this.role.metadata.addLabel(`${RBAC}/aggregate-to-${other}`, 'true');
      return this;
    }
    this.role.metadata.addLabel(aggregateLabel(other.name), 'true');
    other.parts.push(this);
    return this;
  }

  private ownRules(): PolicyRule[] | undefined {
    if (this.parts.length === 0) return this.mergedRules();
    if (this.rules.length === 0) return undefined;
    throw new BulwarkError(
      `${this.node.path}: collects the rights of ${this.parts.map(({ name }) => name).join(', ')}, and the API server overwrites its own ` +
        'with them. Move its allow calls to a ClusterRole that aggregates to it.',
    );
  }

  private aggregationRule(): object | undefined {
    if (this.parts.length === 0) return undefined;
    return { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(this.name)]: 'true' } }] };
  }
}

interface BindingProps {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly roleRef: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly metadata?: ApiObjectMetadata;
}

/** A binding that exists as soon as it binds somebody. */
class Binding extends Construct {
  private readonly subjects: SubjectEntry[] = [];
  private object?: ApiObject;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BindingProps,
  ) {
    super(scope, id);
  }

  add(subjects: readonly BindingSubject[]): void {
    this.subjects.push(...subjects.map((subject) => entryOf(this.node.path, subject)));
    if (this.subjects.length > 0) this.object ??= this.make();
  }

  private make(): ApiObject {
    const { kind, roleRef, metadata } = this.props;
    const object = new ApiObject(this, 'Resource', {
      apiVersion: `${RBAC}/v1`,
      kind,
      metadata: { name: roleRef.name, ...metadata },
      roleRef: { apiGroup: RBAC, ...roleRef },
      subjects: Lazy.any({ produce: () => sortedSubjects(this.subjects) }) as unknown,
    });
    if (kind === 'ClusterRoleBinding') leaveNamespace(object);
    return object;
  }
}

function bindIn(clusterRole: string, namespace: Chart, subjects: readonly BindingSubject[]): void {
  const id = `Binding-${clusterRole}`;
  const known = namespace.node.tryFindChild(id) as Binding | undefined;
  if (known === undefined && namespace.namespace === undefined) {
    throw new BulwarkError(
      `${namespace.node.path}: has no namespace, so ${clusterRole} cannot be bound in it. Use a TenantNamespace, or set the chart's namespace.`,
    );
  }
  const roleRef = { kind: 'ClusterRole', name: clusterRole } as const;
  const binding = known ?? new Binding(namespace, id, { kind: 'RoleBinding', roleRef });
  binding.add(subjects);
}

/** Two namespaces may have a role of one name, and the cluster has one of each only. */
function clusterWideName(role: Construct): string {
  const chart = Chart.of(role);
  const { namespace } = chart;
  const path = role.node.scopes.slice(role.node.scopes.indexOf(chart) + 1);
  const ids = [...(namespace === undefined ? [] : [namespace]), ...path.map((scope) => scope.node.id)];
  return ids.join('-').toLowerCase();
}

/** cdk8s gives every object of a chart the chart's namespace, also those that no namespace can hold. */
function leaveNamespace(object: ApiObject): void {
  if (object.metadata.namespace !== undefined) object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
}

function aggregateLabel(clusterRole: string): string {
  return `cdk8s-bulwark/aggregate-to-${clusterRole}`;
}
