import { existsSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Returns the command that installs a package where the running program finds it: a globally installed program is not in a project. */
export function installCommand(program = process.argv[1]): string {
  return isGlobal(program) ? 'npm install --global' : 'npm install'
}

function isGlobal(program: string | undefined): boolean {
  if (program === undefined) return false
  try {
    const path = realpathSync(program)
    const at = path.indexOf(`${sep}node_modules${sep}`)
    return at >= 0 && !existsSync(join(path.slice(0, at), 'package.json'))
  } catch {
    return false
  }
}
