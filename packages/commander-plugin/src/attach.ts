import { type CliOpsOptions, type CommandRun, noteDisabledCli } from '@cli-ops/shared-ipc/command'

import type { CommanderProgram, HookEvent, HookListener } from './commander-program.js'
import { loadedMountOps, loadMountOps } from './lazy.js'
import { hasLock, isDisabled, lifecycleFor } from './lifecycle-for.js'
import type * as Lifecycle from './lifecycle.js'

/** What is known of a program that the plugin is on. */
export interface Attachment {
  readonly program: CommanderProgram
  readonly options: CliOpsOptions
  /** What further plugins on it were given. */
  readonly others: CliOpsOptions[]
  /** How its parse goes on; `undefined` where it is only known as a subcommand of the program that is parsed. */
  manner?: 'awaits' | 'goes on'
  /** The command that the parse in progress has come to. */
  leaf: CommanderProgram
  /** What commander has not given `leaf` its arguments in place of, while a hook of the host that it awaits stands before it. */
  unparsed?: unknown
  /** What the parse in progress has begun; `null` where that is not coordinated. */
  run?: CommandRun | null | undefined
}

// A preload and the host's own import are two copies of this file.
const KEY = Symbol.for('cli-ops.attached-programs')
type Global = typeof globalThis & { [KEY]?: WeakMap<CommanderProgram, Attachment> }
const attached = ((globalThis as Global)[KEY] ??= new WeakMap())

const WRAPPED_KEY = Symbol.for('cli-ops.wrapped-commanders')
type WrappedGlobal = typeof globalThis & { [WRAPPED_KEY]?: WeakSet<object> }
const wrapped = ((globalThis as WrappedGlobal)[WRAPPED_KEY] ??= new WeakSet())

/**
 * Coordinates a program. What is coordinated begins where commander has checked the arguments: before an action, an executable
 * subcommand or a listener to `command:…`, and where there is none of these, before `parse()` returns. Help, version and usage errors
 * come before that and cost nothing.
 */
export function attach(program: CommanderProgram, options: CliOpsOptions): void {
  const known = attached.get(program)
  if (known !== undefined) {
    if (options !== known.options && !known.others.includes(options)) known.others.push(options)
    return
  }
  const attachment: Attachment = { program, options, others: [], leaf: program }
  attached.set(program, attachment)
  wrapParses(program)
  hookFirst(program, 'preAction', (_program, command) => {
    attachment.leaf = command
    return isLeftAlone(attachment) ? undefined : lifecycleOf(attachment)?.enterAction(attachment)
  })
  watchDispatch(program, attachment, new WeakSet())
  if (options.ops !== undefined && options.ops !== false) loadMountOps().mountOps(program, options)
}

/**
 * Wraps the two methods through which every parse goes, on the class that commander itself made: a class derived from that may do its
 * work in a `parse()` of its own, which calls it. `parse()` goes on at once, so that a busy lock blocks in it; `parseAsync()` gives a
 * promise, which is awaited.
 */
function wrapParses(program: CommanderProgram): void {
  const prototype = commanderPrototype(program)
  if (wrapped.has(prototype)) return
  wrapped.add(prototype)
  replace(prototype, 'parse', (attachment, parse) => {
    const { manner: outer, run } = attachment
    begin(attachment, 'goes on')
    const result = parse()
    enterRest(attachment)
    // A parse within an action of this program.
    if (outer !== undefined) Object.assign(attachment, { manner: outer, run })
    return result
  })
  replace(prototype, 'parseAsync', (attachment, parseAsync) => {
    begin(attachment, 'awaits')
    const result = parseAsync() as Promise<unknown>
    // With an exit override a usage error is a rejection, which is seen only later; without, nothing comes back from one.
    if (attachment.program._exitCallback == null && hasReachedLeaf(attachment))
      enterRest(attachment)
    else
      return result.then((value) => {
        enterRest(attachment)
        return value
      })
    return result
  })
}

/** False where an asynchronous hook of the host before a subcommand has not settled: what follows is still to be parsed. */
function hasReachedLeaf({ leaf, unparsed }: Attachment): boolean {
  return leaf.processedArgs !== unparsed
}

/** The class of commander itself: the last one that parses. */
function commanderPrototype(program: CommanderProgram): object {
  let found: object = program
  for (
    let prototype: object | null = program;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype) as object | null
  ) {
    if (Object.hasOwn(prototype, 'parseAsync')) found = prototype
  }
  return found
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

function begin(attachment: Attachment, manner: 'awaits' | 'goes on'): void {
  attachment.manner = manner
  attachment.leaf = attachment.program
  attachment.unparsed = undefined
  attachment.run = undefined
}

/** Follows a parse down to its command, as commander tells of each subcommand on the way. */
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
    return lifecycleOf(attachment)?.enterExecutable(attachment)
  })
  const emit = command.emit.bind(command)
  const value = (...args: unknown[]): unknown => {
    const [event] = args
    // commander emits this also after an action, which has begun the command then.
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

/** A program within a coordinated program is the outer one's command; and looking must not change what is looked at. */
function isLeftAlone({ program, leaf }: Attachment): boolean {
  if (loadedMountOps()?.isOpsCommand(leaf) === true) return true
  for (let { parent } = program; parent !== null; { parent } = parent) {
    if (attached.has(parent)) return true
  }
  return false
}

/** Adds a hook before those of the host, which belong to the command, where this commander keeps its hooks in a list. */
function hookFirst(command: CommanderProgram, event: HookEvent, listener: HookListener): void {
  command.hook(event, listener)
  const listeners = command._lifeCycleHooks?.[event]
  if (!Array.isArray(listeners) || listeners.at(-1) !== listener) return
  listeners.pop()
  listeners.unshift(listener)
}

type Method = (...args: unknown[]) => unknown

/** Puts a function before a method of commander's class, for the programs that the plugin is on. */
function replace(
  prototype: object,
  name: 'parse' | 'parseAsync',
  wrapper: (attachment: Attachment, parse: () => unknown) => unknown,
): void {
  const original = (prototype as Record<string, Method>)[name] as Method
  const value = function (this: CommanderProgram, ...args: unknown[]): unknown {
    const parse = (): unknown => Reflect.apply(original, this, args)
    const attachment = attached.get(this)
    return attachment === undefined ? parse() : wrapper(attachment, parse)
  }
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
}
