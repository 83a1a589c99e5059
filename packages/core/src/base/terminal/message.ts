import { isOn } from '../process/environment.js'
import { ownProcess } from '../process/own-process.js'
import { processPart } from '../process/process-state.js'
import { writeStderr } from '../process/write-stderr.js'
import { printable } from './printable.js'

/** Writes one line for people to stderr, prefixed with the CLI's own name. stdout belongs to the host. */
export function say(message: string): void {
  writeStderr(`${printable(`${ownProcess().name}: ${message}`)}\n`)
}

/** Like {@link say}, but once per process for each key. */
export function warnOnce(key: string, message: string): void {
  const said = processPart('said', () => new Set<string>())
  if (said.has(key)) return
  said.add(key)
  say(message)
}

/** Writes a line for debugging, only with `CLI_OPS_DEBUG=1`. */
export function debug(message: () => string): void {
  if (isOn(process.env['CLI_OPS_DEBUG'])) say(`debug: ${message()}`)
}
