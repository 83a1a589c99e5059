import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES } from '@cli-ops/shared-ipc'
import { serviceRecordSchema } from '@cli-ops/shared-ipc/schemas'
import { expect, test } from 'vitest'

import * as cliExitCodes from '../../packages/cli/src/exit-codes.js'
import * as kitExitCodes from '../../packages/core/src/base/errors/exit-codes.js'
import { DRIVER_PACKAGES } from '../../packages/core/src/engine/driver-packages.js'
import { misspeltVariable } from '../../packages/core/src/ops/misspelt-variable.js'
import { pagesIn } from '../../scripts/site/pages.mjs'
import { root, workspaces } from '../../scripts/workspaces.mjs'
import { codeBlocks, sectionRows, tableRows } from './markdown.js'

test('docs/reference/errors.md lists the codes of the kit, and which are retryable', () => {
  const rows = tableRows(join(root, 'docs/reference/errors.md'))
  const documented = rows.map(([code = '', retryable, cause, remedy]) => {
    expect(cause, code).not.toBe('')
    expect(remedy, code).not.toBe('')
    return [code.replaceAll('`', ''), retryable]
  })
  const codes = Object.entries(ERROR_CODES).map(([code, { retryable }]) => [
    code,
    retryable ? 'yes' : 'no',
  ])
  expect(documented).toEqual(codes)
})

const { EXIT_LOST, ...pluginExitCodes } = kitExitCodes // Only `cli-ops run` loses a lock.

test.each([
  ['errors.md', pluginExitCodes],
  ['cli.md', { EXIT_LOST, ...pluginExitCodes, ...cliExitCodes }],
])('docs/reference/%s lists the exit codes', (name, exitCodes) => {
  const rows = sectionRows(join(root, 'docs/reference', name), 'Exit codes', /^\d/u)
  const listed = rows.flatMap(([codes = '']) => codes.split(', ').map(Number))
  const codes = Object.values(exitCodes)
  expect(codes.length).toBeGreaterThan(3)
  expect(codes.filter((code) => !listed.includes(code))).toEqual([])
})

test('docs/reference/registry.md shows the fields of a record', () => {
  const [record] = codeBlocks(join(root, 'docs/reference/registry.md'), ['json'])
  const shown = Object.keys(JSON.parse(record!.code) as object)
  expect(shown.sort()).toEqual(Object.keys(serviceRecordSchema.shape).sort())
})

test('docs/reference/environment.md lists the variables that the packages read', () => {
  const path = join(root, 'docs/reference/environment.md')
  const listed = tableRows(path).flatMap(([names = '']) => names.replaceAll('`', '').split(', '))
  const mentioned: string[] = readFileSync(path, 'utf8').match(/[A-Z][A-Z0-9_<>]*/gu) ?? []
  const read = variablesRead()
  expect(read.size).toBeGreaterThan(5)
  expect([...read].filter((name) => !mentioned.includes(name))).toEqual([])
  expect(listed.filter((name) => !read.has(name))).toEqual([])
})

test('doctor knows the variables, and which setting a misspelt one was meant to be', () => {
  const path = join(root, 'docs/reference/environment.md')
  const namesIn = (rows: readonly string[][]): string[] =>
    rows
      .flatMap(([names = '']) => names.replaceAll('`', '').split(', '))
      .filter((name) => name.startsWith('CLI_OPS_'))
  const engines = [...DRIVER_PACKAGES.values()].map(({ engine }) => engine.toUpperCase())
  const known = namesIn(tableRows(path)).flatMap((name) =>
    name.includes('<ENGINE>') ? engines.map((engine) => name.replace('<ENGINE>', engine)) : name,
  )
  expect(known.filter((name) => misspeltVariable([name]) !== undefined)).toEqual([])
  const settings = namesIn(sectionRows(path, 'Environment'))
  expect(settings.length).toBeGreaterThan(10)
  for (const meant of settings) {
    const name = `${meant}S`
    expect(misspeltVariable([name])).toEqual({ name, meant })
  }
})

test('docs/README.md lists every guide', () => {
  const overview = readFileSync(join(root, 'docs/README.md'), 'utf8')
  const guides = pagesIn('docs/guides').map((page) => page.slice('docs/'.length))
  expect(guides.length).toBeGreaterThan(20)
  expect(guides.filter((guide) => !overview.includes(`](${guide})`))).toEqual([])
})

/** Returns the names of the variables that sources read from an environment. */
function variablesRead(): Set<string> {
  const names = new Set<string>()
  for (const { dir } of workspaces().filter(({ manifest }) => manifest.private !== true)) {
    for (const file of readdirSync(join(dir, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const source = readFileSync(join(dir, 'src', file), 'utf8')
      for (const [, name = ''] of source.matchAll(/\benv(?:\[['"]|\.)([A-Z][A-Z0-9_]*)/gu))
        names.add(name)
      for (const [, name = ''] of source.matchAll(/'(CLI_OPS_[A-Z0-9_]+)'/gu)) names.add(name)
      for (const [, name = ''] of source.matchAll(/\$\{prefix\}(_[A-Z0-9_]+)/gu))
        names.add(`CLI_OPS_<ENGINE>${name}`)
      for (const [, members = ''] of source.matchAll(/\{([^{}]*)\} = (?:process\.)?env\b/gu))
        for (const [name] of members.matchAll(/\b[A-Z][A-Z0-9_]*\b/gu)) names.add(name)
    }
  }
  return names
}
