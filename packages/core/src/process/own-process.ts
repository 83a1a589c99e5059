import { randomId } from '../names/random-id.js'
import { path } from './builtins.js'
import { processStartedAt } from './monotonic-time.js'
import { ownIdentity, type ProcessIdentity } from './process-identity.js'

/** What this process says of itself in lock entries, registry records and events. */
export interface OwnProcess {
  readonly identity: ProcessIdentity
  /** Random, new for each process and thread; part of every lock id and event id made here. */
  readonly instance: string
  readonly host: string
  readonly user: string
  readonly startedAt: Date
  /** Name of the CLI; the program's file name until {@link describeOwnProcess} was called. */
  name: string
  /** Path of the running command without its arguments, which may hold secrets. */
  command?: string
}

// Two copies of the kit in one process must be one instance, hence the global symbol.
const KEY = Symbol.for('cli-ops.own-process')
type Global = typeof globalThis & { [KEY]?: OwnProcess }

/** Returns the one description of this process, made at first use. */
export function ownProcess(): OwnProcess {
  return ((globalThis as Global)[KEY] ??= describeThisProcess())
}

function describeThisProcess(): OwnProcess {
  let host: string | undefined
  let user: string | undefined
  return {
    identity: ownIdentity(),
    instance: randomId(),
    // Only locks say where and by whom they are held, so only they pay for node:os. It looks the user up each time.
    get host() {
      return (host ??= process.getBuiltinModule('node:os').hostname())
    },
    get user() {
      return (user ??= userName())
    },
    startedAt: new Date(processStartedAt()),
    name: programName(),
  }
}

/** Sets the name and command that other processes are shown. */
export function describeOwnProcess(facts: {
  readonly name?: string
  readonly command?: string
}): void {
  Object.assign(ownProcess(), facts)
}

function programName(): string {
  const script = process.argv[1]
  return script === undefined ? 'node' : path.basename(script, path.extname(script)) || 'node'
}

function userName(): string {
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    // A container may run a uid that has no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
