import type { Argv } from 'yargs'

/**
 * The parts of a yargs instance that the plugin reads beyond its public interface, in 17 and 18. The plugin checks for
 * every part before using it, and works without it.
 */
export interface YargsInternals {
  /** The commands on the way to the running one, as they were declared: `['task', 'add <title>']`. */
  readonly getContext?: () =>
    { readonly commands?: string[]; readonly fullCommands?: string[] } | undefined
  /** True once something was printed or a handler is about to be called. */
  readonly getHasOutput?: () => boolean
  readonly getUsageInstance?: () => YargsUsage | undefined
  readonly hasParseCallback?: () => boolean
  readonly getCommandInstance?: () => YargsCommands
}

/** The commands of one level. */
export interface YargsCommandLevel {
  readonly handlers?: Readonly<Record<string, { handler?: unknown; readonly builder?: unknown }>>
  readonly aliasMap?: Readonly<Record<string, string>>
  readonly defaultCommand?: { handler?: unknown }
}

/** The commands of an instance. */
export interface YargsCommands extends YargsCommandLevel {
  /** What each current parse will restore when it ends, the outermost first. */
  readonly frozens?: readonly YargsCommandLevel[]
  /** Restores the commands as they were before a parse, once the handler has returned or settled. */
  unfreeze?: () => void
}

/** An instance's usage output. */
interface YargsUsage {
  fail?: YargsFail
  /** The lines of usage, each with its description. */
  getUsage?(): readonly (readonly [string, string])[]
  /** The commands below the running one. */
  getCommands?(): readonly ShownCommand[]
}

/** A command as usage shows it: with its description, whether it is the default, and its aliases. */
export type ShownCommand = readonly [string, string, boolean, readonly string[]]

/** Prints a failure and ends the process, or calls the host's own `.fail()`. */
export type YargsFail = (message: string | null, error?: unknown) => unknown

/** A yargs instance, of any copy. */
export type YargsInstance = Pick<Argv, 'argv' | 'exit'> & {
  readonly getExitProcess?: () => boolean
  readonly getInternalMethods?: () => YargsInternals
}

/** The arguments as yargs passes them to middleware and handlers. */
export interface ParsedArguments {
  readonly _: readonly (string | number)[]
  readonly $0: string
  readonly [name: string]: unknown
}

/** Callbacks about a handler. */
export interface HandlerObserver {
  /** It has failed, and yargs is about to print that. */
  failed(error: unknown): void
  /** The parse is over: the handler has returned or settled. */
  ended(): void
}

/**
 * Observes the handler that is about to run, without changing what yargs does. Returns false if yargs does not expose
 * it. Nothing is observed after a synchronous throw: see {@link afterThrow}.
 */
export function observeHandler(
  yargs: YargsInstance | undefined,
  observer: HandlerObserver,
): boolean {
  const internals = internalsOf(yargs)
  const usage: Pick<YargsUsage, 'fail'> | undefined = internals?.getUsageInstance?.()
  const undoFail = replace(usage, 'fail', (fail, args) => {
    const [, error] = args
    if (error !== undefined) observer.failed(error)
    return fail(...args)
  })
  const commands = internals?.getCommandInstance?.()
  const undoUnfreeze = replace(commands, 'unfreeze', (unfreeze) => {
    unfreeze()
    // A builder or a handler can itself parse with the same instance.
    if ((commands?.frozens?.length ?? 0) > 0) return
    undoUnfreeze()
    undoFail()
    observer.ended()
  })
  return commands?.unfreeze !== undefined
}

/**
 * Calls `listener` if something throws synchronously before yargs leaves the current command, which it does as soon as the handler, or
 * middleware before it, has returned. yargs lets such an error pass.
 */
export function afterThrow(yargs: YargsInstance | undefined, listener: () => void): void {
  const commands = internalsOf(yargs)?.getContext?.()?.fullCommands
  const depth = commands?.length ?? 0
  if (depth === 0) return
  void Promise.resolve().then(() => {
    if (commands !== undefined && commands.length >= depth) listener()
  })
}

/**
 * Restores an instance as it was before the parse, which yargs omits after a throw in a synchronous one: the next line of a REPL
 * would be parsed in the middle of this one.
 */
export function endParse(yargs: YargsInstance | undefined): void {
  leaveCommands(yargs)
  if (yargs === undefined) return
  const prototype = Object.getPrototypeOf(yargs) as Record<symbol, unknown>
  const name = Object.getOwnPropertySymbols(prototype).find(
    ({ description }) => description === 'unfreeze',
  )
  const unfreeze = name === undefined ? undefined : prototype[name]
  if (typeof unfreeze === 'function') Reflect.apply(unfreeze, yargs, [])
}

/**
 * Makes yargs forget its current command: the next one that it parses would otherwise count as a subcommand of it.
 */
export function leaveCommands(yargs: YargsInstance | undefined): void {
  const context = internalsOf(yargs)?.getContext?.()
  for (const commands of [context?.commands, context?.fullCommands]) commands?.splice(0)
}

/** Keeps yargs from printing its help for an error that the host receives. */
export function silenceFailure(yargs: YargsInstance | undefined, silent: unknown): void {
  const usage: Pick<YargsUsage, 'fail'> | undefined = internalsOf(yargs)?.getUsageInstance?.()
  const undo = replace(usage, 'fail', (fail, args) => {
    undo()
    return args[1] === silent ? undefined : fail(...args)
  })
}

type Method = (...args: never[]) => unknown

/** Wraps a method, if it exists. Returns a function that restores it. */
function replace<Name extends string, Original extends Method>(
  target: { [Key in Name]?: Original } | undefined,
  name: Name,
  wrapper: (original: Original, args: Parameters<Original>) => unknown,
): () => void {
  const original = target?.[name]
  if (target === undefined || typeof original !== 'function') return () => undefined
  const own = Object.getOwnPropertyDescriptor(target, name)
  const bound = original.bind(target) as Original
  const value = (...args: Parameters<Original>): unknown => wrapper(bound, args)
  Object.defineProperty(target, name, { configurable: true, writable: true, value })
  return () => {
    if (target[name] !== (value as unknown)) return
    if (own === undefined) Reflect.deleteProperty(target, name)
    else Object.defineProperty(target, name, own)
  }
}

/** Returns the internals of an instance, if this yargs has them. */
export function internalsOf(yargs: YargsInstance | undefined): YargsInternals | undefined {
  return yargs?.getInternalMethods?.()
}
