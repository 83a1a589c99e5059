import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { entryPath } from '../../base/builtins.js'
import { readText } from '../../base/files/read-text.js'
import { isObject } from '../../base/validation/is-object.js'

/** Returns whether a home can have a `config.json`. If that cannot be seen, reading the file decides, or refuses. */
export function isConfigured(home: string): boolean {
  try {
    return nodeFileSystem.status(entryPath(home, 'config.json')) !== undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}

/**
 * Returns whether a `config.json` has, or might have, something to say about a CLI with one of these names. Whatever is wrong with it is
 * for `withHomeConfig` to report.
 */
export function isConfiguredFor(home: string, names: readonly string[]): boolean {
  try {
    const config: unknown = JSON.parse(readText(entryPath(home, 'config.json')))
    if (!isObject(config)) return true
    const { clis = {}, $schema: _schema, ...others } = config
    if (Object.keys(others).length > 0 || !isObject(clis)) return true
    return names.some((name) => Object.hasOwn(clis, name))
  } catch {
    return true
  }
}
