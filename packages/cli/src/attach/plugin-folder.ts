import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Returns the folder of a plugin installed beside this command, or in the current folder's project; undefined if there is none. */
export function pluginFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`))
    } catch {
      // Try the other place.
    }
  }
  return undefined
}

/** Returns the plugin file that Node loads before a program; undefined if the plugin is not installed. */
export function preloadFile(name: string): string | undefined {
  const folder = pluginFolder(name)
  return folder && join(folder, 'dist', 'register.cjs')
}
