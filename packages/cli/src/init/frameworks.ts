import { placeCommander, placeYargs, type Wiring } from './wire/wire-code.js'

/** A framework with a plugin, and what its author adds. */
export interface Framework {
  /** Its package. */
  readonly name: string
  readonly plugin: string
  /** The first and last major version that the plugin is tested with; as in its peer dependency. */
  readonly majors: readonly [first: number, last: number]
  /** The lines to add, and where. */
  readonly steps: (project: ProjectStyle) => readonly string[]
  /** Where its author writes the rules. */
  readonly rulePlace: string
  /** A command's rule, as its author writes it. */
  readonly rule: (command: string) => string
  /** How `--write` adds the lines to the code; if absent, only package.json changes. */
  readonly wiring?: Omit<Wiring, 'plugin'>
}

/** What the lines depend on. */
export interface ProjectStyle {
  readonly isModule: boolean
  /** `"oclif": {…}` in package.json already lists plugins. */
  readonly hasOclifPlugins: boolean
}

function ruleInCode(command: string): string {
  const key = /^[a-z]\w*$/iu.test(command) ? command : `'${command}'`
  return `cliOps({ commands: { ${key}: { lock: '${command}' } } })`
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'commander',
    plugin: '@cli-ops/commander-plugin',
    majors: [12, 15],
    rulePlace: 'in the code',
    rule: ruleInCode,
    wiring: { packages: ['commander', '@commander-js/extra-typings'], place: placeCommander },
    steps: ({ isModule }) => [
      importLine('cliOps', '@cli-ops/commander-plugin', isModule),
      'program.use(cliOps())   // before program.parse()',
    ],
  },
  {
    name: 'yargs',
    plugin: '@cli-ops/yargs-plugin',
    majors: [17, 18],
    rulePlace: 'in the code',
    rule: ruleInCode,
    wiring: { packages: ['yargs', 'yargs/yargs'], place: placeYargs },
    steps: ({ isModule }) => [
      importLine('cliOps', '@cli-ops/yargs-plugin', isModule),
      'yargs(hideBin(process.argv)).middleware(cliOps())   // then your commands',
    ],
  },
  {
    name: '@oclif/core',
    plugin: '@cli-ops/oclif-plugin',
    majors: [4, 5],
    rulePlace: 'in package.json',
    rule: (command) => `"cliOps": { "commands": { "${command}": { "lock": "${command}" } } }`,
    steps: ({ hasOclifPlugins }) => [
      hasOclifPlugins
        ? 'add "@cli-ops/oclif-plugin" to "oclif": { "plugins": […] } in package.json'
        : '"oclif": { "plugins": ["@cli-ops/oclif-plugin"] }   // in package.json',
    ],
  },
]

function importLine(name: string, from: string, isModule: boolean): string {
  return isModule ? `import { ${name} } from '${from}'` : `const { ${name} } = require('${from}')`
}
