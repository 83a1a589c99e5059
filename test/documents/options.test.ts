import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeConfigSchema } from '@cli-ops/shared-ipc/schemas'
import type { Command } from 'commander'
import ts from 'typescript'
import { expect, test } from 'vitest'

import { createProgram } from '../../packages/cli/src/program.js'
import { root } from '../../scripts/workspaces.mjs'
import { sectionRows } from './markdown.js'

const configuration = join(root, 'docs/reference/configuration.md')
const optionTypes = 'packages/core/src/command/options/cli-ops-options.ts'

test.each([
  ['Options of a plugin', 'CliOpsOptions'],
  ['Command rules', 'CommandRule'],
  ['Lock rules', 'LockRule'],
])('docs/reference/configuration.md has under "%s" the members of %s', (heading, name) => {
  const typed = members(join(root, optionTypes), name)
  expect(typed.length).toBeGreaterThan(1)
  expect(namesOf(sectionRows(configuration, heading))).toEqual(typed.sort())
})

test('docs/reference/configuration.md says of every option whether config.json may hold it', () => {
  const rows = sectionRows(configuration, 'config.json')
  const named = (isThere: boolean) =>
    rows
      .filter(([, word = '']) => word.startsWith('yes') === isThere)
      .flatMap(([names = '']) => names.replaceAll('`', '').split(', '))
      .sort()
  const options = { clis: { cli: Object.fromEntries(named(true).map((name) => [name, {}])) } }
  const issues = homeConfigSchema.safeParse(options).error?.issues ?? []
  expect(issues.flatMap((issue) => ('keys' in issue ? issue.keys : []))).toEqual([])
  for (const name of named(false))
    expect(homeConfigSchema.safeParse({ clis: { cli: { [name]: 'x' } } }).success, name).toBe(false)
  expect([...named(true), ...named(false)].sort()).toEqual(
    namesOf(sectionRows(configuration, 'Options of a plugin')),
  )
})

test('docs/reference describes every option of every cli-ops command, and no other', () => {
  const text = ['cli.md', 'ops.md']
    .map((name) => readFileSync(join(root, 'docs/reference', name), 'utf8'))
    .join('\n')
  const inTables = [...text.matchAll(/^\|[^|]*?(--[a-z][a-z-]+)/gmu)].map(([, option]) => option)
  const mentioned = new Set(text.match(/--[a-z][a-z-]+/gu))
  const known = new Set(optionsOf(createProgram()))
  expect([...known].filter((option) => !mentioned.has(option)).sort()).toEqual([])
  expect(inTables.filter((option) => !known.has(option!))).toEqual([])
})

/** The first cells of rows, as plain names in order. */
function namesOf(rows: readonly string[][]): string[] {
  return rows.map(([name = '']) => name.replaceAll('`', '')).sort()
}

/** The properties of an interface, with those that it picks from another one. */
function members(path: string, name: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  const declaration = source.statements
    .filter(ts.isInterfaceDeclaration)
    .find((statement) => statement.name.text === name)!
  const extended = declaration.heritageClauses?.map((clause) => clause.getText(source)).join() ?? ''
  const picked = [...extended.matchAll(/'(\w+)'/gu)].map(([, property = '']) => property)
  return [...picked, ...declaration.members.map((member) => member.name!.getText(source))]
}

/** The long options of a command and those below it. */
function optionsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => long ?? [])
  return [...own, ...command.commands.flatMap((below) => optionsOf(below))]
}
