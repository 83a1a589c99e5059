import { realpathSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The part of a yargs instance through which every parse goes. */
export interface YargsParser {
  parse(...args: unknown[]): unknown
  middleware(callback: unknown): unknown
}

type Observer = (yargs: YargsParser) => void
type Factory = (args: readonly string[]) => YargsParser

interface ModuleLoader {
  _load: (this: unknown, ...args: unknown[]) => unknown
}

/**
 * Calls `observer` with each yargs instance of this process when it first parses. yargs has no place of its own for it:
 * the class is reached through the copies that the program loads, and a copy bundled into the program is
 * out of reach. Resolves when the copies are known.
 */
export async function observeInstances(observer: Observer): Promise<void> {
  const seen = new WeakSet<object>()
  const reach = (factory: unknown): void => {
    wrapParse(factory, seen, observer)
  }
  watchRequire(reach)
  const esModule = esModuleOf(process.argv[1] ?? '')
  if (esModule !== undefined) {
    reach(((await import(pathToFileURL(esModule).href)) as { readonly default?: unknown }).default)
  }
}

/** yargs 17 has a CommonJS bundle of its own, which makes the instances of every program that requires it. */
function watchRequire(reach: (factory: unknown) => void): void {
  const loader = Module as unknown as ModuleLoader
  const load = loader._load
  loader._load = function (...args) {
    const exported = Reflect.apply(load, this, args)
    const request = typeof args[0] === 'string' ? args[0] : ''
    if (basename(request) === 'index.cjs' && isYargsBundle(exported)) reach(exported.Yargs)
    return exported
  }
}

function isYargsBundle(exported: unknown): exported is { readonly Yargs: unknown } {
  return (
    typeof exported === 'object' &&
    exported !== null &&
    'Yargs' in exported &&
    'processArgv' in exported
  )
}

/**
 * The ES module of the yargs that a program finds. From 18 there is no other; before, it is only worth loading for a
 * program that is an ES module itself.
 */
function esModuleOf(program: string): string | undefined {
  try {
    const file = realpathSync(program)
    const require = createRequire(file)
    const manifest = require.resolve('yargs/package.json')
    const { version } = require(manifest) as { readonly version: string }
    const isOnlyCopy = Number.parseInt(version, 10) >= 18
    return isOnlyCopy || isEsModule(file) ? join(dirname(manifest), 'index.mjs') : undefined
  } catch {
    // A program without yargs, or none at all, such as `node -e`.
    return undefined
  }
}

function isEsModule(file: string): boolean {
  if (/\.[cm]js$/u.test(file)) return file.endsWith('.mjs')
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

function wrapParse(factory: unknown, seen: WeakSet<object>, observer: Observer): void {
  if (typeof factory !== 'function') return
  const prototype = Object.getPrototypeOf((factory as Factory)([])) as YargsParser | undefined
  if (typeof prototype?.parse !== 'function' || seen.has(prototype)) return
  seen.add(prototype)
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with the instance below
  const { parse } = prototype
  const value = function (this: YargsParser, ...args: unknown[]): unknown {
    if (!seen.has(this)) {
      seen.add(this)
      observer(this)
    }
    return Reflect.apply(parse, this, args)
  }
  Object.defineProperty(prototype, 'parse', { configurable: true, writable: true, value })
}
