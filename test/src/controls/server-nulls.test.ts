import { CONTROLS } from '../../../src/controls/catalogue';
import { compileRule } from '../../../src/controls/cel';
import { isPodControl, type ObjectControl } from '../../../src/controls/control';
import { expressionOf } from '../../../src/controls/judge';
import { withoutNulls, type JsonObject } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';

const TARGET = ClusterTarget.kubernetes('1.33');

/** What a rule says where it is evaluated without help, as in a ValidatingAdmissionPolicy. */
function answer(expression: string, context: Record<string, unknown>): boolean | 'error' {
  try {
    return compileRule(expression, TARGET.minor)({ params: {}, ...context });
  } catch {
    return 'error';
  }
}

/**
 * Fields that the types of Kubernetes write even when they are unset: those without `omitempty`, which become null in the object
 * that an admission policy is asked about.
 */
const WRITTEN_AS_NULL: Readonly<Record<string, JsonObject>> = {
  'rbac.authorization.k8s.io/Role': { rules: null },
  'rbac.authorization.k8s.io/ClusterRole': {
    rules: null,
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  },
  'networking.k8s.io/Ingress': { spec: { rules: [{ host: 'a.example', http: { paths: null } }] } },
  'discovery.k8s.io/EndpointSlice': { addressType: 'IPv4', endpoints: null, ports: null },
  LimitRange: { spec: { limits: null } },
};

describe('a field that an API server writes as null', () => {
  const podControls = CONTROLS.filter(isPodControl).map((control) => [control.id, control] as const);

  it.each(podControls)('is for %s as if it were not there: sources of a projected volume', (_id, control) => {
    const container = { name: 'a', image: 'registry.example/a:1' };
    const pod = {
      containers: [container],
      volumes: [{ name: 'a', projected: { defaultMode: 420, sources: null } }],
    };
    const expression = expressionOf(control, TARGET);
    const ask = (spec: JsonObject) =>
      answer(expression, { container, variables: { pod: spec, annotations: {} } });
    expect(ask(pod)).toBe(ask(withoutNulls(pod)));
  });

  const objectControls = CONTROLS.filter(
    (control): control is ObjectControl => control.scope === 'object',
  ).flatMap((control) =>
    control.kinds.filter((kind) => WRITTEN_AS_NULL[kind]).map((kind) => [control.id, kind, control] as const),
  );

  it.each(objectControls)('is for %s as if it were not there: %s', (_id, kind, control) => {
    const object = { apiVersion: 'v1', kind, metadata: { name: 'a' }, ...WRITTEN_AS_NULL[kind] };
    const expression = expressionOf(control, TARGET);
    expect(answer(expression, { object })).toBe(answer(expression, { object: withoutNulls(object) }));
  });
});
