import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { installCommand } from '../../src/engine/install-command.js'

/** A program in a `node_modules`, started through a link elsewhere, as npm creates them. */
function linkedProgram(inProject: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const lib = join(folder, 'lib')
  mkdirSync(join(lib, 'node_modules/@cli-ops/cli/node_modules/own'), { recursive: true })
  const file = join(lib, 'node_modules/@cli-ops/cli/main.js')
  writeFileSync(file, '')
  if (inProject) writeFileSync(join(lib, 'package.json'), '{}')
  const link = join(folder, 'cli-ops')
  symlinkSync(file, link)
  return link
}

test('a globally installed program needs its packages there', () => {
  expect(installCommand(linkedProgram(false))).toBe('npm install --global')
  expect(installCommand(linkedProgram(true))).toBe('npm install')
})

test('any other program is in a project', () => {
  expect(installCommand(import.meta.filename)).toBe('npm install')
  expect(installCommand('/nowhere/node_modules/x.js')).toBe('npm install')
})
