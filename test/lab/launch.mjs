import { chmodSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {'npm' | 'shim' | 'file'} Start npm's link in `.bin`, a shell script as pnpm writes one, or `node <file>` */

/**
 * Returns the command that starts a CLI.
 *
 * @param {{ start: Start, bin: string, alias?: string }} cli
 * @param {{ modules: string, program: string, shims: string }} places
 * @returns {string[]}
 */
export function launch({ start, bin, alias = bin }, { modules, program, shims }) {
  if (start === 'npm') return [join(modules, '.bin', alias)]
  const file = realpathSync(program)
  if (start === 'file') return ['node', file]
  const shim = join(shims, alias)
  writeFileSync(shim, `#!/bin/sh\nexec node "${file}" "$@"\n`)
  chmodSync(shim, 0o755)
  return [shim]
}
