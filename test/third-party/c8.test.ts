import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { describeAttachment } from './attachment-suite.js'

const SCRIPTS = {
  'ok.cjs': `console.log('ok')`,
  'exit.cjs': 'process.exit(5)',
  'partly.cjs': `if (process.argv.length > 5) {\n  console.log('never')\n}`,
  'stay.cjs': `console.log('ready')\nsetInterval(() => undefined, 60_000)`,
}

// c8 12 is built on yargs 18, an ES module; c8 11 on the CommonJS bundle of yargs 17.
describe.each(['c8', 'c8-11'])('%s', (folder) => {
  describeAttachment({
    cli: {
      name: 'c8',
      program: `${folder}/bin/c8.js`,
      nodeOptions: ['--require', join(root, 'packages/yargs-plugin/dist/register.cjs')],
    },
    command: '',
    prepare(cwd) {
      for (const [name, text] of Object.entries(SCRIPTS)) writeFileSync(join(cwd, name), text)
    },
    endings: [
      { title: 'a report', args: ['node', 'ok.cjs'], exitCode: 0 },
      { title: 'the exit code of its child', args: ['node', 'exit.cjs'], exitCode: 5 },
      {
        title: 'a coverage that is too low',
        args: ['--check-coverage', '--lines', '100', 'node', 'partly.cjs'],
        exitCode: 1,
      },
      {
        title: 'SIGTERM',
        args: ['node', 'stay.cjs'],
        send: 'SIGTERM',
        exitCode: null,
        signal: 'SIGTERM',
      },
    ],
    free: [['--help'], ['--version']],
  })
  describeAttachment({
    cli: {
      name: 'c8',
      program: `${folder}/bin/c8.js`,
      nodeOptions: ['--require', join(root, 'packages/yargs-plugin/dist/register.cjs')],
    },
    command: 'report',
    prepare(cwd) {
      mkdirSync(join(cwd, 'coverage/tmp'), { recursive: true })
    },
    endings: [
      { title: 'a parser that is built twice', args: ['report'], exitCode: 0 },
      { title: 'a failure in its handler', args: ['report', '--temp-directory', 'x'], exitCode: 1 },
      // c8 removes the option from the words for its first parser, which therefore begins the command.
      { title: 'help from the second parser', args: ['report', '--help'], exitCode: 0 },
    ],
    free: [],
  })
})
