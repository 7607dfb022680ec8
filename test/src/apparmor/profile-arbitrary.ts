import fc from 'fast-check';
import { literalPath, type AppArmorProfile, type AppArmorRules, type FileRule } from '../../../src/apparmor';
import { CAPABILITIES, SIGNALS } from '../../../src/apparmor/names';

/** What somebody would put into a name to end the rule it is in and begin another. */
const HOSTILE = [
  ' w, /** rwlkmix',
  '" rwklmix,\n/** w,\n#',
  '}\nprofile evil { /** rwkl, }',
  '\\" /** w, "',
  ',',
  '"',
  '\\',
  '*',
  '**',
  '{a,b}',
  '[^a]',
  '@{HOME}',
  '#include <tunables/global>',
  ' -> x',
  ' flags=(complain)',
  '\u00fc\u{1f512}',
  '$(id)',
  '\t',
];

/** Any name that a file on a node can have, mostly hostile ones. Line breaks are refused, and are tested by themselves. */
export const fileName: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
      fc.constantFrom('data', 'web', '.conf'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) =>
    parts
      .join('')
      .replaceAll(/[\p{Cc}\u2028\u2029]|[\ud800-\udfff](?![\udc00-\udfff])/gu, '')
      .replaceAll(/\/+/g, '/'),
  )
  .filter((name) => name.replaceAll('/', '') !== '' && !name.endsWith('/'));

const glob = fc
  .array(
    fc.constantFrom(
      '*',
      '**',
      '?',
      '[a-z0-9]',
      '[^x]',
      '{usr/,}',
      '{a,b{c,d}}',
      'lib',
      'x.so',
      '-',
      '_',
      ' ',
      'it"s',
      '\\,',
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join('').replaceAll(/\*{3,}/g, '**'));

const path = fc
  .oneof(
    { weight: 2, arbitrary: fileName.map((name) => literalPath(`srv/${name}`)) },
    { weight: 3, arbitrary: glob },
    { weight: 1, arbitrary: fc.constant('@{PROC}/[0-9]*/stat') },
  )
  .map((rest) => (rest.startsWith('@{PROC}/') ? rest : `/srv/${rest.replace(/^\//, '')}`));

const file: fc.Arbitrary<FileRule> = fc.record(
  {
    path,
    access: fc.constantFrom('r', 'rw', 'rwk', 'rwkl', 'a', 'ra', 'mr', 'w', 'k', 'wm'),
    owner: fc.boolean(),
  },
  { requiredKeys: ['path', 'access'] },
);

const sockets = fc.subarray(['tcp', 'udp', 'raw', 'unix', 'netlink', 'packet'] as const);
const capabilities = fc.subarray([...CAPABILITIES]);
const peer = fc.oneof(
  fc.constantFrom('self' as const, 'unconfined' as const),
  fc.constantFrom('cri-containerd.apparmor.d', '/usr/sbin/dockerd', 'web-1').map((profile) => ({ profile })),
);

const rules: fc.Arbitrary<AppArmorRules> = fc.record(
  {
    files: fc.array(file, { maxLength: 6 }),
    execute: fc.array(fc.record({ path: path.map((one) => `${one}/bin`) }), { maxLength: 3 }),
    capabilities,
    network: sockets,
    signals: fc.array(
      fc.record(
        {
          access: fc.subarray(['send', 'receive'] as const, { minLength: 1 }),
          peer,
          signals: fc.subarray([...SIGNALS]),
        },
        { requiredKeys: ['access', 'peer'] },
      ),
      { maxLength: 2 },
    ),
    ptrace: fc.array(
      fc.record({
        access: fc.subarray(['trace', 'read', 'tracedby', 'readby'] as const, { minLength: 1 }),
        peer,
      }),
      { maxLength: 2 },
    ),
    includes: fc.subarray(['abstractions/base', 'abstractions/nameservice', 'abstractions/openssl'], {
      maxLength: 1,
    }),
    deny: fc.record(
      { files: fc.array(file, { maxLength: 2 }), capabilities, network: sockets },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** Profiles of every shape that the model has. */
export const profile: fc.Arbitrary<AppArmorProfile> = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/),
    rules,
    fc.option(rules, { nil: undefined }),
  )
  .map(([name, own, child]) => {
    if (!child) return { name, ...own };
    const execute = [...(own.execute ?? []), { path: '/srv/helper', as: { child: 'helper' } }];
    return { name, ...own, execute, children: { helper: child } };
  });
