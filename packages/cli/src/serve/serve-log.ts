import { jsonLine, say } from '@cli-ops/shared-ipc/ops'

import { limitRepeats } from './repeated-lines.js'

/** A hub's log on stderr: one line for each message, safe on a terminal. */
export interface ServeLog {
  /** What an operator must know. */
  readonly important: (line: string) => void
  /** Normal operation. */
  readonly routine: (line: string) => void
}

/** Creates a log. With `json`, a line is `{ time, message }`; with `quiet`, routine lines are omitted. */
export function createServeLog({
  json = false,
  quiet = false,
}: {
  readonly json?: boolean
  readonly quiet?: boolean
}): ServeLog {
  // A log without a reader must not end the hub.
  process.stderr.on('error', () => undefined)
  const important = json ? writeJson : say
  return { important, routine: quiet ? () => undefined : limitRepeats(important) }
}

function writeJson(message: string): void {
  process.stderr.write(`${jsonLine({ time: new Date().toISOString(), message })}\n`)
}
