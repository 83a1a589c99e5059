import { loadCommander, loadedModules } from './lazy.js'

interface CommandPrototype {
  use?: (this: object, plugin: (program: object) => void) => object
}

interface CommanderModule {
  readonly Command?: { readonly prototype: CommandPrototype }
}

/**
 * Gives commander's programs the method `use`, unless they have their own. It does not import commander: the host has
 * nearly always loaded one copy, which is taken from Node's module cache. If there is none yet, or more than one, it
 * requires them, and the copy that the plugin is installed beside or bundled with. If none is found, `cliOps()(program)`
 * does the same.
 */
export function addUse(): void {
  const cache = loadedModules()
  const files = Object.keys(cache).filter(isCommander)
  const [only] = files
  const loaded = files.length === 1 && only !== undefined ? cache[only]?.exports : undefined
  if ((loaded as CommanderModule | undefined)?.Command === undefined) addUseToAll(files)
  else addUseTo(loaded as CommanderModule)
}

function isCommander(file: string): boolean {
  return file.endsWith('/commander/index.js') || file.endsWith('\\commander\\index.js')
}

function addUseToAll(files: readonly string[]): void {
  for (const load of [() => requireAll(files), () => [loadCommander()]]) {
    try {
      for (const module of load()) addUseTo(module as CommanderModule)
    } catch {
      // The program is then passed to the plugin as an argument.
    }
  }
}

/**
 * Requires the files instead of reading the cache: modules imported later in the program are already cached, but
 * empty.
 */
function requireAll(files: readonly string[]): unknown[] {
  if (files.length === 0) return []
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
  return files.map((file) => require(file) as unknown)
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
