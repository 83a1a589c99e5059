import { randomId } from '../names/random-id.js'
import { path } from '../builtins.js'
import { processPart } from './process-state.js'
import { ownIdentity, type ProcessIdentity, readFact } from './process-identity.js'

/** This process's description in lock entries, registry records and events. */
export interface OwnProcess {
  readonly identity: ProcessIdentity
  /** Random, new for each process and thread; part of every lock id and event id made here. */
  readonly instance: string
  readonly host: string
  readonly user: string
  readonly startedAt: Date
  /** Name of the CLI; the program's file name until {@link describeOwnProcess} is called. */
  name: string
  /** True once the CLI's name was set. */
  isNamed?: boolean
  /** Path of the running command without its arguments, which can contain secrets. */
  command?: string
}

/** Returns the only description of this process, created on first use. */
export function ownProcess(): OwnProcess {
  return processPart('own-process', describeThisProcess)
}

function describeThisProcess(name = programName()): OwnProcess {
  let host: string | undefined
  let user: string | undefined
  return {
    identity: ownIdentity(),
    instance: randomId(),
    // Lazy, since only locks show host and user.
    get host() {
      return (host ??= hostName())
    },
    get user() {
      return (user ??= userName())
    },
    // To a hundredth of a second, which is what people see: more precision would make every command read a file.
    startedAt: new Date(Date.now() - process.uptime() * 1000),
    name,
  }
}

/** Sets the name and command that other processes see. */
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

// Loading node:os and looking up a user in the system's table cost a command more than taking the lock.
function hostName(): string {
  const name = process.platform === 'linux' ? readFact('/proc/sys/kernel/hostname').trimEnd() : ''
  return name || process.getBuiltinModule('node:os').hostname()
}

/** Returns the user's name if the environment contains it: a lookup loads `node:os`, which costs a command 2 million instructions. */
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
    // A container can run under a uid without a name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
