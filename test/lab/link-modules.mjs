import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Puts the CLI's packages into the work folder, for programs that look for them beside the project. They write their
 * caches into its node_modules, which is therefore a folder, not a link.
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
