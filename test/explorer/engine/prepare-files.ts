import type { Program } from './program.js'
import { runAlone } from './run-alone.js'
import { START_MS } from './start-ms.js'
import { HOME } from './simulated-file-system.js'
import { SimulatedFiles } from './simulated-files.js'
import type { Ghost, Machine } from './world.js'

/** No process of a scenario has this number, so its owner is dead. */
const BYGONE = 900

/** Returns the files left by programs that ran and died before the scenario begins. */
export function prepareFiles(
  machine: Machine,
  programs: readonly Program<Ghost>[],
): SimulatedFiles {
  let files = SimulatedFiles.empty(machine.semantics).makeDirectory(HOME, 0)
  for (const [index, program] of programs.entries()) {
    const world = { machine, files, ghost: {}, nowMs: START_MS, processes: [] }
    const after = runAlone<Ghost>(world, program, BYGONE + index).world
    if (after.ghost.wrong !== undefined) throw new Error(after.ghost.wrong)
    files = after.files
  }
  return files
}
