import { isOn } from '../options/environment.js'
import { ownProcess } from '../process/own-process.js'

// Two copies of the kit in one process warn once, hence the global symbol.
const KEY = Symbol.for('cli-ops.said')
type Global = typeof globalThis & { [KEY]?: Set<string> }

/** Writes one line for people to stderr, prefixed with the CLI's own name. stdout belongs to the host. */
export function say(message: string): void {
  try {
    process.stderr.write(`${printable(`${ownProcess().name}: ${message}`)}\n`)
  } catch {
    // A closed stderr must not break the host.
  }
}

/** As {@link say}, but once per process for each key. */
export function warnOnce(key: string, message: string): void {
  const said = ((globalThis as Global)[KEY] ??= new Set())
  if (said.has(key)) return
  said.add(key)
  say(message)
}

/** Says what only somebody who looks for a fault wants to know, with `CLI_OPS_DEBUG=1`. */
export function debug(message: () => string): void {
  if (isOn(process.env['CLI_OPS_DEBUG'])) say(`debug: ${message()}`)
}

/** Text that is safe on a terminal and stays on one line. */
export function printable(text: string): string {
  // Names and error texts of other processes may carry escape sequences for the terminal.
  const unsafe =
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/gu
  return text.replace(unsafe, ' ')
}
