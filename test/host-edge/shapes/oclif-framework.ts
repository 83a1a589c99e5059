import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type Framework, rulesOf } from '../shape.js'

const HEAD = `const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const locked = (Class) => kit?.withLock(JSON.parse(process.env.LOCK))(Class) ?? Class
`
const AS_MODULE = `import { Args, Command, Flags } from '@oclif/core'
import { work } from './work.cjs'
const kit = process.env.PLUGIN === 'on' ? await import('@cli-ops/oclif-plugin') : undefined
${HEAD}`
const AS_COMMONJS = `const { Args, Command, Flags } = require('@oclif/core')
const { work } = require('./work.cjs')
const kit = process.env.PLUGIN === 'on' ? require('@cli-ops/oclif-plugin') : undefined
${HEAD}`
const MAIN = `import { execute } from '@oclif/core'
await execute({ dir: import.meta.url })`

/** How to write programs on oclif: with or without the plugin in package.json; the rules are in the home. */
export const OCLIF: Framework = {
  title: '@oclif/core 4',
  isNewest: true,
  write(folder, { source, isCommonJs, oclif }, hasPlugin) {
    const extension = isCommonJs === true ? 'cjs' : 'mjs'
    const commands = `./commands.${extension}`
    writeFileSync(join(folder, commands), (isCommonJs === true ? AS_COMMONJS : AS_MODULE) + source)
    const manifest = {
      name: 'host',
      version: '1.2.3',
      bin: { host: `./run.${extension}` },
      dependencies: { '@cli-ops/oclif-plugin': '*' },
      oclif: {
        bin: 'host',
        dirname: 'host',
        commands: { strategy: 'explicit', target: commands, identifier: 'COMMANDS' },
        plugins: hasPlugin ? ['@cli-ops/oclif-plugin'] : [],
        ...oclif,
      },
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    const main = join(folder, `run.${extension}`)
    if (!existsSync(main)) writeFileSync(main, MAIN)
    return main
  },
  configure(home, shape, onBusy) {
    const config = { clis: { host: { commands: rulesOf(shape, onBusy) } } }
    writeFileSync(join(home, 'config.json'), JSON.stringify(config))
    return {}
  },
}
