import { readCertificate } from '../../../src/seal/certificate';
import { readPrivateKeys } from '../../../src/seal/private-keys';
import { BulwarkError } from '../../../src/errors';
import { fixture, KEY_PEM, KEYS, messageOf, NEXT_KEYS, NOW } from './support';

const PEM = fixture('kubeseal/certificate.pem');
const read = (pem: string, now = NOW) => readCertificate(pem, 'cert.pem', now);

describe('the certificate to seal with', () => {
  it('is named as its private key is', () => {
    expect(read(PEM)).toMatchObject({ bits: 4096, fingerprint: KEYS[0]!.fingerprint });
    expect(KEYS[0]!.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is the first of several, as for kubeseal, whatever stands around it', () => {
    const chain = `subject=controller\n${PEM}\n${fixture('certificates/next.pem')}`.replaceAll('\n', '\r\n');
    expect(read(chain).fingerprint).toBe(KEYS[0]!.fingerprint);
  });

  it.each<[string, string, Date, RegExp]>([
    ['expired', PEM, new Date('2126-10-31T06:03:38Z'), /the certificate expired at 2126-10-31T06:03:37/],
    [
      'not valid yet',
      PEM,
      new Date('2026-11-24T06:03:36Z'),
      /valid from 2026-11-24T06:03:37.000Z on, which is not yet/,
    ],
    [
      'for an elliptic curve',
      fixture('certificates/elliptic.pem'),
      NOW,
      /key of the type ec, .* knows RSA only/,
    ],
    ['for RSA-PSS', fixture('certificates/pss.pem'), NOW, /key of the type rsa-pss/],
    ['too short', fixture('certificates/short.pem'), NOW, /RSA key of 1024 bits; 2048 to 8192/],
    ['beside its private key', `${PEM}${KEY_PEM}`, NOW, /holds a private key, which opens everything/],
    ['damaged', PEM.replace(/MII.{60}/, 'MIIFAAAA'), NOW, /the certificate is damaged/],
    [
      'missing',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
      NOW,
      /holds no certificate in PEM/,
    ],
    ['empty', '', NOW, /holds no certificate in PEM/],
  ])('is refused when it is %s', (_what, pem, now, message) => {
    expect(messageOf(() => read(pem, now))).toMatch(message);
    expect(messageOf(() => read(pem, now))).toMatch(/^cert\.pem: /);
  });

  it('is accepted in the second in which it begins and ends', () => {
    expect(read(PEM, new Date('2026-11-24T06:03:37Z')).bits).toBe(4096);
    expect(read(PEM, new Date('2126-10-31T06:03:37Z')).bits).toBe(4096);
  });
});

describe('private keys', () => {
  const backup = (pem: string) => `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: sealed-secrets-key2x8p, namespace: kube-system}
  type: kubernetes.io/tls
  data:
    tls.crt: ${Buffer.from(PEM).toString('base64')}
    tls.key: ${Buffer.from(pem).toString('base64')}
`;

  it.each([
    ['PEM', KEY_PEM],
    ['PEM with Windows line ends', KEY_PEM.replaceAll('\n', '\r\n')],
    ['a backup that kubectl wrote', backup(KEY_PEM)],
    [
      'a backup in JSON',
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        data: { 'tls.key': Buffer.from(KEY_PEM).toString('base64') },
      }),
    ],
  ])('are read from %s', (_what, text) => {
    expect(readPrivateKeys(text, 'key.pem').map(({ fingerprint }) => fingerprint)).toEqual([
      KEYS[0]!.fingerprint,
    ]);
  });

  it('may be several in a file', () => {
    const keys = readPrivateKeys(`${KEY_PEM}${fixture('certificates/next-key.pem')}`, 'keys.pem');
    expect(keys.map(({ fingerprint }) => fingerprint)).toEqual([
      KEYS[0]!.fingerprint,
      NEXT_KEYS[0]!.fingerprint,
    ]);
  });

  it.each([
    ['a certificate', PEM, 'holds no private key'],
    ['nothing', '', 'holds no private key'],
    ['no YAML', 'a: [', 'holds no private key'],
    ['a key with a hole', KEY_PEM.replace(/\n.{64}\n/, '\nAAAA\n'), 'the private key is damaged'],
    ['half a key', KEY_PEM.slice(0, 600), 'holds no private key'],
    ['a backup of half a key', backup(KEY_PEM.slice(0, 600)), 'holds no private key'],
    ['a backup with a hole', backup(KEY_PEM.replace(/\n.{64}\n/, '\nAAAA\n')), 'the private key is damaged'],
  ])('are refused without a word of them: %s', (_what, text, problem) => {
    const act = () => readPrivateKeys(text, 'key.pem');
    expect(act).toThrow(BulwarkError);
    expect(messageOf(act)).toContain(`key.pem: ${problem}`);
    for (const line of [...KEY_PEM.split('\n').slice(1, -2), ...text.split('\n').slice(1, -1)]) {
      if (line.length > 20) expect(messageOf(act)).not.toContain(line.trim());
    }
  });
});
