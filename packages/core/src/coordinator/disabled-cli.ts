import { isOn } from '../base/process/environment.js'
import type { RunningCli } from './running-cli.js'

const KEY = Symbol.for('cli-ops.disabled-cli')
type Global = typeof globalThis & { [KEY]?: RunningCli }

/**
 * Notes that a plugin of this process is turned off, so that `useOps()` gives a coordinator that does nothing. It is separate from the
 * state that copies of the kit share, since a plugin that is turned off does not load that state.
 */
export function noteDisabledCli(name: string, version: string | undefined): void {
  ;(globalThis as Global)[KEY] ??= { name, version, connection: { disabled: true } }
}

/** Returns whether a plugin of this process, or every plugin, is turned off. */
export function isDisabledHere(): boolean {
  return disabledCli() !== undefined || isOn(process.env['CLI_OPS_DISABLED'])
}

/** The CLI whose plugin is turned off in this process. */
export function disabledCli(): RunningCli | undefined {
  return (globalThis as Global)[KEY]
}
