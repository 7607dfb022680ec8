import type * as AgeModule from 'age-encryption';
import { BulwarkError } from '../../errors';

/**
 * Loaded when it is needed: age-encryption is published as ES modules only, which Node requires since 20.19 but jest does not, and
 * whoever tests charts with jest has no use for it.
 */
function age(): typeof AgeModule {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  return require('age-encryption') as typeof AgeModule;
}

/** The key of a file for one recipient of age, as it stands in the metadata of SOPS. */
export interface AgeEntry {
  readonly recipient: string;
  /** The key of the file, encrypted with age, in its armour. */
  readonly enc: string;
}

const POST_QUANTUM = 'age1pq1';

/**
 * Encrypts the key of a file for each recipient on its own, as SOPS does.
 * @throws BulwarkError for what is no recipient, and for post-quantum ones beside others, which would make them pointless.
 */
export async function wrapDataKey(dataKey: Buffer, recipients: readonly string[]): Promise<AgeEntry[]> {
  const quantum = recipients.filter((recipient) => recipient.startsWith(POST_QUANTUM)).length;
  if (quantum > 0 && quantum < recipients.length) {
    throw new BulwarkError(
      'recipients: some are post-quantum (age1pq1...) and some are not, so the weaker ones decide. Use one kind.',
    );
  }
  return Promise.all(recipients.map((recipient) => wrapFor(recipient, dataKey)));
}

async function wrapFor(recipient: string, dataKey: Buffer): Promise<AgeEntry> {
  const { Encrypter, armor } = age();
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    // Somebody may have taken the identity for the recipient.
    const shown = recipient.startsWith('age1') ? ` '${recipient}'` : '';
    throw new BulwarkError(
      `recipients: one of them${shown} is no recipient of age. Use the public key that age-keygen prints, which begins with age1.`,
    );
  }
  return { recipient, enc: armor.encode(await encrypter.encrypt(dataKey)) };
}

/**
 * The identities of a text: lines of `AGE-SECRET-KEY-...`, and comments.
 * @throws BulwarkError with the line that is neither, and nothing of it.
 */
export function readIdentities(text: string, where: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    try {
      new (age().Decrypter)().addIdentity(line);
    } catch {
      throw new BulwarkError(
        `${where}:${index + 1}: is no identity of age. Give it a file as age-keygen writes it.`,
      );
    }
    return [line];
  });
  if (identities.length > 0) return identities;
  throw new BulwarkError(`${where}: holds no identity of age. Give it a file as age-keygen writes it.`);
}

/** The key of a file, or undefined when none of the identities opens one of the entries. */
export async function unwrapDataKey(
  entries: readonly AgeEntry[],
  identities: readonly string[],
): Promise<Buffer | undefined> {
  const { Decrypter, armor } = age();
  const decrypter = new Decrypter();
  identities.forEach((identity) => decrypter.addIdentity(identity));
  for (const { enc } of entries) {
    try {
      return Buffer.from(await decrypter.decrypt(armor.decode(enc)));
    } catch {
      // For somebody else, or damaged; one of the others may do.
    }
  }
  return undefined;
}

/** Whether a text is a recipient of age, as its checksum tells. */
export function isRecipient(text: string): boolean {
  try {
    new (age().Encrypter)().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
