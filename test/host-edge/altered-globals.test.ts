import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import type { Framework, Shape } from './shape.js'
import { ShapeProgram } from './shape-program.js'
import { commanderFramework } from './shapes/commander-framework.js'
import { OCLIF } from './shapes/oclif-framework.js'
import { yargsFramework } from './shapes/yargs-framework.js'

/** What a program, or one of its dependencies, does to its process's globals before anything else. */
interface Alteration {
  readonly title: string
  readonly code?: string
  /** Set if an option of Node does it. */
  readonly nodeOptions?: readonly string[]
  /** oclif itself does not work with it, or ends seconds later. */
  readonly breaksOclif?: boolean
}

const ALTERATIONS: readonly Alteration[] = [
  {
    title: 'adds enumerable members to all objects',
    code: `Object.prototype.dump = function () {}
    Object.prototype.size = 3
    Object.prototype.each = null
    Array.prototype.remove = function () {}
    Function.prototype.method = function () {}`,
    breaksOclif: true,
  },
  ...['emit', 'reallyExit'].map((method) => ({
    title: `lets nobody replace process.${method}()`,
    code: `Object.defineProperty(process, '${method}', { value: process.${method}.bind(process) })
    Object.defineProperty(process, '${method}', { writable: false, configurable: false })`,
  })),
  {
    title: 'freezes what the language brings',
    nodeOptions: ['--frozen-intrinsics', '--no-warnings'],
  },
  {
    title: "has a browser's timers, whose handles are numbers",
    code: `for (const name of ['Timeout', 'Interval']) {
      const set = globalThis['set' + name]
      const clear = globalThis['clear' + name]
      const handles = []
      globalThis['set' + name] = (...args) => handles.push(set(...args))
      globalThis['clear' + name] = (number) => clear(handles[number - 1])
    }`,
    // Its own flush() then waits 10 s in each run, with the plugin or without.
    breaksOclif: true,
  },
  {
    title: 'has fewer globals than Node, and other signals',
    code: `for (const name of ['setImmediate', 'queueMicrotask', 'structuredClone'])
      globalThis[name] = undefined
    globalThis.AbortSignal = class {}`,
  },
  { title: 'lets nobody add to process', code: `Object.preventExtensions(process)` },
]

/** A program with one command, which prints. */
interface Program {
  readonly title: string
  readonly framework: Framework
  readonly source: string
}

const PROGRAMS: readonly Program[] = [
  {
    title: 'commander',
    framework: commanderFramework('commander', 'commander', true),
    source: `const program = attach(new Command('host'))
    program.command('add').action(() => work('added'))
    program.parse()
    work('after')`,
  },
  {
    title: 'yargs',
    framework: yargsFramework('yargs', 'yargs', true),
    source: `attach(yargs(args)).command('add', 'adds', {}, () => work('added')).parse()
    work('after')`,
  },
  {
    title: 'oclif',
    framework: OCLIF,
    source: `class Add extends Command {
      async run() { work('added') }
    }
    export const COMMANDS = { add: Add }`,
  },
]

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

describe.each(PROGRAMS)('$title: a host that', ({ framework, source }) => {
  const alterations = ALTERATIONS.filter((one) => !(framework === OCLIF && one.breaksOclif))
  test.each(alterations)(
    '$title runs as without the plugin',
    async ({ code = '', nodeOptions: options = [] }) => {
      const shape: Shape = { title: '', args: ['add'], rules: ['add'], source }
      const program = new ShapeProgram(framework, shape, folder)
      const preload = join(mkdtempSync(join(folder, 'preload-')), 'alter.cjs')
      writeFileSync(preload, code)
      const nodeOptions = [...options, '--require', preload]
      const plain = await program.newRun({ hasPlugin: false, nodeOptions }).end()
      expect(plain).toMatchObject({ status: 0, stderr: '' })
      expect(plain.stdout).toContain('added')
      expect(await program.newRun({ hasPlugin: true, nodeOptions }).end()).toEqual(plain)
      expect(await program.newRun({ hasPlugin: true, nodeOptions }).untilItWaits()).toEqual(plain)
    },
  )
})
