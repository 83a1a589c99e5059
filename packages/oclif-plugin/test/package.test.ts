import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { workspaceFile } from './oclif-host.js'

const run = promisify(execFile)

test('oclif.manifest.json is up to date', async () => {
  await run(process.execPath, [join(root, 'scripts/write-oclif-manifest.mjs'), '--check'])
  const { version } = JSON.parse(workspaceFile('packages/oclif-plugin/package.json')) as {
    version: string
  }
  // oclif warns at every command if these differ.
  expect(JSON.parse(workspaceFile('packages/oclif-plugin/oclif.manifest.json'))).toMatchObject({
    version,
  })
})

test('the package contains what oclif looks for', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: join(root, 'packages/oclif-plugin'),
  })
  const packed: unknown = JSON.parse(stdout)
  const [report] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [
    { files: { path: string }[] },
  ]
  const files = report.files.map(({ path }) => path)
  for (const file of [
    'oclif.manifest.json',
    'dist/package.json',
    'dist/hooks/init.js',
    'dist/run-coordinated.js',
    'dist/commands/index.js',
  ])
    expect(files).toContain(file)
  expect(files).not.toContain('tsconfig.json')
})
