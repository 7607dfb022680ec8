/**
 * Looks for the value that the tests use in place of a secret. It must be in no file of the checkout, nor in any of the folders that
 * are named, such as reports of tests. Run it after the tests and the synthesis of the example.
 */
import fs from 'node:fs';
import path from 'node:path';
import { findCanary } from '../test/support/canary';

const folders = [path.join(__dirname, '..'), ...process.argv.slice(2)];
const { files, found } = findCanary(folders);
found.forEach((file) => console.log(`${file}: holds the plaintext of a test`));
console.log(`${found.length} of ${files} files hold the plaintext of a test`);
if (found.length > 0 || files === 0 || !folders.every((folder) => fs.existsSync(folder)))
  process.exitCode = 1;
