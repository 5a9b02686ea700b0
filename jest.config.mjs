// The tests' projects: `unit` needs nothing but Node, `lab` runs inside a lab, `dist` runs the built action.
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/build', '<rootDir>/\\.lab'],
};

/** @type {import('jest').Config} */
const config = {
  // For what hangs alone: a busy machine is no failure, and whoever promises a time measures it.
  testTimeout: 600_000,
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/__tests__/unit/**/*.test.ts'] },
    { ...shared, displayName: 'lab', testMatch: ['<rootDir>/__tests__/lab/**/*.test.ts'] },
    { ...shared, displayName: 'dist', testMatch: ['<rootDir>/__tests__/dist/**/*.test.ts'] },
    { ...shared, displayName: 'workflows', testMatch: ['<rootDir>/__tests__/workflows/**/*.test.ts'] },
  ],
};

export default config;
