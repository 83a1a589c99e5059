// What is tried: every major of a framework that the plugins support, on every Node line that is maintained.

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
 * Runtimes beside Node, from packages of their own, with what runs a program on them. On these the newest framework is tried that the workspace
 * has, since no `engines` speaks of them.
 */
export const OTHER_RUNTIMES = [
  { name: 'bun', args: [] },
  { name: 'deno', args: ['run', '-A'] },
]
