import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { packageBinOf } from '../../../src/command/host/cli-name.js'

let root: string

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-name-')))
  const folder = root
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
})

/** Creates a file below the temporary folder, and returns its path. */
function file(path: string, content: string | object = ''): string {
  const full = join(root, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content))
  return full
}

function link(path: string, target: string): string {
  const full = join(root, path)
  mkdirSync(dirname(full), { recursive: true })
  symlinkSync(target, full)
  return full
}

function nameOf(script: string): string | undefined {
  return packageBinOf(script)?.name
}

describe('the entry of a script', () => {
  test.each([
    ['a string is named as the package', { name: 'svgo', bin: './bin/cli.js' }, 'svgo'],
    ['without its scope', { name: '@team/tool', bin: 'bin/cli.js' }, 'tool'],
    [
      'the entry with this file',
      { name: 'x', bin: { other: 'a.js', 'x-cli': 'bin/cli.js' } },
      'x-cli',
    ],
    [
      'of several, the one named as the package',
      { name: '@x/eas', bin: { 'eas-cli': 'bin/cli.js', eas: 'bin/cli.js' } },
      'eas',
    ],
    ['of several, else the first', { name: 'x', bin: { b: 'bin/cli.js', a: 'bin/cli.js' } }, 'b'],
    ['a path with dots', { name: 'x', bin: { y: './lib/../bin/cli.js' } }, 'y'],
    ['the only entry, for another file', { name: 'x', bin: { y: './main.js' } }, 'y'],
    [
      'else the one named as the package',
      { name: '@x/mocha', bin: { _mocha: 'a.js', mocha: 'b.js' } },
      'mocha',
    ],
    ['else none', { name: 'x', bin: { a: 'a.js', b: 'b.js' } }, undefined],
    ['no bin', { name: 'x' }, undefined],
    ['a string without a name', { bin: 'bin/cli.js' }, undefined],
    ['entries that are no text', { name: 'x', bin: { a: 1, b: null } }, undefined],
    ['a list', { name: 'x', bin: ['bin/cli.js'] }, undefined],
    ['a name that is no text', { name: 7, bin: { y: 'bin/cli.js' } }, 'y'],
  ])('%s', (_what, manifest, name) => {
    file('package.json', manifest)
    expect(nameOf(file('bin/cli.js'))).toBe(name)
  })

  test('knows every name that starts the same file', () => {
    file('package.json', {
      name: 'eas-cli',
      version: '1.2.3',
      bin: { eas: 'a.js', 'eas-cli': 'a.js', z: 'z.js' },
    })
    expect(packageBinOf(file('a.js'))).toEqual({
      name: 'eas-cli',
      names: ['eas', 'eas-cli'],
      packageName: 'eas-cli',
      version: '1.2.3',
      folder: root,
      script: join(root, 'a.js'),
      isEntry: true,
    })
    expect(packageBinOf(file('other.js'))).toMatchObject({ name: 'eas-cli', isEntry: false })
  })

  test('reads all of a manifest that is larger than one read', () => {
    file('package.json', { description: 'x'.repeat(20_000), name: 'big', bin: './a.js' })
    expect(nameOf(file('a.js'))).toBe('big')
  })
})

describe('the nearest package.json', () => {
  test('skips one that only says how files are parsed', () => {
    file('package.json', { name: 'tool', bin: 'dist/esm/cli.js' })
    file('dist/esm/package.json', { type: 'module' })
    expect(nameOf(file('dist/esm/cli.js'))).toBe('tool')
  })

  test('does not confuse a package without bin with the one around it', () => {
    file('package.json', { name: 'app', bin: 'cli.js' })
    file('node_modules/lib/package.json', { name: 'lib' })
    expect(nameOf(file('node_modules/lib/cli.js'))).toBeUndefined()
  })

  test('ignores a file of node_modules without a package', () => {
    file('package.json', { name: 'app', bin: 'cli.js' })
    expect(nameOf(file('node_modules/stray/cli.js'))).toBeUndefined()
  })

  test.each([
    ['half a file', '{ "name": "x", "bin": '],
    ['null', 'null'],
    ['a number', '7'],
    ['nothing', ''],
  ])('is %s: no name, and no error', (_what, text) => {
    file('package.json', text)
    expect(nameOf(file('cli.js'))).toBeUndefined()
  })

  test.each([undefined, '', '/no/such/script.js'])('there is no script: %j', (script) => {
    expect(packageBinOf(script)).toBeUndefined()
  })
})

describe('whatever started it', () => {
  const PROGRAM = `process.stdout.write(process.argv[1])`

  /** Returns `process.argv[1]` in the program when started this way. */
  function scriptOf(command: string, ...args: string[]): string {
    return spawnSync(command, args, { encoding: 'utf8' }).stdout
  }

  beforeEach(() => {
    file('store/@team/tool/package.json', {
      name: '@team/tool',
      type: 'commonjs',
      bin: { 'team-tool': 'bin/run.js' },
    })
    chmodSync(file('store/@team/tool/bin/run.js', `#!/usr/bin/env node\n${PROGRAM}`), 0o755)
  })

  test('the link that npm and yarn create', () => {
    const bin = link('.bin/team-tool', '../store/@team/tool/bin/run.js')
    expect(scriptOf(bin)).toBe(bin)
    expect(nameOf(scriptOf(bin))).toBe('team-tool')
  })

  test('a link with another name, to a linked checkout', () => {
    link('global/node_modules/@team/tool', join(root, 'store/@team/tool'))
    const bin = link('usr/bin/tt', '../../global/node_modules/@team/tool/bin/run.js')
    expect(nameOf(scriptOf(bin))).toBe('team-tool')
  })

  test('the shell script that pnpm writes', () => {
    const shim = file(
      'pnpm/team-tool',
      `#!/bin/sh\nbasedir=$(dirname "$0")\nexec node "$basedir/../store/@team/tool/bin/run.js" "$@"\n`,
    )
    chmodSync(shim, 0o755)
    expect(nameOf(scriptOf(shim))).toBe('team-tool')
  })

  test('node with the file', () => {
    expect(nameOf(scriptOf(process.execPath, join(root, 'store/@team/tool/bin/run.js')))).toBe(
      'team-tool',
    )
  })
})
