/**
 * Copies the CEL evaluator into the build as CommonJS. It is published as ES modules only, which jest cannot require: whoever
 * tests charts with jest, as cdk8s projects do, would have to configure a transform for a dependency of a dependency.
 */
import fs from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';

const PACKAGE = '@marcbachmann/cel-js';
/** A require of the package or of one of its entries. */
const ENTRY = new RegExp(`require\\("${PACKAGE}(?:/(\\w+))?"\\)`, 'g');
const ROOT = path.join(__dirname, '..');
const LIB = path.join(ROOT, 'lib');
const VENDOR = path.join(LIB, 'vendor', 'cel-js');

function vendor(): void {
  const source = path.join(ROOT, 'node_modules', PACKAGE);
  fs.mkdirSync(VENDOR, { recursive: true });
  fs.copyFileSync(path.join(source, 'LICENSE'), path.join(VENDOR, 'LICENSE'));
  for (const name of fs.readdirSync(path.join(source, 'lib')).filter((file) => file.endsWith('.js'))) {
    const { code } = transformSync(fs.readFileSync(path.join(source, 'lib', name), 'utf8'), {
      jsc: { parser: { syntax: 'ecmascript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    fs.writeFileSync(path.join(VENDOR, name), code);
  }
}

/** The build's own files ask for the copy. */
function redirect(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || !file.endsWith('.js') || file.startsWith(VENDOR)) continue;
    const code = fs.readFileSync(file, 'utf8');
    const copies = path.relative(path.dirname(file), VENDOR).replaceAll('\\', '/');
    const redirected = code.replaceAll(
      ENTRY,
      (_call, entry: string | undefined) => `require("${copies}/${entry ?? 'index'}.js")`,
    );
    if (redirected !== code) fs.writeFileSync(file, redirected);
  }
}

vendor();
redirect(LIB);
