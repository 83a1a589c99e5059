import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { CLIS } from './catalogue.mjs'
import { CACHE, isInstalled } from './install.mjs'
import { judge } from './judge.mjs'
import { Subject } from './subject.mjs'

/** The workspace has these itself. */
const IN_WORKSPACE = ['svgo', 'c8', 'oclif']

/** One of each differently built kind of program: works after parse(), only stores its arguments, parses synchronously. */
const IN_CACHE = ['markdownlint-cli', 'html-minifier-terser', 'commitlint']

const server = createServer((_, response) => response.end('ok'))
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

async function faultsOf(name: string, folder: string): Promise<string[]> {
  const cli = CLIS.find((one) => one.name === name)!
  const { port } = server.address() as AddressInfo
  const subject = new Subject(cli, { folder, node: process.execPath, port })
  try {
    return (await judge(subject)).faults
  } finally {
    subject.close()
  }
}

describe('is the same with the plugin, with its lock free and busy', () => {
  test.each(IN_WORKSPACE)('%s', async (name) => {
    expect(await faultsOf(name, root)).toEqual([])
  })

  for (const name of IN_CACHE) {
    const { packages } = CLIS.find((one) => one.name === name)!
    const isThere = isInstalled(name, packages)
    const title = isThere ? name : `${name} (npm run test:lab -- ${name} installs it)`
    test.skipIf(!isThere)(title, async () => {
      expect(await faultsOf(name, join(CACHE, name))).toEqual([])
    })
  }
})
