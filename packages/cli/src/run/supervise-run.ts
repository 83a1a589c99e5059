import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

import { type ChildEnd, endOf } from './child-end.js'
import { layOut } from './lay-out.js'
import { inheritedDescriptors } from './inherited-descriptors.js'
import { LIFELINE, type RunCommandLine } from './run-command-line.js'
import { relaySignals } from './relay-signals.js'
import { restoredEnvironment } from './restored-environment.js'

/**
 * Has a second process carry out a run, and returns its end. Only the parent of a program learns how it ended, and the steps that
 * follow must not depend on the process that a person or a job runner sees, kills and stops. Until the program starts, the second
 * process ends with this one.
 */
export async function superviseRun({
  connection,
  args,
}: Pick<RunCommandLine, 'connection' | 'args'>): Promise<ChildEnd> {
  const { stdio, places, unused } = layOut(inheritedDescriptors(), ['pipe'])
  const [place = 0] = places
  const node = [process.execPath, ...process.execArgv, process.argv[1] ?? '']
  // Given again, so that messages name them.
  const flags = Object.entries(connection).map(([name, value]) => `--${name}=${value}`)
  const command = [...node, ...flags, 'run', `${LIFELINE}${place}`, ...args]
  const script = `exec ${unused.map((fd) => `${fd}<&-`).join(' ')}\nexec "$@"`
  const [file = '', ...rest] =
    unused.length === 0
      ? command
      : ['/bin/sh', '-c', script, 'cli-ops', ...restoredEnvironment(), ...command]
  const child = spawn(file, rest, { stdio })
  const lifeline = child.stdio[place as 3] as Socket
  // It is never written to, and only the child decides how long this process runs.
  lifeline.on('error', () => undefined)
  lifeline.unref()
  const stopRelaying = relaySignals(child.pid ?? 0, { send: (signal) => void child.kill(signal) })
  const end = await endOf(child)
  stopRelaying()
  return end
}
