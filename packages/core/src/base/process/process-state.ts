import { path } from '../builtins.js'
import { writeStderr } from './write-stderr.js'

/** Raised with each change of a part below that a copy of the kit from before would misread. */
const PROTOCOL = 1

/** What several copies of the kit in one process share. `protocol` and `isTold` are read by every version and never change. */
interface ProcessState {
  readonly protocol: number
  /** Somebody has said that there are copies which cannot share. */
  isTold?: boolean
  readonly parts: Record<string, object | undefined>
}

const KEY = Symbol.for('@cli-ops/shared-ipc')
type Global = typeof globalThis & { [KEY]?: ProcessState }

let own: ProcessState | undefined

/**
 * Returns a part of the state that all copies of the kit in this process share, a CLI's, its plugin's and a preload's; made at
 * first use. Of copies with different protocols only the newest share: an older one goes on alone, and takes no locks.
 */
export function processPart<T extends object>(name: string, create: () => T): T {
  const { parts } = processState()
  return (parts[name] ??= create()) as T
}

/** Whether a newer copy of the kit, which this one cannot share with, is in the process. */
export function isOutdatedCopy(): boolean {
  return processState() !== (globalThis as Global)[KEY]
}

function processState(): ProcessState {
  const scope = globalThis as Global
  const current = scope[KEY]
  if (current !== undefined && current === own) return own
  if (current?.protocol === PROTOCOL) return (own = current)
  own ??= { protocol: PROTOCOL, parts: {} }
  if (current !== undefined && current.isTold !== true) tell(current.protocol)
  if (current !== undefined && current.protocol > PROTOCOL) current.isTold = true
  else {
    own.isTold = current !== undefined
    scope[KEY] = own
  }
  return own
}

/** Not with `say()`, which asks the state for the name of the program. */
function tell(other: number): void {
  const older = Math.min(other, PROTOCOL)
  const newer = Math.max(other, PROTOCOL)
  const program = path.basename(process.argv[1] ?? 'node')
  writeStderr(
    `${program}: two copies of @cli-ops/shared-ipc that cannot work together are loaded (state ${older} and ${newer}); the older one takes no locks: update it, "npm ls @cli-ops/shared-ipc" shows where it is\n`,
  )
}
