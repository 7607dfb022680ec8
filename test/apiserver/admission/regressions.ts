import type { Manifest } from '../../../src/manifest/manifest';

/** A pod about which this project and an API server once disagreed. */
export interface Regression {
  /** What they disagreed about. */
  readonly about: string;
  readonly pod: Manifest;
}

const IMAGE = 'registry.example/api:1.4.2';
const CONTAINER = { name: 'api', image: IMAGE };

function pod(spec: object, metadata: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', ...metadata },
    spec: { containers: [CONTAINER], ...spec },
  };
}

/** Every disagreement that was found, whether in a verdict or in a repair, so that none comes back. */
export const REGRESSIONS: readonly Regression[] = [
  {
    about: 'a volume that names no source, of which the API server makes an emptyDir',
    pod: pod({ volumes: [{ name: 'scratch' }] }),
  },
  {
    about: 'a volume without a source beside one that has a type that reaches the node',
    pod: pod({
      volumes: [{ name: 'scratch' }, { name: 'share', nfs: { server: 'nfs.example.com', path: '/' } }],
    }),
  },
  {
    about: 'a projected volume without sources, which the API server writes as null',
    pod: pod({ volumes: [{ name: 'all', projected: {} }] }),
  },
  {
    about:
      'limits without requests, which the API server copies into the requests of a Pod and of no template',
    pod: pod({ containers: [{ ...CONTAINER, resources: { limits: { cpu: '1', memory: '64Mi' } } }] }),
  },
  {
    about: 'a limit without its request beside a request without its limit',
    pod: pod({
      containers: [{ ...CONTAINER, resources: { limits: { cpu: '2' }, requests: { memory: '1Gi' } } }],
    }),
  },
  {
    about: 'a request of more CPU than the limit that a repair would set',
    pod: pod({ containers: [{ ...CONTAINER, resources: { requests: { cpu: '1500m', memory: '64Mi' } } }] }),
  },
  {
    about: 'an AppArmor profile of the only container, which needs none of the pod',
    pod: pod({
      containers: [
        {
          ...CONTAINER,
          securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'profiles/a' } },
        },
      ],
    }),
  },
  {
    about: 'an unconfined container alone, which no profile of the pod mends',
    pod: pod({
      containers: [{ ...CONTAINER, securityContext: { appArmorProfile: { type: 'Unconfined' } } }],
    }),
  },
  {
    about: 'an unconfined container beside one that says nothing',
    pod: pod({
      containers: [
        { ...CONTAINER, securityContext: { appArmorProfile: { type: 'Unconfined' } } },
        { name: 'proxy', image: IMAGE },
      ],
    }),
  },
  {
    about: 'an unfiltered container alone, beside which the pod still gets a filter',
    pod: pod({ containers: [{ ...CONTAINER, securityContext: { seccompProfile: { type: 'Unconfined' } } }] }),
  },
  {
    about: 'a pod of Windows, to which the controls of Linux do not apply',
    pod: pod({ os: { name: 'windows' } }),
  },
];
