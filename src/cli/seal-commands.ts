/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import { defineCommand, type CommandDefinition, type OptionDefinition } from './command';
import type * as SealModule from './seal';
import type * as SopsModule from './sops';
import type * as UnsealModule from './unseal';

const CERTIFICATE: OptionDefinition = {
  flags: '--cert <file|url>',
  description: 'certificate of the controller: a file, or an https address (default: $SEALED_SECRETS_CERT)',
};
const KEY: OptionDefinition = {
  flags: '--key <file>',
  description: 'file with private keys of the controller; may be repeated (or $BULWARK_SEALING_KEY)',
  repeatable: true,
};
const PRIVATE_OUTPUT: readonly OptionDefinition[] = [
  {
    flags: '-o, --output <file>',
    description: 'new file to write, which its owner alone can read (default: a pipe)',
  },
  { flags: '--show', description: 'show the secret on the terminal' },
];

const IDENTITIES = 'The private keys of age are those of $SOPS_AGE_KEY_FILE or $SOPS_AGE_KEY.';
const SCOPES = ['strict', 'namespace-wide', 'cluster-wide'];

/** The commands for SealedSecrets and for files of SOPS. */
export const SEAL_COMMANDS: readonly CommandDefinition[] = [
  defineCommand<[name?: string], SealModule.SealCommandOptions>({
    name: 'seal',
    group: 'Secrets',
    description: 'seal values for the sealed-secrets controller',
    arguments: [
      {
        name: '[name]',
        description: 'name of the Secret; of the file, with --merge-into',
        completes: 'nothing',
      },
    ],
    options: [
      { flags: '-n, --namespace <name>', description: 'namespace of the Secret' },
      CERTIFICATE,
      {
        flags: '--scope <scope>',
        description: 'strict, namespace-wide or cluster-wide (default: strict)',
        completes: SCOPES,
      },
      { flags: '--type <type>', description: 'type of the Secret (default: Opaque)' },
      {
        flags: '--from-file <key=path>',
        description: 'value from a file, - for standard input; may be repeated',
        repeatable: true,
      },
      { flags: '--from-stdin <key>', description: 'value from standard input' },
      {
        flags: '--from-env-file <path>',
        description: 'values from lines of KEY=value; may be repeated',
        repeatable: true,
      },
      { flags: '--docker-server <host>', description: 'registry of a login to pull images with' },
      { flags: '--docker-username <name>', description: 'user of that login' },
      {
        flags: '--docker-password-file <path>',
        description: 'file with its password, - for standard input',
      },
      { flags: '--label <key=value>', description: 'label of the Secret; may be repeated', repeatable: true },
      {
        flags: '--annotation <key=value>',
        description: 'annotation of the Secret; may be repeated',
        repeatable: true,
      },
      { flags: '--immutable', description: 'make the Secret immutable' },
      {
        flags: '--merge-into <file>',
        description: 'seal into a SealedSecret that is there, and leave its other keys as they are',
      },
      { flags: '-o, --output <file>', description: 'new file to write (default: standard output)' },
      // Known from kubectl, and named so that the mistake is explained without repeating the value.
      {
        flags: '--from-literal <value>',
        description: 'refused',
        refused:
          '--from-literal: a value that is an argument is seen by every user of the machine, and stays in the history of the shell. ' +
          'Change the secret, and give the new one with --from-stdin KEY or --from-file KEY=PATH.',
      },
    ],
    notes: 'No value is ever an argument: other users see those, and the shell keeps them.',
    examples: [
      'bulwark seal db -n shop-web --cert cert.pem --from-stdin password -o sealed/db.yaml < password.txt',
      'bulwark seal --merge-into sealed/db.yaml --cert cert.pem --from-file password=new.txt',
      'bulwark seal pull -n shop-web --cert cert.pem --docker-server registry.example \\\n    --docker-username robot --docker-password-file token.txt -o sealed/pull.yaml',
    ],
    run: ([name], options, context) =>
      (require('./seal') as typeof SealModule).sealCommand(name, options, context),
  }),
  defineCommand<[file: string], UnsealModule.UnsealCommandOptions>({
    name: 'unseal',
    group: 'Secrets',
    description: 'open a SealedSecret with a private key, for recovery',
    arguments: [{ name: '<file>', description: 'file with one SealedSecret' }],
    options: [KEY, ...PRIVATE_OUTPUT],
    examples: ['bulwark unseal sealed/db.yaml --key controller.key -o db.yaml'],
    run: ([file], options, { terminal }) => unseal().unsealCommand(file, options, terminal),
  }),
  defineCommand<[paths: string[]], UnsealModule.KeysAndCertificate>({
    name: 'verify',
    group: 'Secrets',
    description: 'check SealedSecrets, and find the key that opens them',
    arguments: [{ name: '<path...>', description: 'files or folders' }],
    options: [CERTIFICATE, KEY],
    ends: ['all is well', 'something is wrong'],
    examples: ['bulwark verify sealed', 'bulwark verify sealed --cert cert.pem --key controller.key'],
    run: ([paths], options, context) => unseal().verifyCommand(paths, options, context),
  }),
  defineCommand<[paths: string[]], UnsealModule.KeysAndCertificate>({
    name: 'reseal',
    group: 'Secrets',
    description: 'seal SealedSecrets again, for a new key pair of the controller',
    arguments: [{ name: '<path...>', description: 'files or folders, which are changed in place' }],
    options: [CERTIFICATE, KEY],
    examples: ['bulwark reseal sealed --cert new.pem --key old.key'],
    run: ([paths], options, context) => unseal().resealCommand(paths, options, context),
  }),
  defineCommand<[file: string], SopsModule.EncryptCommandOptions>({
    name: 'sops encrypt',
    group: 'Secrets',
    description: 'encrypt the values of a Secret',
    arguments: [{ name: '<file>', description: 'YAML file, - for standard input' }],
    options: [
      {
        flags: '--age <recipient>',
        description: 'public key of age; may be repeated (default: the rule of .sops.yaml)',
        repeatable: true,
      },
      { flags: '-i, --in-place', description: 'replace the file' },
      { flags: '-o, --output <file>', description: 'new file to write (default: standard output)' },
      {
        flags: '--filename-override <path>',
        description: 'path by which the rule of .sops.yaml is chosen',
      },
    ],
    examples: ['bulwark sops encrypt --in-place secrets/db.yaml'],
    run: ([file], options, context) => sops().encryptCommand(file, options, context),
  }),
  defineCommand<[file: string], SopsModule.DecryptCommandOptions>({
    name: 'sops decrypt',
    group: 'Secrets',
    description: 'decrypt a file, once its MAC is verified',
    arguments: [{ name: '<file>', description: 'YAML file, - for standard input' }],
    options: PRIVATE_OUTPUT,
    notes: IDENTITIES,
    examples: ['bulwark sops decrypt secrets/db.yaml | kubectl apply -f -'],
    run: ([file], options, { terminal }) => sops().decryptCommand(file, options, terminal),
  }),
  defineCommand<[paths: string[]]>({
    name: 'sops verify',
    group: 'Secrets',
    description: 'check that files are as they were encrypted',
    arguments: [{ name: '<path...>', description: 'files or folders' }],
    notes: IDENTITIES,
    ends: ['all are', 'a file was changed or cannot be opened'],
    examples: ['bulwark sops verify secrets'],
    run: ([paths]) => sops().sopsVerifyCommand(paths),
  }),
];

function unseal(): typeof UnsealModule {
  return require('./unseal') as typeof UnsealModule;
}

function sops(): typeof SopsModule {
  return require('./sops') as typeof SopsModule;
}
