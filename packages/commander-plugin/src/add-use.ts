import { createRequire } from 'node:module'

interface CommandPrototype {
  use?: (this: object, plugin: (program: object) => void) => object
}

interface CommanderModule {
  readonly Command?: { readonly prototype: CommandPrototype }
}

const COMMANDER_FILE = /[\\/]commander[\\/]index\.js$/u

/**
 * Gives commander's programs the method `use`, unless they have one of their own. commander is not imported for it:
 * the CommonJS copies that the host has loaded are taken from Node's module cache, and only where the copy that the
 * plugin is installed beside is not among them it is asked for, since it is the host's next, or the host's already as an
 * ES module. Where none is found, such as in a bundle, `cliOps()(program)` does the same.
 */
export function addUse(): void {
  try {
    const require = createRequire(import.meta.url)
    const files = new Set(Object.keys(require.cache).filter((file) => COMMANDER_FILE.test(file)))
    for (const file of files) addUseTo(require, file)
    if (!files.has(require.resolve('commander'))) addUseTo(require, 'commander')
  } catch {
    // The program is handed to the plugin as an argument then.
  }
}

function addUseTo(require: NodeJS.Require, file: string): void {
  // Required and not taken from the cache: what is imported further on in the program is there already, but empty.
  const { Command } = require(file) as CommanderModule
  const prototype = Command?.prototype
  if (prototype === undefined || prototype.use !== undefined) return
  Object.defineProperty(prototype, 'use', {
    configurable: true,
    writable: true,
    value: function (this: object, plugin: (program: object) => void) {
      plugin(this)
      return this
    },
  })
}
