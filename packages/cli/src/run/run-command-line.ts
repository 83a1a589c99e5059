import type { ConnectionFlags } from '../use-connection.js'
import { RUN_FLAGS, type RunFlag } from './run-flags.js'

/** A command line that runs a program. */
export interface RunCommandLine {
  /** The options before the command. */
  readonly connection: ConnectionFlags
  /** The arguments after `run`. */
  readonly args: readonly string[]
  /** The descriptor that shows whether the parent process is alive: see `superviseRun`. */
  readonly lifeline: number | undefined
  readonly options: Readonly<Record<string, string | boolean>>
  readonly program: readonly string[]
}

/** Precedes the descriptor of a supervised process; internal, so the help does not mention it. */
export const LIFELINE = '--lifeline='

const CONNECTION_FLAGS: readonly RunFlag[] = ['home', 'namespace', 'url'].map((key) => ({
  flags: `--${key} <value>`,
  key,
  description: '',
}))

/**
 * Parses a command line of `cli-ops run` as commander does, which takes longer to load than most of a run. Returns `undefined` for
 * every other command line, for help, and for any error: commander reports it.
 */
export function parseRunCommandLine(args: readonly string[]): RunCommandLine | undefined {
  const before = readFlags(args, CONNECTION_FLAGS)
  if (before === undefined || before.rest[0] !== 'run' || before.isEnded) return undefined
  const behind = before.rest.slice(1)
  const isSupervised = behind[0]?.startsWith(LIFELINE) === true
  const own = isSupervised ? behind.slice(1) : behind
  const found = readFlags(own, RUN_FLAGS)
  if (found?.options['lock'] === undefined || found.rest.length === 0) return undefined
  return {
    connection: before.options,
    args: own,
    lifeline: isSupervised ? Number(behind[0]?.slice(LIFELINE.length)) : undefined,
    options: found.options,
    program: found.rest,
  }
}

/** The options before the first non-option argument. */
interface Flags {
  readonly options: Readonly<Record<string, string | boolean>>
  readonly rest: readonly string[]
  /** True if the options ended with `--`. */
  readonly isEnded: boolean
}

function readFlags(args: readonly string[], known: readonly RunFlag[]): Flags | undefined {
  const options: Record<string, string | boolean> = {}
  let index = 0
  for (; index < args.length; index += 1) {
    const arg = args[index] ?? ''
    if (arg === '--') return { options, rest: args.slice(index + 1), isEnded: true }
    if (!arg.startsWith('-') || arg === '-') break
    const [name, attached] = arg.startsWith('--') ? splitLong(arg) : splitShort(arg)
    const flag = known.find(({ flags }) => flags.split(/[ ,]+/u).includes(name))
    if (flag === undefined) return undefined
    const opposite = flag.value === undefined ? 'boolean' : 'string'
    // Options that contradict each other.
    if (typeof options[flag.key] === opposite) return undefined
    if (flag.value !== undefined) {
      // Combined short options are left to commander.
      if (attached !== undefined) return undefined
      options[flag.key] = flag.value
      continue
    }
    if (attached === undefined) index += 1
    const value = attached ?? args[index]
    if (value === undefined) return undefined
    options[flag.key] = value
  }
  return { options, rest: args.slice(index), isEnded: false }
}

function splitLong(arg: string): [string, string?] {
  const at = arg.indexOf('=')
  return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)]
}

function splitShort(arg: string): [string, string?] {
  return arg.length === 2 ? [arg] : [arg.slice(0, 2), arg.slice(2)]
}
