import { path } from '../builtins.js'
import { writeStderr } from './write-stderr.js'

/** Raised with each change to a part that an older copy of the kit would misread. */
const PROTOCOL = 1

/** State shared by several copies of the kit in one process. Every version reads `protocol` and `isTold`, which never change. */
interface ProcessState {
  readonly protocol: number
  /** A warning about incompatible copies was written. */
  isTold?: boolean
  readonly parts: Record<string, object | undefined>
}

const KEY = Symbol.for('@cli-ops/shared-ipc')
type Global = typeof globalThis & { [KEY]?: ProcessState }

let own: ProcessState | undefined

/**
 * Returns a part of the state shared by all copies of the kit in this process (a CLI's, its plugin's, a preload's), created on first
 * use. Of copies with different protocols, only the newest share it; an older one runs alone and takes no locks.
 */
export function processPart<T extends object>(name: string, create: () => T): T {
  const { parts } = processState()
  return (parts[name] ??= create()) as T
}

/** Returns whether the process contains a newer, incompatible copy of the kit. */
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

/** Does not use `say()`, which reads the program's name from the state. */
function tell(other: number): void {
  const older = Math.min(other, PROTOCOL)
  const newer = Math.max(other, PROTOCOL)
  const program = path.basename(process.argv[1] ?? 'node')
  writeStderr(
    `${program}: two incompatible copies of @cli-ops/shared-ipc are loaded (state ${older} and ${newer}); the older one takes no locks: update it, "npm ls @cli-ops/shared-ipc" shows where it is\n`,
  )
}
