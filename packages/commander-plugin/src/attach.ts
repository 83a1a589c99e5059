import {
  type CliOpsOptions,
  type CommandInProgress,
  hasLock,
  noteDisabledCli,
} from '@cli-ops/shared-ipc/command'

import {
  type CommanderProgram,
  commanderPrototype,
  type HookEvent,
  type HookListener,
  isNamed,
} from './commander-program.js'
import { loadedMountOps, loadMountOps } from './lazy.js'
import { isDisabled, lifecycleFor } from './lifecycle-for.js'
import type * as Lifecycle from './lifecycle.js'

/** What a subcommand can be asked without a lock; `-h` and `-V` could be options of its own, as in `shutdown -h`. */
const FREE_OPTIONS: ReadonlySet<string> = new Set(['--help', '--version'])

/** The state of a program with the plugin. */
export interface Attachment {
  readonly program: CommanderProgram
  readonly options: CliOpsOptions
  /** Options of further plugins on it. */
  readonly others: CliOpsOptions[]
  /** How its parse continues; `undefined` if it is only known as a subcommand of the parsed program. */
  manner?: 'awaits' | 'goes on'
  /** The command that the current parse has reached. */
  leaf: CommanderProgram
  /** The arguments of `leaf` before commander replaces them, while a host's hook before it is awaited. */
  unparsed?: unknown
  /** The run that the current parse began; `null` if it is not coordinated. */
  run?: CommandInProgress | null | undefined
  /** Ends that run as failed, until its action is called. */
  fail?: (() => void) | undefined
}

// A preload and the host's own import are two copies of this file. A property is also seen through a proxy that the host puts around
// its program.
const KEY = Symbol.for('cli-ops.attachment')
type AttachedProgram = CommanderProgram & { [KEY]?: Attachment }

const WRAPPED_KEY = Symbol.for('cli-ops.wrapped-commanders')
type WrappedGlobal = typeof globalThis & { [WRAPPED_KEY]?: WeakSet<object> }
const wrapped = ((globalThis as WrappedGlobal)[WRAPPED_KEY] ??= new WeakSet())

/**
 * Coordinates a program. Coordination starts once commander has checked the arguments: before an action, an executable subcommand or
 * a `command:…` listener, and without any of these, before `parse()` returns. Help, version and usage errors end before that and cost
 * nothing.
 */
export function attach(program: CommanderProgram, options: CliOpsOptions): void {
  const known = attachmentOf(program)
  if (known !== undefined) {
    if (options !== known.options && !known.others.includes(options)) known.others.push(options)
    return
  }
  const attachment: Attachment = { program, options, others: [], leaf: program }
  Object.defineProperty(program, KEY, { value: attachment })
  wrapParses(program)
  hookFirst(program, 'preAction', (_program, command) => {
    attachment.leaf = command
    return isLeftAlone(attachment) ? undefined : lifecycleOf(attachment)?.enterAction(attachment)
  })
  watchDispatch(program, attachment, new WeakSet())
  if (options.ops !== undefined && options.ops !== false) loadMountOps().mountOps(program, options)
}

/**
 * Wraps the two methods that every parse goes through, on the class that commander itself defines: a derived class can do its work in
 * its own `parse()`, which calls the wrapped one. `parse()` continues immediately, so a busy lock blocks in it; `parseAsync()`
 * returns a promise, which is awaited.
 */
function wrapParses(program: CommanderProgram): void {
  const prototype = commanderPrototype(program)
  if (wrapped.has(prototype)) return
  wrapped.add(prototype)
  replace(prototype, 'parse', (attachment, parse) => {
    const { manner: outer, run } = attachment
    begin(attachment, 'goes on')
    let hasThrown = true
    try {
      const result = parse()
      hasThrown = false
      enterRest(attachment)
      return result
    } finally {
      if (hasThrown) attachment.fail?.()
      // A parse within an action of this program.
      if (outer !== undefined) Object.assign(attachment, { manner: outer, run })
    }
  })
  replace(prototype, 'parseAsync', (attachment, parseAsync) => {
    begin(attachment, 'awaits')
    const result = parseAsync() as Promise<unknown>
    // With an exit override, a usage error is a rejection that shows only later; without one, parsing does not return.
    if (attachment.program._exitCallback == null && hasReachedLeaf(attachment))
      enterRest(attachment)
    else
      return result.then(
        (value) => {
          enterRest(attachment)
          return value
        },
        (error: unknown) => {
          attachment.fail?.()
          throw error
        },
      )
    return result
  })
}

/** False while a host's asynchronous hook before a subcommand has not settled: the rest is still to be parsed. */
function hasReachedLeaf({ leaf, unparsed }: Attachment): boolean {
  return leaf.processedArgs !== unparsed
}

function enterRest(attachment: Attachment): void {
  if (attachment.run === undefined && !isLeftAlone(attachment))
    lifecycleOf(attachment)?.enterWithoutAction(attachment)
}

function lifecycleOf({ program, options }: Attachment): typeof Lifecycle | undefined {
  const { name = program.name(), version } = options
  if (isDisabled(options)) {
    noteDisabledCli(name, version ?? program.version())
    return undefined
  }
  return lifecycleFor({ name, needsLock: hasLock(options) })
}

function attachmentOf(program: AttachedProgram): Attachment | undefined {
  return program[KEY]
}

function begin(attachment: Attachment, manner: 'awaits' | 'goes on'): void {
  attachment.manner = manner
  attachment.leaf = attachment.program
  attachment.unparsed = undefined
  attachment.run = undefined
  attachment.fail = undefined
}

/** Follows a parse down to its command, as commander reports each subcommand on the way. */
function watchDispatch(
  command: CommanderProgram,
  attachment: Attachment,
  watched: WeakSet<CommanderProgram>,
): void {
  watched.add(command)
  hookFirst(command, 'preSubcommand', (_command, subcommand) => {
    attachment.leaf = subcommand
    attachment.unparsed = subcommand.processedArgs
    if (!watched.has(subcommand)) watchDispatch(subcommand, attachment, watched)
    if (subcommand._executableHandler !== true || isLeftAlone(attachment)) return undefined
    if (asksForHelp(command, subcommand)) return undefined
    return lifecycleOf(attachment)?.enterExecutable(attachment)
  })
  const emit = command.emit.bind(command)
  const value = (...args: unknown[]): unknown => {
    const [event] = args
    // commander also emits this after an action, which has begun the command by then.
    if (
      attachment.run === undefined &&
      typeof event === 'string' &&
      event.startsWith('command:') &&
      command.listenerCount(event) > 0 &&
      !isLeftAlone(attachment)
    )
      lifecycleOf(attachment)?.enterWithoutAction(attachment)
    return emit(...args)
  }
  Object.defineProperty(command, 'emit', { configurable: true, writable: true, value })
}

/**
 * Returns whether a subcommand that is its own program is only asked for its help or version, which that program answers: by nothing but
 * this option, or by `help <subcommand>`.
 */
function asksForHelp(command: CommanderProgram, subcommand: CommanderProgram): boolean {
  const [first, second, ...others] = command.args
  if (first === undefined || second === undefined || others.length > 0) return false
  return isNamed(subcommand, first)
    ? FREE_OPTIONS.has(second)
    : first === 'help' && isNamed(subcommand, second)
}

/**
 * A program inside a coordinated program is part of the outer command; and `ops` commands must not change what they
 * show.
 */
function isLeftAlone({ program, leaf }: Attachment): boolean {
  if (loadedMountOps()?.isOpsCommand(leaf) === true) return true
  for (let { parent } = program; parent !== null; { parent } = parent) {
    if (attachmentOf(parent) !== undefined) return true
  }
  return false
}

/** Adds a hook before the host's own, which belong to the command, if this commander keeps its hooks in a list. */
function hookFirst(command: CommanderProgram, event: HookEvent, listener: HookListener): void {
  // A derived class can have its own method, which is for the host's hooks.
  commanderPrototype(command).hook.call(command, event, listener)
  const listeners = command._lifeCycleHooks?.[event]
  if (!Array.isArray(listeners) || listeners.at(-1) !== listener) return
  listeners.pop()
  listeners.unshift(listener)
}

type Method = (...args: unknown[]) => unknown

/** Runs a function before a method of commander's class, for programs with the plugin. */
function replace(
  prototype: object,
  name: 'parse' | 'parseAsync',
  wrapper: (attachment: Attachment, parse: () => unknown) => unknown,
): void {
  const original = (prototype as Record<string, Method>)[name] as Method
  const value = function (this: CommanderProgram, ...args: unknown[]): unknown {
    const parse = (): unknown => Reflect.apply(original, this, args)
    const attachment = attachmentOf(this)
    return attachment === undefined ? parse() : wrapper(attachment, parse)
  }
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
}
