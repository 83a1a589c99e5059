import { path } from '../../base/builtins.js'
import type { PackageBin } from './cli-name.js'
import type { Program } from './host-command.js'

/**
 * Names a program after its entry in `bin`. A sibling file that the program runs as itself keeps the name it gives itself, unless
 * that is only the file's name.
 */
export function programName({ name }: Program, bin: PackageBin | undefined): string {
  if (bin === undefined) return name
  return bin.isEntry || name === fileNameOf(bin.script) ? bin.name : name
}

function fileNameOf(script: string): string {
  return path.basename(script, path.extname(script))
}
