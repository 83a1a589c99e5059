import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { root, workspaces } from '../../scripts/workspaces.mjs'
import { tableRows } from './markdown.js'

const PAGE = join(root, 'docs/guides/troubleshooting.md')
const page = readFileSync(PAGE, 'utf8')

/** All messages that the packages can print. */
const sources = workspaces()
  .map(({ dir }) => join(dir, 'src'))
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

test('every code of the reference has its remedy', () => {
  const codes = tableRows(join(root, 'docs/reference/errors.md')).map(([code = '']) => code)
  expect(codes.length).toBeGreaterThan(20)
  for (const code of codes) expect(page, code).toContain(code)
})

test('every quoted message comes from the packages', () => {
  const cells = tableRows(PAGE).map(([message = '']) => message)
  const quoted = cells.flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]+)`/gu), ([, text = '']) => text),
  )
  expect(quoted.length).toBeGreaterThan(20)
  const parts = quoted
    .flatMap((text) => text.split('…'))
    .map((part) => part.replaceAll('"', '').trim())
  for (const part of parts.filter((text) => text.length > 3)) expect(sources).toContain(part)
})
