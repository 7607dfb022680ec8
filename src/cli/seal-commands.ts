/* eslint-disable @typescript-eslint/no-require-imports -- a command is loaded when it runs, so that help and version come at once */
import type { Command } from 'commander';
import { BulwarkError } from '../errors';
import type { CommandResult } from './check';
import type * as SealModule from './seal';
import type * as SopsModule from './sops';
import type * as UnsealModule from './unseal';

const CERTIFICATE = [
  '--cert <file|url>',
  'certificate of the controller: a file, or an https address (default: $SEALED_SECRETS_CERT)',
] as const;
const KEY = [
  '--key <file>',
  'file with private keys of the controller; may be repeated (or $BULWARK_SEALING_KEY)',
] as const;

const IDENTITIES = '\nThe private keys of age are those of $SOPS_AGE_KEY_FILE or $SOPS_AGE_KEY.';

const collect = (value: string, before: string[] = []) => [...before, value];

/** The commands for SealedSecrets and for files of SOPS. */
export function addSealCommands(bulwark: Command, finish: (result: CommandResult) => void): void {
  addSeal(bulwark, finish);
  addUnseal(bulwark, finish);
  addVerify(bulwark, finish);
  addReseal(bulwark, finish);
  const sops = bulwark.command('sops').description('encrypt Secrets with age, as SOPS and Flux read them');
  addSopsEncrypt(sops, finish);
  addSopsDecrypt(sops, finish);
  addSopsVerify(sops, finish);
}

function addSeal(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('seal')
    .description('seal values for the sealed-secrets controller')
    .argument('[name]', 'name of the Secret; of the file, with --merge-into')
    .option('-n, --namespace <name>', 'namespace of the Secret')
    .option(...CERTIFICATE)
    .option('--scope <scope>', 'strict, namespace-wide or cluster-wide (default: strict)')
    .option('--type <type>', 'type of the Secret (default: Opaque)')
    .option('--from-file <key=path>', 'value from a file, - for standard input; may be repeated', collect)
    .option('--from-stdin <key>', 'value from standard input')
    .option('--from-env-file <path>', 'values from lines of KEY=value; may be repeated', collect)
    .option('--docker-server <host>', 'registry of a login to pull images with')
    .option('--docker-username <name>', 'user of that login')
    .option('--docker-password-file <path>', 'file with its password, - for standard input')
    .option('--label <key=value>', 'label of the Secret; may be repeated', collect)
    .option('--annotation <key=value>', 'annotation of the Secret; may be repeated', collect)
    .option('--immutable', 'make the Secret immutable')
    .option(
      '--merge-into <file>',
      'seal into a SealedSecret that is there, and leave its other keys as they are',
    )
    .option('-o, --output <file>', 'new file to write (default: standard output)')
    .addHelpText(
      'after',
      '\nNo value is ever an argument: other users see those, and the shell keeps them.\n\nExamples:\n' +
        '  bulwark seal db -n shop-web --cert cert.pem --from-stdin password -o sealed/db.yaml < password.txt\n' +
        '  bulwark seal --merge-into sealed/db.yaml --cert cert.pem --from-file password=new.txt\n' +
        '  bulwark seal pull -n shop-web --cert cert.pem --docker-server registry.example \\\n' +
        '    --docker-username robot --docker-password-file token.txt -o sealed/pull.yaml',
    )
    .action(async (name: string | undefined, options: SealModule.SealCommandOptions) => {
      const { sealCommand } = require('./seal') as typeof SealModule;
      finish(await sealCommand(name, options, { now: new Date() }));
    })
    // Known from kubectl, and named so that the mistake is explained without repeating the value.
    .on('option:from-literal', refuseLiteral)
    .addOption(literalOption(bulwark));
}

function addUnseal(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('unseal')
    .description('open a SealedSecret with a private key, for recovery')
    .argument('<file>', 'file with one SealedSecret')
    .option(...KEY, collect)
    .option('-o, --output <file>', 'new file to write, which its owner alone can read (default: a pipe)')
    .option('--show', 'show the secret on the terminal')
    .action((file: string, options: UnsealModule.UnsealCommandOptions) => {
      const { unsealCommand } = require('./unseal') as typeof UnsealModule;
      finish(unsealCommand(file, options, process.stdout.isTTY === true));
    });
}

function addVerify(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('verify')
    .description('check SealedSecrets, and find the key that opens them')
    .argument('<path...>', 'files or folders')
    .option(...CERTIFICATE)
    .option(...KEY, collect)
    .addHelpText(
      'after',
      '\nEnds with 0 when all is well, 1 when something is wrong, 2 for bad input or usage.',
    )
    .action(async (paths: string[], options: UnsealModule.KeysAndCertificate) => {
      const { verifyCommand } = require('./unseal') as typeof UnsealModule;
      finish(await verifyCommand(paths, options, { now: new Date() }));
    });
}

function addReseal(bulwark: Command, finish: (result: CommandResult) => void): void {
  bulwark
    .command('reseal')
    .description('seal SealedSecrets again, for a new key pair of the controller')
    .argument('<path...>', 'files or folders, which are changed in place')
    .option(...CERTIFICATE)
    .option(...KEY, collect)
    .action(async (paths: string[], options: UnsealModule.KeysAndCertificate) => {
      const { resealCommand } = require('./unseal') as typeof UnsealModule;
      finish(await resealCommand(paths, options, { now: new Date() }));
    });
}

function addSopsEncrypt(sops: Command, finish: (result: CommandResult) => void): void {
  sops
    .command('encrypt')
    .description('encrypt the values of a Secret')
    .argument('<file>', 'YAML file, - for standard input')
    .option(
      '--age <recipient>',
      'public key of age; may be repeated (default: the rule of .sops.yaml)',
      collect,
    )
    .option('-i, --in-place', 'replace the file')
    .option('-o, --output <file>', 'new file to write (default: standard output)')
    .option('--filename-override <path>', 'path by which the rule of .sops.yaml is chosen')
    .action(async (file: string, options: SopsModule.EncryptCommandOptions) => {
      const { encryptCommand } = require('./sops') as typeof SopsModule;
      finish(await encryptCommand(file, options, { now: new Date() }));
    });
}

function addSopsDecrypt(sops: Command, finish: (result: CommandResult) => void): void {
  sops
    .command('decrypt')
    .description('decrypt a file, once its MAC is verified')
    .argument('<file>', 'YAML file, - for standard input')
    .option('-o, --output <file>', 'new file to write, which its owner alone can read (default: a pipe)')
    .option('--show', 'show the secret on the terminal')
    .addHelpText('after', IDENTITIES)
    .action(async (file: string, options: SopsModule.DecryptCommandOptions) => {
      const { decryptCommand } = require('./sops') as typeof SopsModule;
      finish(await decryptCommand(file, options, process.stdout.isTTY === true));
    });
}

function addSopsVerify(sops: Command, finish: (result: CommandResult) => void): void {
  sops
    .command('verify')
    .description('check that files are as they were encrypted')
    .argument('<path...>', 'files or folders')
    .addHelpText('after', `${IDENTITIES} Ends with 1 when a file was changed or cannot be opened.`)
    .action(async (paths: string[]) => {
      const { sopsVerifyCommand } = require('./sops') as typeof SopsModule;
      finish(await sopsVerifyCommand(paths));
    });
}

function literalOption(bulwark: Command) {
  return bulwark.createOption('--from-literal <value>', 'refused').hideHelp();
}

function refuseLiteral(): never {
  throw new BulwarkError(
    '--from-literal: a value that is an argument is seen by every user of the machine, and stays in the history of the shell. ' +
      'Change the secret, and give the new one with --from-stdin KEY or --from-file KEY=PATH.',
  );
}
