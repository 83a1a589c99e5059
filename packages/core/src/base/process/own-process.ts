import { randomId } from '../names/random-id.js'
import { path } from '../builtins.js'
import { processPart } from './process-state.js'
import { ownIdentity, type ProcessIdentity, readFact } from './process-identity.js'

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
  /** True once somebody has said what the CLI is called. */
  isNamed?: boolean
  /** Path of the running command without its arguments, which may hold secrets. */
  command?: string
}

/** Returns the one description of this process, made at first use. */
export function ownProcess(): OwnProcess {
  return processPart('own-process', describeThisProcess)
}

function describeThisProcess(name = programName()): OwnProcess {
  let host: string | undefined
  let user: string | undefined
  return {
    identity: ownIdentity(),
    instance: randomId(),
    // Only locks say where and by whom they are held.
    get host() {
      return (host ??= hostName())
    },
    get user() {
      return (user ??= userName())
    },
    // To the hundredth of a second, which is what people are shown: to know more every command would have to read a file.
    startedAt: new Date(Date.now() - process.uptime() * 1000),
    name,
  }
}

/** Sets the name and command that other processes are shown. */
export function describeOwnProcess(facts: {
  readonly name?: string
  readonly command?: string
}): void {
  const own = processPart('own-process', () => describeThisProcess(facts.name))
  Object.assign(own, facts)
  if (facts.name !== undefined) own.isNamed = true
}

function programName(): string {
  const script = process.argv[1]
  return script === undefined ? 'node' : path.basename(script, path.extname(script)) || 'node'
}

// To load node:os, and to look a user up in the system's table, cost a command more than to take the lock.
function hostName(): string {
  const name = process.platform === 'linux' ? readFact('/proc/sys/kernel/hostname').trimEnd() : ''
  return name || process.getBuiltinModule('node:os').hostname()
}

/** The user's name where the environment gives it: to look one up loads `node:os`, which costs a command 2 million instructions. */
export function userOfEnvironment(): string | undefined {
  const { USER: name, LOGNAME: login } = process.env
  return name || login || undefined
}

function userName(): string {
  const name = userOfEnvironment()
  if (name !== undefined) return name
  try {
    return process.getBuiltinModule('node:os').userInfo().username
  } catch {
    // A container may run a uid that has no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
