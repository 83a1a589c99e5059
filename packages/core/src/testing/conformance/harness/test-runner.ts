/** Registers one test. */
export interface TestFunction {
  (name: string, body: () => Promise<void>): unknown
  /** Registers a test that is reported but not run. */
  readonly skip: (name: string, body: () => Promise<void>) => unknown
}

/**
 * What the suite needs from a test runner: `describe` and `test` of vitest, jest and `node:test`, `describe` and `it` of mocha.
 */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: TestFunction
}
