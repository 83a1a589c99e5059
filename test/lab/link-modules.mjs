import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Gives the work folder the packages of the CLI, for programs that look for them beside the project. They write their caches
 * into its node_modules, which therefore is a folder and no link.
 *
 * @param {import('./cli.mjs').Place} place
 */
export function linkModules({ work, modules }) {
  const folder = join(work, 'node_modules')
  mkdirSync(folder)
  for (const name of readdirSync(modules)) {
    if (name !== '.cache') symlinkSync(join(modules, name), join(folder, name))
  }
}
