import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type Framework, rulesOf, type Shape } from '../shape.js'

const HEAD = `const args = process.argv.slice(2)
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const attach = (instance) =>
  kit === undefined ? instance : instance.middleware(kit.cliOps(JSON.parse(process.env.OPTIONS)))
const locked = (handler) => kit?.withLock(JSON.parse(process.env.LOCK), handler) ?? handler
`

/** Returns how to write and configure programs on one major of yargs. Only up to 17 is it available as CommonJS, too. */
export function yargsFramework(title: string, specifier: string, isNewest: boolean): Framework {
  const asModule = `import yargs from '${specifier}'
import { idle, work } from './work.cjs'
const kit = process.env.PLUGIN === 'on' ? await import('@cli-ops/yargs-plugin') : undefined
${HEAD}`
  const asCommonJs = `const yargs = require('${specifier}')
const { idle, work } = require('./work.cjs')
const kit = process.env.PLUGIN === 'on' ? require('@cli-ops/yargs-plugin') : undefined
${HEAD}`
  return {
    title,
    isNewest,
    write(folder, { source, isCommonJs }) {
      const file = join(folder, isCommonJs === true ? 'host.cjs' : 'host.mjs')
      writeFileSync(file, (isCommonJs === true ? asCommonJs : asModule) + source)
      return file
    },
    configure: (_home, shape: Shape, onBusy) => ({
      OPTIONS: JSON.stringify({ name: 'host', commands: rulesOf(shape, onBusy) }),
    }),
  }
}
