import { lookInside } from './observer.mjs'

/**
 * Checks that one command began and one ended, with the observed exit code, and that nothing is left.
 *
 * @param {import('./subject.mjs').Subject} subject
 * @param {{ exitCode: number | null }} seen null if a signal ended it
 * @returns {Promise<string | undefined>}
 */
export async function checkTraces({ cli, sandbox }, { exitCode }) {
  const { events, instances, locks } = await lookInside(sandbox.opsHome)
  const faults = []
  const own = events.filter(({ data }) => data['cli'] === cli.bin)
  const types = own.map(({ type }) => type)
  const [started, ended] = own
  const wanted = ['command:started', exitCode === 0 ? 'command:completed' : 'command:failed']
  if (types.join() !== wanted.join()) {
    const all = events.map(
      ({ type, data }) => `${type} of ${String(data['cli'])} "${String(data['command'])}"`,
    )
    faults.push(`events: ${all.join(', ') || 'none'}`)
  } else {
    if (started?.data['command'] !== cli.command)
      faults.push(`the command is called ${JSON.stringify(started?.data['command'])}`)
    if (ended?.data['exitCode'] !== exitCode)
      faults.push(
        `the event says ${String(ended?.data['exitCode'])}, the process ended with ${exitCode}`,
      )
  }
  if (instances.length > 0) faults.push(`left in the registry: ${instances.join(', ')}`)
  if (locks.length > 0) faults.push(`still held: ${locks.join(', ')}`)
  return faults.length === 0 ? undefined : faults.join('; ')
}
