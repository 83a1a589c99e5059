import { jsonLine, say } from '@cli-ops/shared-ipc/ops'

import { limitRepeats } from './repeated-lines.js'

/** What a hub says of its work, on stderr: one line for each thing, safe on a terminal. */
export interface ServeLog {
  /** What an operator must know. */
  readonly important: (line: string) => void
  /** What only says that things go on. */
  readonly routine: (line: string) => void
}

/** Makes a log; with `json` a line is `{ time, message }`, with `quiet` what is routine is left out. */
export function createServeLog({
  json = false,
  quiet = false,
}: {
  readonly json?: boolean
  readonly quiet?: boolean
}): ServeLog {
  // A log that nobody reads any more must not end the hub.
  process.stderr.on('error', () => undefined)
  const important = json ? writeJson : say
  return { important, routine: quiet ? () => undefined : limitRepeats(important) }
}

function writeJson(message: string): void {
  process.stderr.write(`${jsonLine({ time: new Date().toISOString(), message })}\n`)
}
