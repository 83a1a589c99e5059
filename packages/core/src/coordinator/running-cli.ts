import type { ConnectionOptions } from '../options/connection-options.js'

/** The CLI that runs in this process with a plugin. */
export interface RunningCli {
  readonly name: string
  readonly version: string | undefined
  readonly connection: ConnectionOptions
}

// The plugin and the code that asks may have two copies of the kit.
const KEY = Symbol.for('cli-ops.running-cli')
type Global = typeof globalThis & { [KEY]?: RunningCli }

/** Makes a CLI the running one. */
export function setRunningCli(cli: RunningCli): void {
  ;(globalThis as Global)[KEY] = cli
}

/** The running CLI, where a plugin has said which. */
export function runningCli(): RunningCli | undefined {
  return (globalThis as Global)[KEY]
}
