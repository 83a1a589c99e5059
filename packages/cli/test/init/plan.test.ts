import { describe, expect, test } from 'vitest'

import { FRAMEWORKS } from '../../src/init/frameworks.js'
import { readProject } from '../../src/init/read-project.js'
import { maskCode } from '../../src/init/wire/mask-code.js'
import { type Plan, planWiring } from '../../src/init/wire/plan-wiring.js'
import { type Files, WiredProject } from './project.js'

function planFor(files: Files): Plan {
  const { user } = new WiredProject({
    'package.json': { bin: 'cli.js', dependencies: { commander: '14' } },
    ...files,
  })
  return planWiring(readProject(user.directory)!, FRAMEWORKS[0]!)
}

function changedFiles(files: Files): string[] {
  const plan = planFor(files)
  return 'refusal' in plan ? [plan.refusal] : plan.changes.map(({ file }) => file)
}

const UNKNOWN = 'cannot tell where the commander program is created'
const SEVERAL = "cannot tell which of several commander programs is the CLI's own"
const MADE = `import { Command } from 'commander'\nexport const `

describe('no plan for a program that is', () => {
  test.each<[what: string, why: string, files: Files]>([
    [
      'made by another package',
      UNKNOWN,
      { 'cli.js': `import { program } from 'made'\nprogram.parse()\n` },
    ],
    [
      'only in a text',
      UNKNOWN,
      { 'cli.js': `const text = "import { program } from 'commander'"\nprogram.parse()\n` },
    ],
    [
      'only a type',
      UNKNOWN,
      { 'cli.js': `import type { Command } from 'commander'\nnew Command().parse()\n` },
    ],
    [
      'one of two in a file',
      SEVERAL,
      { 'cli.js': `${MADE}[a, b] = [new Command('a'), new Command('b')]\n` },
    ],
    [
      'one of two files, parsed in a third',
      SEVERAL,
      {
        'cli.js': `import { a } from './a.js'\nimport './b.js'\na.parse()\n`,
        'a.js': `${MADE}a = new Command('a')\n`,
        'b.js': `${MADE}b = new Command('b')\n`,
      },
    ],
    [
      'not told from its subcommands',
      SEVERAL,
      {
        'cli.js': `${MADE}create = () => new Command().addCommand(new Command('x'))\nimport './b.js'\n`,
        'b.js': `${MADE}b = new Command('b')\n`,
      },
    ],
  ])('%s', (_what, why, files) => {
    expect(planFor(files)).toEqual({ refusal: expect.stringContaining(`${why}; `) as string })
  })
})

describe('the program is found', () => {
  const program = `${MADE}cli = new Command('tidy')\ncli.command('sync')\ncli.parseAsync()\n`

  test.each<[where: string, file: string, files: Files]>([
    [
      'behind a bin that only imports it',
      'main.mjs',
      { 'cli.js': `import('./main.mjs')`, 'main.mjs': program },
    ],
    [
      'in TypeScript that is imported as .js',
      'a.ts',
      { 'cli.js': `import './a.js'`, 'a.ts': program },
    ],
    [
      'in the index of a folder',
      'src/index.js',
      { 'cli.js': `require('./src')`, 'src/index.js': program },
    ],
    [
      'where the bin names a build that is not there',
      'src/main.ts',
      {
        'package.json': { bin: 'dist/cli.js', dependencies: { commander: '14' } },
        'src/main.ts': program,
        'src/main.test.ts': program,
        'node_modules/x/index.js': program,
      },
    ],
    [
      'beside a subcommand in a file of its own',
      'cli.js',
      { 'cli.js': `import './sub.js'\n${program}`, 'sub.js': `${MADE}sub = new Command('sub')\n` },
    ],
    [
      'run in one chain',
      'cli.js',
      { 'cli.js': `${MADE}a = new Command('a').version('1')\n  .parse()\n` },
    ],
    [
      'under other names',
      'cli.js',
      {
        'cli.js': `import { Command as Program } from "@commander-js/extra-typings";\nnew Program().parse();\n`,
      },
    ],
    [
      'in a namespace',
      'cli.js',
      { 'cli.js': `const commander = require('commander')\nnew commander.Command().parse()\n` },
    ],
  ])('%s', (_where, file, files) => {
    expect(changedFiles(files)).toEqual(['package.json', file])
  })

  test('does not correct an author who has named the plugin', () => {
    const wired = `import { cliOps } from '@cli-ops/commander-plugin'\n${program}`
    expect(changedFiles({ 'cli.js': wired })).toEqual(['package.json'])
  })
})

test.each([
  [`a('b', "c") // d\ne`, `a(' ', " ")     \ne`],
  ['a /* b\nc */ d', 'a     \n     d'],
  [`'it\\'s'.b`, `'     '.b`],
  ['`a${b(`c`) + {}}d`.e', '` ${b(` `) + {}} `.e'],
  [`x = /[/'"]/u.test(y) / 2 / z`, `x = /      /u.test(y) / 2 / z`.replace('      ', '     ')],
  ['"🚀" + a', '"  " + a'],
  ['#!/usr/bin/env node\na', `${' '.repeat(19)}\na`],
])('%s: blanks everything that is not code', (code, masked) => {
  expect(maskCode(code)).toBe(masked)
  expect(maskCode(code)).toHaveLength(code.length)
})
