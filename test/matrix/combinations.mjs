// What is tested: every major of a framework that the plugins support, on every maintained Node line.

/** @typedef {{ framework: string, major: number, program: string, extra?: object }} Framework */

/** @type {Framework[]} */
export const FRAMEWORKS = [
  ...[12, 13, 14, 15].map((major) => ({
    framework: 'commander',
    major,
    program: 'commander.mjs',
  })),
  ...[17, 18].map((major) => ({ framework: 'yargs', major, program: 'yargs.mjs' })),
  ...[4, 5].map((major) => ({
    framework: '@oclif/core',
    major,
    program: 'oclif.mjs',
    extra: { validatesInside: true, configuredByHome: true },
  })),
]

export const NODE_MAJORS = [20, 22, 24, 26]

/**
 * Runtimes other than Node, from npm packages, with the arguments that run a program on them. They are tested with the
 * workspace's newest framework, since `engines` does not mention them. If a runtime differs from Node so that a row of
 * the behaviour table cannot hold, `differences` has the names of the tests and the cause.
 *
 * @typedef {{ tests: RegExp, cause: string }} Difference
 * @type {{ name: string, args: string[], differences: Difference[] }[]}
 */
export const OTHER_RUNTIMES = [
  {
    name: 'bun',
    args: [],
    differences: [
      {
        tests: /ends by 'process\.exitCode set by a late exit l/u,
        cause:
          'it does not send its `exit` event through `process.emit`, so an exit code that an exit listener sets after the plugin’s own is not in the last event',
      },
    ],
  },
  {
    name: 'deno',
    args: ['run', '-A'],
    differences: [
      {
        tests:
          /ends by '(?:throws|rejects|throws in a callback)'|a command joins one that ends by rejects when told/u,
        cause:
          'an uncaught error ends it without an `exit` event, as a kill does: `command:failed` is stored by whoever looks next, with `exitCode: null` and without `error`, and who has joined it ends with 1',
      },
    ],
  },
]
