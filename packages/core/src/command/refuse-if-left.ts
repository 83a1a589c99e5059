import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { afterThis } from '../base/wait/next-turn.js'
import type { Refusal } from './refusal.js'

/**
 * Refuses a command that has just begun to wait if the host does not await it: the code that started it would end the process with
 * success, and nobody would learn that the command has not run.
 */
export function refuseIfLeft(command: string, refuse: (refusal: Refusal) => void): void {
  const onExit = (exitCode: number): void => {
    if (exitCode !== 0) return
    const what = command === '' ? 'the command' : JSON.stringify(command)
    const message = `${what} has not run: its lock is busy, and the program ended without awaiting it`
    refuse({ reason: 'refused', error: new CliOpsError('LOCK_HELD', message) })
  }
  process.once('exit', onExit)
  afterThis(() => {
    process.off('exit', onExit)
  })
}
