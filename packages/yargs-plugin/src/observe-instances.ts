import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

import type { Load } from '@cli-ops/shared-ipc/command'

/** The part of a yargs instance that every parse goes through. */
export interface YargsParser {
  parse(...args: unknown[]): unknown
  middleware(callback: unknown): unknown
}

/** Called with an instance that is about to parse for the first time. */
export type InstanceObserver = (yargs: YargsParser) => void

type Method = (...args: unknown[]) => unknown
type Factory = (args: readonly string[]) => YargsParser

/**
 * Calls `observer` with each yargs instance of this process at its first parse. yargs has no hook for this: the class
 * is reached through the copies that the program loads. A copy bundled into the program is out of reach.
 */
export class InstanceWatch {
  readonly #seen = new WeakSet<object>()
  readonly #observer: InstanceObserver
  readonly #showsHelp: () => void

  /** `showsHelp` is called whenever a program asks an instance for its help. */
  constructor(observer: InstanceObserver, showsHelp: () => void) {
    this.#observer = observer
    this.#showsHelp = showsHelp
  }

  /** yargs 17 has a separate CommonJS bundle, which makes the instances of every program that requires it. */
  onLoad({ request, exported }: Load): void {
    if (basename(request) === 'index.cjs' && isYargsBundle(exported)) this.#reach(exported.Yargs)
  }

  /**
   * Reaches the ES module of the yargs that a program resolves. From 18 on there is only that; before, it is only worth
   * loading for a program that is, or whose package contains, an ES module.
   *
   * @throws Error if Node cannot require an ES module
   */
  reachModule(program: string): void {
    const file = moduleOf(program)
    if (file === undefined) return
    const required: unknown = createRequire(file)(file)
    // From 18 on, require() returns the default export itself.
    const { default: factory = required } = required as { readonly default?: unknown }
    this.#reach(factory)
  }

  #reach(factory: unknown): void {
    if (typeof factory !== 'function') return
    const prototype = Object.getPrototypeOf((factory as Factory)([])) as YargsParser | undefined
    if (typeof prototype?.parse !== 'function' || this.#seen.has(prototype)) return
    const seen = this.#seen
    const observer = this.#observer
    seen.add(prototype)
    before(prototype, 'parse', (yargs) => {
      if (seen.has(yargs)) return
      seen.add(yargs)
      observer(yargs)
    })
    for (const name of ['showHelp', 'getHelp']) before(prototype, name, this.#showsHelp)
  }
}

/** Calls `listener` with the instance before each call of a method. */
function before(
  prototype: YargsParser,
  name: string,
  listener: (yargs: YargsParser) => void,
): void {
  const original = (prototype as unknown as Readonly<Record<string, Method | undefined>>)[name]
  if (typeof original !== 'function') return
  const value = function (this: YargsParser, ...args: unknown[]): unknown {
    listener(this)
    return Reflect.apply(original, this, args)
  }
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
}

function isYargsBundle(exported: unknown): exported is { readonly Yargs: unknown } {
  return (
    typeof exported === 'object' &&
    exported !== null &&
    'Yargs' in exported &&
    'processArgv' in exported
  )
}

function moduleOf(program: string): string | undefined {
  try {
    const file = realpathSync(program)
    const require = createRequire(file)
    const manifest = require.resolve('yargs/package.json')
    const { version } = require(manifest) as { readonly version: string }
    const major = Number.parseInt(version, 10)
    const isReached = major >= 18 || (major === 17 && usesEsModules(file))
    return isReached ? join(dirname(manifest), 'index.mjs') : undefined
  } catch {
    // A program without yargs, or no program at all, such as `node -e`.
    return undefined
  }
}

function usesEsModules(file: string): boolean {
  if (file.endsWith('.mjs')) return true
  const require = createRequire(file)
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    try {
      const { type } = require(join(folder, 'package.json')) as { readonly type?: string }
      return type === 'module'
    } catch {
      if (folder === dirname(folder)) return false
    }
  }
}
