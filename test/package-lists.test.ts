import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

import { FRAMEWORKS } from '../packages/cli/src/init/frameworks.js'
import { DRIVER_PACKAGES } from '../packages/core/src/engine/driver-packages.js'
import { FRAMEWORKS as FRAMEWORKS_OF_NEW_PROGRAMS } from '../packages/create-cli-ops/src/frameworks.js'
import { root, workspaces } from '../scripts/workspaces.mjs'
import { HOSTS } from './behaviour/run-host.js'

const folderOf = (dir: string): string => relative(root, dir).split(sep).join('/')

const published = workspaces().filter(({ manifest }) => manifest.private !== true)
const plugins = published.map(({ name }) => name).filter((name) => name.endsWith('-plugin'))
const drivers = published.map(({ name }) => name).filter((name) => name.includes('/driver-'))

test.each(['tsconfig.json', 'test/tsconfig.json'])('%s refers to every package', (path) => {
  const { references } = ts.readConfigFile(join(root, path), (file) => readFileSync(file, 'utf8'))
    .config as { readonly references: readonly { readonly path: string }[] }
  const folders = references.map(({ path: to }) => folderOf(join(root, path, '..', to)))
  expect(folders).toEqual(expect.arrayContaining(published.map(({ dir }) => folderOf(dir))))
})

test('the API reference has every package that is imported', () => {
  const { entryPoints } = JSON.parse(readFileSync(join(root, 'typedoc.json'), 'utf8')) as {
    readonly entryPoints: readonly string[]
  }
  // The others are commands.
  const imported = published.filter(({ manifest }) => manifest.bin === undefined)
  expect([...entryPoints].sort()).toEqual(imported.map(({ dir }) => folderOf(dir)).sort())
})

test('README.md links to every package', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  const folders = published.map(({ dir }) => folderOf(dir))
  expect(folders.filter((folder) => !text.includes(`](${folder})`))).toEqual([])
})

test('URLs open every driver of the kit', () => {
  const names = [...DRIVER_PACKAGES.values()].map(({ name }) => name)
  expect([...new Set(names)].sort()).toEqual(drivers.sort())
})

describe.each(plugins)('%s', (plugin) => {
  test('is known to `cli-ops init`', () => {
    expect(FRAMEWORKS.map((framework) => framework.plugin)).toContain(plugin)
  })

  test('is known to `npm create cli-ops`', () => {
    expect(FRAMEWORKS_OF_NEW_PROGRAMS.map((framework) => framework.plugin)).toContain(plugin)
  })

  test('has a host in the behaviour table', () => {
    const framework = plugin.replace(/^@cli-ops\/|-plugin$/gu, '')
    expect(HOSTS.map(({ program }) => program)).toContain(`${framework}.mjs`)
  })
})
