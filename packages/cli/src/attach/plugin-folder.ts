import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of a plugin that is installed beside this command, or in the project of this folder; undefined where there is none. */
export function pluginFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`))
    } catch {
      // The other place may have it.
    }
  }
  return undefined
}

/** The file of a plugin that node loads before a program; undefined where the plugin is not installed. */
export function preloadFile(name: string): string | undefined {
  const folder = pluginFolder(name)
  return folder && join(folder, 'dist', 'register.cjs')
}
