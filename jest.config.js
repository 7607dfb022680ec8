'use strict';

const swc = (syntax) => [
  '@swc/jest',
  { jsc: { parser: { syntax }, target: 'es2022' }, module: { type: 'commonjs' } },
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/seed.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': swc('typescript'), '\\.js$': swc('ecmascript') },
  // These are published as ES modules only, which jest cannot load as they are.
  transformIgnorePatterns: [
    '/node_modules/(?!(@kubernetes/client-node|openid-client|oauth4webapi|jose|@marcbachmann/cel-js|age-encryption|@noble/[a-z-]+|@scure/base)/)',
  ],
  // The build is a second copy of the sources and must not be found in place of them.
  modulePathIgnorePatterns: ['<rootDir>/lib/'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
