import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { build } from 'esbuild'

import { type Framework, rulesOf, type Shape } from '../shape.js'

const HEAD = `const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const attach = (program) => {
  kit?.cliOps(JSON.parse(process.env.OPTIONS))(program)
  return program
}
const locked = (action) => kit?.withLock(JSON.parse(process.env.LOCK), action) ?? action
`

/** Returns how to write and configure programs on one major of commander. */
export function commanderFramework(title: string, specifier: string, isNewest: boolean): Framework {
  const asModule = `import { Command } from '${specifier}'
import { idle, work } from './work.cjs'
const kit = process.env.PLUGIN === 'on' ? await import('@cli-ops/commander-plugin') : undefined
${HEAD}`
  const asCommonJs = `const { Command, program } = require('${specifier}')
const { idle, work } = require('./work.cjs')
const kit = process.env.PLUGIN === 'on' ? require('@cli-ops/commander-plugin') : undefined
${HEAD}`
  return {
    title,
    isNewest,
    async write(folder, { source, isCommonJs, isBundled }) {
      const file = join(folder, isCommonJs === true ? 'host.cjs' : 'host.mjs')
      writeFileSync(file, (isCommonJs === true ? asCommonJs : asModule) + source)
      return isBundled === true ? bundle(folder, file) : file
    },
    configure: (_home, shape: Shape, onBusy) => ({
      OPTIONS: JSON.stringify({ name: 'host', commands: rulesOf(shape, onBusy) }),
    }),
  }
}

async function bundle(folder: string, file: string): Promise<string> {
  const outfile = join(folder, 'bundle.mjs')
  await build({
    entryPoints: [file],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    external: ['@cli-ops/*', './work.cjs'],
    // commander requires Node's own modules.
    banner: {
      js: `import { createRequire } from 'node:module';const require = createRequire(import.meta.url);`,
    },
  })
  return outfile
}
