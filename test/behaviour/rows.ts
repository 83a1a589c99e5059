/** What a way of ending must look like from outside. */
export interface Row {
  /** One of the endings of `endings.mjs`. */
  readonly ending: string
  /** Sent once the host says that it is ready. */
  readonly send?: NodeJS.Signals
  readonly exitCode: number | null
  readonly signal?: NodeJS.Signals
  /** The command's last lifecycle event; for a killed process, the next process to notice stores it. */
  readonly last: 'command:completed' | 'command:failed'
  /** Fields of that event. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** The exit code of a killed process is unknown. */
const KILLED = { exitCode: null }
const HOST_ERROR = { name: 'HostError', code: 'E_HOST' }

/** The behaviour table: every framework must show each row. */
export const ROWS: readonly Row[] = [
  { ending: 'returns', exitCode: 0, last: 'command:completed', fields: { exitCode: 0 } },
  { ending: 'resolves', exitCode: 0, last: 'command:completed', fields: { exitCode: 0 } },
  {
    ending: 'throws',
    exitCode: 1,
    last: 'command:failed',
    fields: { exitCode: 1, error: HOST_ERROR },
  },
  {
    ending: 'rejects',
    exitCode: 1,
    last: 'command:failed',
    fields: { exitCode: 1, error: HOST_ERROR },
  },
  {
    ending: 'throws in a callback',
    exitCode: 1,
    last: 'command:failed',
    fields: { exitCode: 1, error: HOST_ERROR },
  },
  {
    ending: 'goes on in a callback',
    exitCode: 0,
    last: 'command:completed',
    fields: { exitCode: 0 },
  },
  { ending: 'process.exit()', exitCode: 0, last: 'command:completed', fields: { exitCode: 0 } },
  {
    ending: 'process.exit(0) after a wait',
    exitCode: 0,
    last: 'command:completed',
    fields: { exitCode: 0 },
  },
  { ending: 'process.exit(5)', exitCode: 5, last: 'command:failed', fields: { exitCode: 5 } },
  { ending: 'process.exitCode = 3', exitCode: 3, last: 'command:failed', fields: { exitCode: 3 } },
  {
    ending: 'process.exitCode set by a late exit listener',
    exitCode: 4,
    last: 'command:failed',
    fields: { exitCode: 4 },
  },
  {
    ending: 'SIGINT',
    send: 'SIGINT',
    exitCode: null,
    signal: 'SIGINT',
    last: 'command:failed',
    fields: KILLED,
  },
  {
    ending: 'SIGTERM',
    send: 'SIGTERM',
    exitCode: null,
    signal: 'SIGTERM',
    last: 'command:failed',
    fields: KILLED,
  },
  {
    ending: 'SIGHUP',
    send: 'SIGHUP',
    exitCode: null,
    signal: 'SIGHUP',
    last: 'command:failed',
    fields: KILLED,
  },
  {
    ending: 'SIGKILL',
    send: 'SIGKILL',
    exitCode: null,
    signal: 'SIGKILL',
    last: 'command:failed',
    fields: KILLED,
  },
  {
    ending: 'SIGTERM with a listener of the host',
    send: 'SIGTERM',
    exitCode: 9,
    last: 'command:failed',
    fields: { exitCode: 9 },
  },
]
