import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks, fileOf } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

const run = promisify(execFile)

test('the testing guide’s CLI passes its tests', async () => {
  const user = new TemporaryUser()
  const folder = join(user.directory, 'notes')
  mkdirSync(folder)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const files = codeBlocks(join(root, 'docs/guides/testing.md'), ['js']).filter(fileOf)
  for (const block of files) writeFileSync(join(folder, fileOf(block) ?? ''), block.code)
  expect(files.map(fileOf)).toEqual(['notes.mjs', 'notes.test.mjs'])
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await run(process.execPath, [vitest, 'run', '--root', folder], {
    cwd: folder,
    env: { ...user.environment, NO_COLOR: '1' },
  })
  expect(stdout).toMatch(/Tests +3 passed/u)
})
