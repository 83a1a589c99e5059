import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeConfigSchema } from '@cli-ops/shared-ipc/schemas'
import type { Command } from 'commander'
import ts from 'typescript'
import { expect, test } from 'vitest'

import { createProgram } from '../../packages/cli/src/program.js'
import { parseRunOptions } from '../../packages/cli/src/run/run-options.js'
import { HUB_LIMITS } from '../../packages/cli/src/serve/hub-limits.js'
import { assertLockRule } from '../../packages/core/src/command/options/assert-options.js'
import { root } from '../../scripts/workspaces.mjs'
import { sectionRows } from './markdown.js'

const configuration = join(root, 'docs/reference/configuration.md')
const optionTypes = 'packages/core/src/command/options/cli-ops-options.ts'

test.each([
  ['Options of a plugin', 'CliOpsOptions'],
  ['Command rules', 'CommandRule'],
  ['Lock rules', 'LockRule'],
])('docs/reference/configuration.md lists under "%s" the members of %s', (heading, name) => {
  const typed = members(join(root, optionTypes), name)
  expect(typed.length).toBeGreaterThan(1)
  expect(namesOf(sectionRows(configuration, heading))).toEqual(typed.sort())
})

test('each `onBusy` value of a lock rule exists in code, in config.json, in `run`, and in the documents', () => {
  const [row] = sectionRows(configuration, 'Lock rules').filter(([name]) => name === '`onBusy`')
  const ways = valuesOf(join(root, optionTypes), 'LockRule', 'onBusy')
  expect(ways.length).toBeGreaterThan(4)
  for (const onBusy of ways) {
    const rule = { resource: 'db', onBusy }
    expect(() => {
      assertLockRule('lock', rule)
    }).not.toThrow()
    const config = { clis: { cli: { commands: { add: { lock: rule } } } } }
    expect(homeConfigSchema.safeParse(config).error).toBeUndefined()
    expect(parseRunOptions({ lock: 'db', onBusy })).toMatchObject({ onBusy })
    expect(row![1], 'docs/reference/configuration.md').toContain(`'${onBusy}'`)
  }
})

test('every limit of a hub is an option of `cli-ops serve`', () => {
  const hubOptions = join(root, 'packages/driver-websocket/src/hub/hub-options.ts')
  const limits = members(hubOptions, 'HubOptions').filter((name) => /^max[A-Z]|Ms$/u.test(name))
  expect(HUB_LIMITS.map(({ member }) => member).sort()).toEqual(limits.sort())
})

test('docs/guides/write-a-driver.md has the faults that a driver is tested with', () => {
  const guide = join(root, 'docs/guides/write-a-driver.md')
  const harness = join(root, 'packages/core/src/testing/conformance/harness')
  const rows = ['Faults', 'Faults of a cluster'].flatMap((heading) => sectionRows(guide, heading))
  const faults = [
    ...members(join(harness, 'engine-faults.ts'), 'EngineFaults'),
    ...members(join(harness, 'engine-stage.ts'), 'ClusterFaults'),
  ]
  expect(
    namesOf(rows)
      .flatMap((names) => names.split(', '))
      .sort(),
  ).toEqual(faults.sort())
})

test('docs/reference/configuration.md says for every option whether config.json may contain it', () => {
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

test('docs/reference describes every cli-ops command', () => {
  const text = ['cli.md', 'ops.md']
    .map((name) => readFileSync(join(root, 'docs/reference', name), 'utf8'))
    .join('\n')
  const commands = createProgram().commands.map((command) => command.name())
  const shown = commands.filter((name) => name !== 'help' && !name.startsWith('__'))
  expect(shown.filter((name) => !new RegExp(`\`(?:cli-ops )?${name}\\b`, 'u').test(text))).toEqual(
    [],
  )
})

/** Returns the first cells of rows, as plain names in order. */
function namesOf(rows: readonly string[][]): string[] {
  return rows.map(([name = '']) => name.replaceAll('`', '')).sort()
}

/** Returns the properties of an interface, including those that it picks from another one. */
function members(path: string, name: string): string[] {
  const { source, declaration } = interfaceIn(path, name)
  const extended = declaration.heritageClauses?.map((clause) => clause.getText(source)).join() ?? ''
  const picked = [...extended.matchAll(/'(\w+)'/gu)].map(([, property = '']) => property)
  return [...picked, ...declaration.members.map((member) => member.name!.getText(source))]
}

/** Returns the texts that a member of an interface allows. */
function valuesOf(path: string, name: string, member: string): string[] {
  const { source, declaration } = interfaceIn(path, name)
  const found = declaration.members.find((each) => each.name?.getText(source) === member)!
  return Array.from(found.getText(source).matchAll(/'(\w+)'/gu), ([, value = '']) => value)
}

function interfaceIn(path: string, name: string) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  const declaration = source.statements
    .filter(ts.isInterfaceDeclaration)
    .find((statement) => statement.name.text === name)!
  return { source, declaration }
}

/** Returns the long options of a command and its subcommands. */
function optionsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => long ?? [])
  return [...own, ...command.commands.flatMap((below) => optionsOf(below))]
}
