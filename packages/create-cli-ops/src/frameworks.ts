/** A framework that a new program can be on. */
export interface Framework {
  readonly name: string
  /** What the program depends on, by package. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly plugin: string
  /** The file that starts it. */
  readonly main: string
  /** What it has in package.json besides. */
  readonly manifest: (name: string) => object
}

/** The newest majors that run on the oldest Node that is supported. */
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
