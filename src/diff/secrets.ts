import { describeObject, isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { listSome } from '../wording';
import type { Change, Effect } from './change';
import { stableText } from '../manifest/stable-text';
import type { ObjectPair } from './pairs';

/** What changed in Secrets, however they are encrypted. */
export interface SecretsDiff {
  readonly changes: readonly Change[];
  /** Identities of the objects that are told of. */
  readonly told: ReadonlySet<string>;
}

const KINDS = ['Secret', 'SealedSecret', 'ExternalSecret'];

/** Secrets that are new or gone, and of the others the names of keys and who can decrypt them. Never reads a value to show it. */
export function diffSecrets(pairs: readonly ObjectPair[]): SecretsDiff {
  const own = pairs.filter(({ before, after }) => KINDS.includes((after ?? before)!.kind));
  const changes = own.flatMap(({ before, after }): Change[] => {
    const name = describeObject((after ?? before)!);
    return secretChanges(before, after).map(([effect, says]) => ({
      area: 'secrets',
      effect,
      text: `${name} ${says}`,
    }));
  });
  return { changes, told: new Set(own.map(({ identity }) => identity)) };
}

type Said = readonly [effect: Effect, says: string];

function secretChanges(before: Manifest | undefined, after: Manifest | undefined): Said[] {
  if (!after) return [['neutral', 'was removed']];
  const keys = Object.keys(valuesOf(after));
  if (!before)
    return [['neutral', `was added, with ${keys.length > 0 ? listSome(keys.map(quote)) : 'no key'}`]];
  const said = [
    ...recipientChanges(before, after),
    ...keyChanges(before, after),
    ...scopeChanges(before, after),
  ];
  return said.length > 0 ? said : [['neutral', 'was changed beside its keys']];
}

function keyChanges(before: Manifest, after: Manifest): Said[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const added = Object.keys(now).filter((key) => !(key in old));
  const removed = Object.keys(old).filter((key) => !(key in now));
  const others = Object.keys(now).filter(
    (key) => key in old && stableText(now[key]) !== stableText(old[key]),
  );
  const says = (keys: readonly string[], what: string): Said[] =>
    keys.length > 0 ? [['neutral', `${what} ${listSome(keys.map(quote))}`]] : [];
  return [
    ...says(added, 'has the new key'),
    ...says(removed, 'lost the key'),
    ...says(others, 'has another value, or another encryption of it, for'),
  ];
}

function recipientChanges(before: Manifest, after: Manifest): Said[] {
  const [old, now] = [recipientsOf(before), recipientsOf(after)];
  const gained = now.filter((one) => !old.includes(one));
  const lost = old.filter((one) => !now.includes(one));
  return [
    ...(gained.length > 0 ? [['widened', `can be decrypted by ${listSome(gained)} as well`] as const] : []),
    ...(lost.length > 0 ? [['narrowed', `is not encrypted for ${listSome(lost)} any more`] as const] : []),
    ...(isPlain(after) && !isPlain(before) ? [['widened', 'is not encrypted any more'] as const] : []),
  ];
}

const SCOPES = ['namespace-wide', 'cluster-wide'];

/** How far from its place a sealed Secret can be unsealed (sealed-secrets, "Scopes"). */
function scopeChanges(before: Manifest, after: Manifest): Said[] {
  const scope = ({ metadata }: Manifest) =>
    Math.max(
      ...SCOPES.map((one, at) =>
        metadata?.annotations?.[`sealedsecrets.bitnami.com/${one}`] === 'true' ? at : -1,
      ),
    );
  const [old, now] = [scope(before), scope(after)];
  if (old === now) return [];
  return [[now > old ? 'widened' : 'narrowed', `can be unsealed ${SCOPES[now] ?? 'in its place only'}`]];
}

function valuesOf({ kind, data, stringData, spec }: Manifest): JsonObject {
  const inside = isObject(spec) ? spec : {};
  if (kind === 'SealedSecret') return isObject(inside.encryptedData) ? inside.encryptedData : {};
  if (kind === 'ExternalSecret') return externalKeys(inside.data);
  return { ...(isObject(data) ? data : {}), ...(isObject(stringData) ? stringData : {}) };
}

function externalKeys(list: unknown): JsonObject {
  const entries = Array.isArray(list) ? list.filter(isObject) : [];
  return Object.fromEntries(entries.map((entry) => [String(entry.secretKey), entry.remoteRef]));
}

/** Public keys, of age, PGP or a key service, that SOPS has encrypted a file for. */
function recipientsOf({ sops }: Manifest): string[] {
  if (!isObject(sops)) return [];
  const ids = ['recipient', 'fp', 'arn', 'resource_id', 'vault_address', 'vaultUrl'];
  return Object.values(sops).flatMap((list) =>
    (Array.isArray(list) ? list.filter(isObject) : []).flatMap((entry) =>
      ids.flatMap((id) => (typeof entry[id] === 'string' ? [entry[id]] : [])),
    ),
  );
}

function isPlain(manifest: Manifest): boolean {
  return manifest.kind === 'Secret' && !isObject(manifest.sops);
}

function quote(key: string): string {
  return `'${key}'`;
}
