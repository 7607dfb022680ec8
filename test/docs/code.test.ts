import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import * as bulwark from '../../constructs';
import { blocksOf, writtenPages, type CodeBlock } from '../support/pages';
import { runProgram } from '../support/run-program';

const ROOT = path.join(__dirname, '../..');
const BLOCKS = writtenPages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'ts');

/** What a program that includes manifests of somebody else reads. */
const VENDOR = `apiVersion: apps/v1
kind: Deployment
metadata: { name: vendor }
spec:
  selector: { matchLabels: { app: vendor } }
  template:
    metadata: { labels: { app: vendor } }
    spec:
      containers: [{ name: vendor, image: 'vendor.example/app:1.0.0' }]
`;

/** What a fragment is about that does not say itself what it has. */
const USUAL: Readonly<Record<string, string>> = {
  cluster: 'Blueprint',
  shop: 'Tenant',
  tenant: 'Tenant',
  web: 'TenantNamespace',
  api: 'HardenedDeployment',
  db: 'HardenedStatefulSet',
  manifests: 'readonly Manifest[]',
};

/** Names that a fragment may use without importing them, with their module. */
const EXPORTED = exportsOf();

/** The block as a module: with imports and declarations of what it leaves out, on a line of its own. */
function moduleOf({ code, hint }: CodeBlock): string {
  const hinted = (hint ?? '').split('; ').flatMap((part) => {
    const [name, type] = part.split(': ');
    return type === undefined ? [] : [[name!, type] as const];
  });
  const given = { ...USUAL, ...Object.fromEntries(hinted) };
  const declared = Object.entries(given)
    .filter(([name]) => uses(code, name) && !declares(code, name))
    .map(([name, type]) => `declare const ${name}: ${type};`)
    .join(' ');
  const wanted = EXPORTED.filter((name) => uses(code + declared, name) && !declares(code, name));
  const imports = `import { ${wanted.join(', ')} } from 'cdk8s-bulwark';`;
  const fs = uses(code, 'fs') && !declares(code, 'fs') ? "import fs from 'node:fs';" : '';
  return `${imports} ${fs} ${declared}\n${code}\nexport {};\n`;
}

function uses(code: string, name: string): boolean {
  return new RegExp(`(?<![\\w.'"/-])${name}(?![\\w'"/-]|: )`).test(code);
}

function declares(code: string, name: string): boolean {
  return new RegExp(
    `(const|let|class|function|interface|type|import) ${name}\\b|import [^;]*\\b${name}\\b[^;]* from`,
  ).test(code);
}

/** Every value and type that the package exports. */
function exportsOf(): string[] {
  const source = ts.sys.readFile(path.join(ROOT, 'constructs/index.ts'))!;
  const lists = [...source.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list]) => list!.split(','));
  const names = lists.map((name) => name.replace(/^\s*type /, '').trim()).filter(Boolean);
  return [...new Set([...Object.keys(bulwark), ...names])];
}

describe('TypeScript in the documentation', () => {
  it('has no mistake in its types', () => {
    const sources = new Map(
      BLOCKS.map((block) => [
        path.join(ROOT, `${block.page.replaceAll('/', '_')}-${block.line}.ts`),
        moduleOf(block),
      ]),
    );
    const options: ts.CompilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, esModuleInterop: true },
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      moduleResolution: ts.ModuleResolutionKind.Node10,
      types: ['node', 'jest'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
      paths: {
        'cdk8s-bulwark': [path.join(ROOT, 'constructs/index.ts')],
        'cdk8s-bulwark/jest': [path.join(ROOT, 'src/jest/index.ts')],
        'cdk8s-bulwark/manifests': [path.join(ROOT, 'src/index.ts')],
      },
    };
    const host = ts.createCompilerHost(options);
    const plain = { ...host };
    host.fileExists = (file) => sources.has(path.normalize(file)) || plain.fileExists(file);
    host.readFile = (file) => sources.get(path.normalize(file)) ?? plain.readFile(file);
    host.getSourceFile = (file, version, ...rest) => {
      const text = sources.get(path.normalize(file));
      return text === undefined
        ? plain.getSourceFile(file, version, ...rest)
        : ts.createSourceFile(file, text, version);
    };
    const program = ts.createProgram([...sources.keys()], options, host);
    const mistakes = [...sources.keys()].flatMap((file) => {
      const source = program.getSourceFile(file)!;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ start = 0, messageText }) => {
        const [page, line] = path.basename(file, '.ts').split(/-(?=\d+$)/) as [string, string];
        const at = Number(line) + source.getLineAndCharacterOfPosition(start).line - 1;
        return `${page}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    });
    expect(mistakes).toEqual([]);
  });

  const complete = BLOCKS.filter(
    ({ code }) => /^import .* from 'cdk8s-bulwark'/m.test(code) && /\.synth\(\)/.test(code),
  );
  const before = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'bulwark-docs-'));
    writeFileSync(path.join(folder, 'vendor.yaml'), VENDOR);
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it.each(complete.map((block) => [`${block.page}:${block.line}`, block] as const))(
    'runs: %s',
    (_place, block) => {
      const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
      runProgram(new Map([['main.ts', block.code]]));
      log.mockRestore();
    },
  );
});
