import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filesIn } from '../support/folders';
import { blocksOf, writtenPages, type CodeBlock, type Page } from '../support/pages';
import { runCommand } from '../support/run-command';

const ROOT = path.join(__dirname, '../..');

/** A command that a page shows with what it prints. */
interface Shown {
  readonly place: string;
  readonly command: string;
  readonly output: string;
}

/** Sealing and encrypting are random on purpose, so their output is another each time; test/src/cli tests it. */
const RANDOM = /^bulwark (seal|unseal|verify|reseal|sops) /;

function shownIn({ page, line, code }: CodeBlock): Shown[] {
  return code
    .replaceAll('\\\n', ' ')
    .split(/^(?=\$ )/m)
    .flatMap((part) => {
      const [first = '', ...output] = part.split('\n');
      const command = /^\$ (bulwark .*?)(?: +#.*)?$/.exec(first)?.[1];
      if (command === undefined || RANDOM.test(command) || output.join('').trim() === '') return [];
      return [{ place: `${page}:${line}`, command, output: output.join('\n').trimEnd() }];
    });
}

const PAGES = writtenPages();
const SHOWN = PAGES.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === 'console')
    .flatMap((block) => shownIn(block).map((shown) => ({ ...shown, page }))),
);

/** `...` on a line of its own stands for any lines. */
function pattern(output: string): RegExp {
  const lines = output
    .split('\n')
    .map((line) =>
      line.trim() === '...' ? '[^]*?' : `${line.trimEnd().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}[ ]*\n`,
    );
  return new RegExp(`^${lines.join('')}\\s*$`);
}

/** Puts into the folder what the page speaks of: the example, files that it shows, and its fixtures. */
function prepare(folder: string, page: Page): void {
  symlinkSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'));
  if (page.name.startsWith('examples/')) {
    cpSync(path.dirname(path.join(ROOT, page.name)), folder, { recursive: true });
  }
  for (const { code, hint } of blocksOf(page)) {
    const name = /^file: (\S+)$/.exec(hint ?? '')?.[1];
    if (name !== undefined) writeFileSync(path.join(folder, name), code);
  }
  const fixtures = path.join(__dirname, 'fixtures', path.basename(page.name, '.md'));
  if (existsSync(fixtures)) cpSync(fixtures, path.join(folder, 'manifests'), { recursive: true });
  const other = path.join(folder, 'dist-without-redis-cart');
  cpSync(path.join(ROOT, 'dist'), other, { recursive: true });
  for (const [name, text] of Object.entries(filesIn(other))) {
    const documents = text.split(/^---\n/m);
    const kept = documents.filter((one) => !/kind: NetworkPolicy\n[^]*?\n {2}name: redis-cart\n/.test(one));
    if (kept.length < documents.length) writeFileSync(path.join(other, name), kept.join('---\n'));
  }
}

describe('commands in the documentation', () => {
  const before = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'bulwark-docs-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it.each(SHOWN.map((shown) => [shown.command, shown.place, shown] as const))(
    '%s prints what %s shows',
    async (command, _place, { output, page }) => {
      prepare(folder, page);
      const { out, err } = await runCommand(command.split(' ').slice(1));
      const printed = `${out}${err}`.replaceAll(/ +$/gm, '');
      if (!pattern(output).test(printed)) expect(printed.trimEnd()).toBe(output);
    },
  );
});
