import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../../scripts/workspaces.mjs'
import { describeAttachment } from './attachment-suite.js'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="10.000" height="10"/></svg>'

/** A configuration of svgo is a program: it can end the process in any way. */
const CONFIGS = {
  'exit.mjs': 'process.exit(5)',
  'late.mjs': `process.on('exit', () => { process.exitCode = 4 })\nexport default {}`,
  'stay.mjs': `console.log('ready')\nawait new Promise(() => setInterval(() => undefined, 60_000))`,
}

const input = ['-i', 'icon.svg', '-o', '-']

describeAttachment({
  cli: {
    name: 'svgo',
    program: 'svgo/bin/svgo.js',
    nodeOptions: ['--require', join(root, 'packages/commander-plugin/dist/register.cjs')],
  },
  command: '',
  prepare(folder) {
    writeFileSync(join(folder, 'icon.svg'), SVG)
    for (const [name, text] of Object.entries(CONFIGS)) writeFileSync(join(folder, name), text)
  },
  endings: [
    { title: 'writing to stdout', args: input, exitCode: 0 },
    { title: 'writing a file', args: ['icon.svg', '-o', 'small.svg'], exitCode: 0 },
    { title: 'a missing file', args: ['missing.svg'], exitCode: 1 },
    { title: 'process.exit(5)', args: [...input, '--config', 'exit.mjs'], exitCode: 5 },
    { title: 'a late exit code', args: [...input, '--config', 'late.mjs'], exitCode: 4 },
    {
      title: 'SIGTERM',
      args: [...input, '--config', 'stay.mjs'],
      send: 'SIGTERM',
      exitCode: null,
      signal: 'SIGTERM',
    },
  ],
  free: [['--help'], ['--version'], ['--unknown']],
  normalize: (output) => output.replaceAll(/Done in \d+ ms/gu, 'Done'),
})
