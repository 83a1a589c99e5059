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
 * the copies that the host has loaded are taken from Node's module cache, and only where there is none yet the copy
 * that the plugin is installed beside is asked for, which then is the host's next. Where neither is found, such as in
 * a bundle, `cliOps()(program)` does the same.
 */
export function addUse(): void {
  try {
    const require = createRequire(import.meta.url)
    // An entry may still be empty: Node makes it while it links the host's `import 'commander'`, and fills it when its
    // turn comes, which is after the plugin's where the host imports the plugin first. require() fills it now.
    const files = Object.keys(require.cache).filter((file) => COMMANDER_FILE.test(file))
    const copies = (files.length > 0 ? files : ['commander']).map(
      (file) => require(file) as CommanderModule,
    )
    for (const { Command } of copies) addUseTo(Command?.prototype)
  } catch {
    // The program is handed to the plugin as an argument then.
  }
}

function addUseTo(prototype: CommandPrototype | undefined): void {
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
