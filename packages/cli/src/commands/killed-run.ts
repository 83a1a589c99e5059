import { Command } from 'commander'

import { KILLED_RUN, type KilledRun } from '../run/killed-run.js'

/** Called by the watch that survives a killed `cli-ops run` on an engine: records the run's end in the history. */
export function killedRunCommand(): Command {
  return new Command(KILLED_RUN)
    .argument('<run>')
    .helpOption(false)
    .action(async (run: string) => {
      const { noteKilledRun } = await import('../run/killed-run.js')
      await noteKilledRun(JSON.parse(run) as KilledRun)
    })
}
