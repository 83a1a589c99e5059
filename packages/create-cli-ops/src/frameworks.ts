/** A framework for a new program. */
export interface Framework {
  readonly name: string
  /** The program's dependencies, by package. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly plugin: string
  /** The file that starts the program. */
  readonly main: string
  /** Additional entries of its package.json. */
  readonly manifest: (name: string) => object
}

/** The newest major versions that run on the oldest supported Node. */
export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'commander',
    dependencies: { commander: '^14.0.3' },
    plugin: '@cli-ops/commander-plugin',
    main: 'src/main.js',
    manifest: () => ({}),
  },
  {
    name: 'yargs',
    dependencies: { yargs: '^18.2.0' },
    plugin: '@cli-ops/yargs-plugin',
    main: 'src/main.js',
    manifest: () => ({}),
  },
  {
    name: 'oclif',
    dependencies: { '@oclif/core': '^4.14.0' },
    plugin: '@cli-ops/oclif-plugin',
    main: 'bin/run.js',
    manifest: (name) => ({
      oclif: {
        bin: name,
        dirname: name,
        commands: './src/commands',
        topicSeparator: ' ',
        plugins: ['@cli-ops/oclif-plugin'],
      },
      cliOps: { commands: { add: { lock: `${name}-notes`, emits: 'note:added' } } },
    }),
  },
]
