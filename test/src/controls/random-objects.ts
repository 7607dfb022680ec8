import fc from 'fast-check';
import { CONTROLS } from '../../../src/controls/catalogue';
import type { Manifest } from '../../../src/manifest/manifest';

const EXAMPLES = CONTROLS.flatMap((control) =>
  control.scope === 'object' ? [control.examples.fails, control.examples.passes] : [],
);

/** Any value, often one of the few that rules ask for. */
const VALUE: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(true, false, 0, 1, 80, '', 'ALL', 'RuntimeDefault', 'root', 'default', null),
  },
  fc.jsonValue({ maxDepth: 2 }),
);

const some = (model: Record<string, fc.Arbitrary<unknown>>) => fc.record(model, { requiredKeys: [] });
const list = (item: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 5, arbitrary: fc.array(item, { maxLength: 2 }) }, VALUE);

const SECURITY = some({
  privileged: VALUE,
  runAsNonRoot: VALUE,
  runAsUser: VALUE,
  runAsGroup: VALUE,
  allowPrivilegeEscalation: VALUE,
  seccompProfile: some({ type: VALUE }),
  capabilities: some({ add: list(VALUE), drop: list(VALUE) }),
  supplementalGroups: list(VALUE),
});

const CONTAINER = some({
  name: fc.constantFrom('a', 'b'),
  image: fc.constantFrom('registry.example/a:1', 'a', 'b:latest', 1, null),
  securityContext: fc.oneof(SECURITY, VALUE),
  resources: some({ limits: VALUE, requests: VALUE }),
  ports: list(some({ containerPort: VALUE, hostPort: VALUE })),
  volumeMounts: list(some({ name: fc.constantFrom('a', 'b'), readOnly: VALUE })),
  env: list(some({ name: fc.constantFrom('PASSWORD', 'A'), value: VALUE })),
  livenessProbe: VALUE,
  command: VALUE,
});

/** Pods of which any field may be anything. */
export const POD: fc.Arbitrary<Manifest> = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  metadata: some({
    annotations: fc.dictionary(fc.string(), fc.string(), { maxKeys: 1 }),
  }),
  spec: some({
    containers: list(CONTAINER),
    initContainers: list(CONTAINER),
    securityContext: fc.oneof(SECURITY, VALUE),
    hostNetwork: VALUE,
    hostPID: VALUE,
    hostUsers: VALUE,
    volumes: list(
      some({
        name: fc.constantFrom('a', 'b'),
        hostPath: VALUE,
        emptyDir: VALUE,
        secret: VALUE,
        projected: VALUE,
      }),
    ),
    tolerations: list(some({ key: VALUE })),
    os: some({ name: fc.constantFrom('windows', 'linux') }),
  }),
});

/** Objects of the kinds that controls are about, made of two of their examples, with some fields missing. */
export const OBJECT = fc
  .tuple(fc.constantFrom(...EXAMPLES), fc.constantFrom(...EXAMPLES))
  .chain(([one, other]) =>
    some(
      Object.fromEntries(
        Object.keys({ ...one, ...other }).map((key) => [key, fc.constantFrom(one[key], other[key], null)]),
      ),
    ),
  ) as fc.Arbitrary<Manifest>;
