import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import type { Breach, InventoryControl, PodControl } from './control';
import {
  holdsToken,
  isCredential,
  namesCredential,
  SHORTEST_TOKEN,
  tokenFormatIn,
} from './credential-patterns';

/** Where credentials are found beside the environment, ConfigMaps and Secrets. No message ever holds the value. */
export const LEAK_CONTROLS: readonly (PodControl | InventoryControl)[] = [
  {
    id: 'no-credential-in-args',
    title: 'No argument of a container is a credential in plain text',
    why: 'Arguments are in the manifest, in the list of processes of the node and in many logs: whoever sees one of these has the password.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'MITRE ATT&CK', id: 'T1552' },
    ],
    scope: 'container',
    rule:
      '[container.?command, container.?args].all(list, list.orValue([]).all(argument, ' +
      `!${isCredential("''", 'string(argument)')} && (!string(argument).matches('^--?[A-Za-z0-9_.-]+=') || ` +
      `!${isCredential("string(argument).split('=', 2)[0]", "string(argument).split('=', 2)[1]")})))`,
    field: 'args',
    fix: 'Change the credential, put the new one into a Secret that is sealed or kept outside, mount it as a file, and give the program the path.',
    broken: { args: ['--database-password=correct-horse-battery'] },
  },
  {
    id: 'no-credential-in-manifest',
    title: 'No annotation or other field of any object holds a credential in plain text',
    why: 'Annotations, custom resources and URLs are read by everybody who may see the object or the repository; a token or private key in one is known to all of them.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'MITRE ATT&CK', id: 'T1552.001' },
    ],
    scope: 'inventory',
    breaches: ({ manifests }) => {
      const breaches: Breach[] = [];
      for (const manifest of manifests) addLeaks(manifest, breaches);
      return breaches;
    },
    fix: 'Change the credential, and put the new one into a Secret that is sealed or kept outside.',
    examples: {
      fails: [configured('release.example.com/deploy-token', `ghp_${'a1B2'.repeat(9)}`)],
      passes: [configured('release.example.com/deploy-token-file', '/etc/secrets/deploy/token')],
    },
  },
];

/** What controls of their own are about, and what holds no values. */
const ELSEWHERE: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    ConfigMap: ['data'],
    // Schemas describe fields by samples, also of keys.
    CustomResourceDefinition: ['spec'],
    Secret: ['data', 'stringData'],
    SealedSecret: ['spec'],
  }),
);
const ELSEWHERE_IN_CONTAINERS: ReadonlySet<string> = new Set(['env', 'args', 'command']);
/** Names after which a value is made of a secret and not one. */
const DIGEST_NAME = /checksum|hash|digest|sha(?:1|256|512)?\b/i;

function addLeaks(manifest: Manifest, breaches: Breach[]): void {
  const skipped = ELSEWHERE.get(manifest.kind);
  // Paths are written for the few objects only that hold a token somewhere.
  for (const key in manifest) {
    const value = manifest[key];
    if (!skipped?.includes(key) && holdsTokenAnywhere(value)) walk(value, key, reportTo(breaches, manifest));
  }
  if (manifest.metadata?.annotations)
    reportNames(manifest.metadata.annotations, reportTo(breaches, manifest));
}

type Report = (field: string, what: string) => void;

function reportTo(breaches: Breach[], manifest: Manifest): Report {
  return (field, what) => breaches.push({ manifest, field, detail: `${field} holds ${what}` });
}

/** Annotations whose name says that their value is a credential. */
function reportNames(annotations: Readonly<Record<string, string>>, report: Report): void {
  for (const [key, value] of Object.entries(annotations)) {
    const field = `metadata.annotations['${key}']`;
    const name = key.slice(key.lastIndexOf('/') + 1);
    const isNew = !holdsToken(String(value)) && !DIGEST_NAME.test(key);
    if (isNew && namesCredential(name, String(value))) report(field, 'a password or key, by its name');
  }
}

function holdsTokenAnywhere(value: unknown): boolean {
  if (typeof value === 'string') return holdsToken(value);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsTokenAnywhere);
  for (const key in value) {
    const member = (value as JsonObject)[key];
    // Most of a cluster is short texts, and a call for each of them would be most of the time.
    const isShort = typeof member === 'string' && member.length < SHORTEST_TOKEN;
    if (!isShort && holdsTokenAnywhere(member)) return true;
  }
  return false;
}

function walk(value: unknown, field: string, report: Report): void {
  if (typeof value === 'string') {
    if (holdsToken(value)) report(field, `what looks like a credential (${tokenFormatIn(value)})`);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => walk(item, `${field}[${index}]`, report));
  } else if (isObject(value)) {
    const inContainer = /ontainers\[\d+\]$/.test(field);
    for (const [key, member] of Object.entries(value)) {
      if (inContainer && ELSEWHERE_IN_CONTAINERS.has(key)) continue;
      walk(member, /^[\w-]+$/.test(key) ? `${field}.${key}` : `${field}['${key}']`, report);
    }
  }
}

function configured(key: string, value: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'shop', annotations: { [key]: value } },
    data: { mode: 'fast' },
  };
}
