import type { Argv } from 'yargs'

/**
 * What the plugin reads of a yargs instance beyond its public interface, in 17 and 18. Every part is looked for before it
 * is used, and the service goes on without it.
 */
export interface YargsInternals {
  /** The commands on the way to the one that runs, as they were declared: `['task', 'add <title>']`. */
  readonly getContext?: () => { readonly fullCommands?: readonly string[] } | undefined
  /** True once something was printed or a handler is about to be called. */
  readonly getHasOutput?: () => boolean
  readonly getUsageInstance?: () => { fail?: YargsFail } | undefined
  readonly getCommandInstance?: () => YargsCommands
}

/** The commands of an instance. */
export interface YargsCommands {
  /** What a parse will put back when it ends: the top-level commands, by name. */
  readonly frozens?: readonly {
    readonly handlers?: Readonly<Record<string, { readonly handler?: unknown }>>
  }[]
  /** Puts the commands back as they were before a parse, when the handler has returned or settled. */
  unfreeze?: () => void
}

/** Prints a failure and ends the process, or calls the host's own `.fail()`. */
export type YargsFail = (message: string | null, error?: unknown) => unknown

/** A yargs instance, of any copy. */
export type YargsInstance = Pick<Argv, 'argv'> & {
  readonly getInternalMethods?: () => YargsInternals
}

/** The arguments as yargs hands them to middleware and handlers. */
export interface ParsedArguments {
  readonly _: readonly (string | number)[]
  readonly $0: string
  readonly [name: string]: unknown
}

/** What is heard of a handler. */
export interface HandlerObserver {
  /** It has failed; yargs is about to print that. */
  failed(error: unknown): void
  /** The parse is over: the handler has returned or settled. */
  ended(): void
}

/**
 * Listens to what becomes of the handler that is about to run; yargs does what it does as ever. Nothing is heard where
 * yargs does not tell, nor after a synchronous throw; the end of the process is what is left then.
 */
export function observeHandler(yargs: YargsInstance | undefined, observer: HandlerObserver): void {
  const internals = internalsOf(yargs)
  const usage = internals?.getUsageInstance?.()
  const undoFail = replace(usage, 'fail', (fail, args) => {
    const [, error] = args
    if (error !== undefined) observer.failed(error)
    return fail(...args)
  })
  const commands = internals?.getCommandInstance?.()
  const depth = commands?.frozens?.length ?? 0
  const undoUnfreeze = replace(commands, 'unfreeze', (unfreeze) => {
    unfreeze()
    // A handler may itself parse with the same instance.
    if ((commands?.frozens?.length ?? 0) >= depth) return
    undoUnfreeze()
    undoFail()
    observer.ended()
  })
}

type Method = (...args: never[]) => unknown

/** Puts a function before a method, where there is one. Returns a function that takes it back. */
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

/** The inner side of an instance, where this yargs has one. */
export function internalsOf(yargs: YargsInstance | undefined): YargsInternals | undefined {
  return yargs?.getInternalMethods?.()
}
