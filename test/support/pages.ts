import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** Path below the root of the project, divided by `/`. */
  readonly name: string;
  readonly text: string;
}

/** A block of code of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Line of the first line of the code, counted from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What a comment in front of it says that it is about: `<!-- with web: HardenedDeployment -->`. */
  readonly hint: string | undefined;
}

/** Every page that people read: README, docs with what is below, bench and the examples. Control pages are generated. */
export function allPages(): Page[] {
  const folders = ['docs', 'bench', 'examples'];
  const below = folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.posix.join(folder, name.split(path.sep).join('/')),
    ),
  );
  const names = [
    'README.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    ...below.filter((name) => name.endsWith('.md')),
  ];
  // The reference is generated on demand, and committed nowhere.
  const own = names.filter((name) => !name.startsWith('docs/api/'));
  return own.sort().map((name) => ({ name, text: readFileSync(path.join(ROOT, name), 'utf8') }));
}

/** The pages whose code is run where it stands. That of the tutorial is run with the published package. */
export function writtenPages(): Page[] {
  return allPages().filter(({ name }) => !/^docs\/(controls\/|tutorial\.md)/.test(name));
}

const FENCE = /(?:<!-- with (.*?) -->\s*\n)?^```(\w*)\n([^]*?)^```$/gm;

/** The blocks of a page that are fenced. */
export function blocksOf({ name, text }: Page): CodeBlock[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [whole, hint, language = '', code = ''] = match;
    const start = match.index + whole.indexOf('```');
    const line = text.slice(0, start).split('\n').length + 1;
    return { page: name, line, language, code, hint };
  });
}
