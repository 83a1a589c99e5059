import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

/** The reader's own scripts, which the recipes assume; each says that it ran. */
const SCRIPTS = [
  './deploy.sh',
  './preview.sh',
  './migrate.sh',
  './backup.sh',
  './device-tests.sh',
  './build.sh',
  './prune-cache.sh',
  'bin/npx',
  'bin/git',
  'bin/npm',
]

const recipes = codeBlocks(join(root, 'docs/guides/cookbook.md'), ['sh']).filter(
  ({ remarks }) => !remarks.includes('no-run'),
)

test.each(recipes)('$place runs', async ({ code }) => {
  const user = new TemporaryUser()
  mkdirSync(join(user.directory, 'bin'))
  for (const script of SCRIPTS)
    writeFileSync(join(user.directory, script), '#!/bin/sh\necho "ran $0"\n', { mode: 0o755 })
  symlinkSync(join(root, 'packages/cli/dist/main.js'), join(user.directory, 'bin/cli-ops'))
  const recipe = join(user.directory, 'recipe.sh')
  writeFileSync(recipe, code, { mode: 0o755 })
  const env = {
    ...user.environment,
    PATH: `${join(user.directory, 'bin')}:${process.env['PATH'] ?? ''}`,
  }
  const run = promisify(execFile)
  const { stdout, stderr } = await run('bash', ['-eu', recipe], { cwd: user.directory, env })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^ran /mu)
})
