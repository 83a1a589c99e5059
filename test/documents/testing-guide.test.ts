import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks, fileOf } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

const run = promisify(execFile)

const VITEST = join(root, 'node_modules/vitest/vitest.mjs')
const FILES = new Map(
  codeBlocks(join(root, 'docs/guides/testing.md'), ['js'])
    .filter(fileOf)
    .map((block) => [fileOf(block), block.code]),
)

/** Runs the tests in a folder, and resolves to what vitest says. */
async function runTests(folder: string, user: TemporaryUser): Promise<string> {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const { stdout } = await run(process.execPath, [VITEST, 'run', '--root', folder], {
    cwd: folder,
    env: { ...user.environment, NO_COLOR: '1' },
  })
  return stdout
}

test.each(['notes.mjs', 'notes-yargs.mjs'])('%s of the guide passes its tests', async (cli) => {
  const user = new TemporaryUser()
  const folder = join(user.directory, 'notes')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'notes.mjs'), FILES.get(cli) ?? '')
  writeFileSync(join(folder, 'notes.test.mjs'), FILES.get('notes.test.mjs') ?? '')
  expect(await runTests(folder, user)).toMatch(/Tests +3 passed/u)
})

test('the oclif CLI of the guide passes its tests', async () => {
  const user = new TemporaryUser()
  const folder = join(user.directory, 'notes')
  const create = join(root, 'packages/create-cli-ops/dist/main.js')
  await run(process.execPath, [create, folder, '--framework', 'oclif'])
  rmSync(join(folder, 'test'), { recursive: true })
  writeFileSync(join(folder, 'add.test.mjs'), FILES.get('add.test.mjs') ?? '')
  expect(await runTests(folder, user)).toMatch(/Tests +1 passed/u)
})
