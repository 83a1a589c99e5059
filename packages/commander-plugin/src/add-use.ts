interface CommandPrototype {
  use?: (this: object, plugin: (program: object) => void) => object
}

interface CommanderModule {
  readonly Command?: { readonly prototype: CommandPrototype }
}

/** The modules that are loaded, as `require.cache` shows them; to make a `require` for it would cost as much again. */
interface ModuleLoader {
  readonly _cache?: Readonly<Record<string, { readonly exports: CommanderModule } | undefined>>
}

/**
 * Gives commander's programs the method `use`, unless they have one of their own. commander is not imported for it: nearly
 * always the host has loaded one copy, which is taken from Node's module cache. Where there is none yet, or more than
 * one, they are asked for, and so is the copy that the plugin is installed beside. Where none is found, such as in a
 * bundle, `cliOps()(program)` does the same.
 */
export function addUse(): void {
  const { _cache: cache = {} } = process.getBuiltinModule('node:module') as ModuleLoader
  const files = Object.keys(cache).filter(isCommander)
  const [only] = files
  const loaded = files.length === 1 && only !== undefined ? cache[only]?.exports : undefined
  if (loaded?.Command === undefined) addUseToAll(files)
  else addUseTo(loaded)
}

function isCommander(file: string): boolean {
  return file.endsWith('/commander/index.js') || file.endsWith('\\commander\\index.js')
}

/** Required and not taken from the cache: what is imported further on in the program is there already, but empty. */
function addUseToAll(files: readonly string[]): void {
  try {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
    for (const file of files) addUseTo(require(file) as CommanderModule)
    addUseTo(require('commander') as CommanderModule)
  } catch {
    // The program is handed to the plugin as an argument then.
  }
}

function addUseTo({ Command }: CommanderModule): void {
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
