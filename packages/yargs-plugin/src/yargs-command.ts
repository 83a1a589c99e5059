import {
  internalsOf,
  type ParsedArguments,
  type ShownCommand,
  type YargsCommandLevel,
  type YargsInstance,
} from './yargs-instance.js'

/** yargs' markers for the default command. */
const DEFAULT_COMMANDS: ReadonlySet<string> = new Set(['$0', '*'])

/** The handler that yargs assigns to a command declared without one. */
const NO_HANDLER = /^\(\)\s*=>\s*\{\s*\}$/u

/**
 * Returns the path of the running command, by the names under which its parts were declared, whichever alias was
 * typed; empty for the default command. If yargs does not expose it, the first word stands in.
 */
export function commandPath(yargs: YargsInstance | undefined, argv: ParsedArguments): string {
  return pathNames(yargs, argv)?.join(' ') ?? String(argv._[0] ?? '')
}

/**
 * Returns whether yargs is about to call a handler. If there is none, the program itself acts on the arguments that
 * `parse()` returns. Returns `true` if yargs does not expose this.
 */
export function hasHandler(yargs: YargsInstance | undefined, argv: ParsedArguments): boolean {
  const internals = internalsOf(yargs)
  const path = pathNames(yargs, argv)
  if (path === undefined) return true
  // yargs sets this once it has found a handler to call, including the default command's.
  if (path.length === 0 && internals?.getHasOutput?.() === false) return false
  const { handler } = handlerOf(yargs, argv) ?? {}
  return (
    typeof handler !== 'function' || !NO_HANDLER.test(Function.prototype.toString.call(handler))
  )
}

/** Returns whether yargs answered `--help` or `--version` itself and, asked not to exit, continues without a command. */
export function isHelpRun(yargs: YargsInstance | undefined, argv: ParsedArguments): boolean {
  if (argv['help'] !== true && argv['version'] !== true) return false
  return declaredPath(yargs)?.length === 0 && internalsOf(yargs)?.getHasOutput?.() === true
}

/** Returns the program's top-level commands: below a command, yargs sets them aside. */
export function topCommands(yargs: YargsInstance | undefined): YargsCommandLevel | undefined {
  const commands = internalsOf(yargs)?.getCommandInstance?.()
  return commands?.frozens?.[0] ?? commands
}

/** The path as it was typed, with aliases; empty where yargs has left the command. */
export function typedPath(yargs: YargsInstance | undefined): string {
  return internalsOf(yargs)?.getContext?.()?.commands?.join(' ') ?? ''
}

/**
 * Returns the names of the default command among those below the running one: it runs if none of them was typed. yargs shows them in
 * its help.
 */
export function defaultNames(yargs: YargsInstance | undefined): readonly string[] {
  const [command = '', , , aliases = []] = shownDefault(yargs) ?? []
  return [command.split(' ', 1)[0] ?? '', ...aliases].filter((name) => !DEFAULT_COMMANDS.has(name))
}

function shownDefault(yargs: YargsInstance | undefined): ShownCommand | undefined {
  const shown = internalsOf(yargs)?.getUsageInstance?.()?.getCommands?.() ?? []
  return shown.find(([, , isDefault]) => isDefault)
}

/**
 * Returns whether a builder only reads the arguments (`await yargs.argv`): the command that they name is still to come, and yargs
 * has not reached its handler yet.
 */
export function isLook(yargs: YargsInstance | undefined): boolean {
  const isBelow = (internalsOf(yargs)?.getContext?.()?.fullCommands?.length ?? 0) > 0
  return isBelow && internalsOf(yargs)?.getHasOutput?.() === false
}

/** Wraps a handler, once. Returns false if it is out of reach. */
export type WrapHandler = (wrapper: (handler: () => unknown) => unknown) => boolean

/**
 * Finds the handler that is about to run. Must be called before anything is awaited, since yargs then leaves the command; below another
 * command, the handler is out of reach.
 */
export function findHandler(yargs: YargsInstance | undefined, argv: ParsedArguments): WrapHandler {
  const command = handlerOf(yargs, argv)
  return (wrapper) => {
    const handler = command?.handler
    if (command === undefined || typeof handler !== 'function') return false
    command.handler = function (this: unknown, ...args: unknown[]): unknown {
      command.handler = handler
      return wrapper(() => Reflect.apply(handler, this, args) as unknown)
    }
    return true
  }
}

/** Returns yargs' data on the running command, if it is a top-level one. */
function handlerOf(
  yargs: YargsInstance | undefined,
  argv: ParsedArguments,
): { handler?: unknown } | undefined {
  const path = pathNames(yargs, argv)
  const level = topCommands(yargs)
  if (path === undefined || level === undefined || path.length > 1) return undefined
  if (path[0] === undefined) return level.defaultCommand
  // Its own handler does not run if one of the commands below it is the default.
  return shownDefault(yargs) === undefined ? level.handlers?.[path[0]] : undefined
}

/** Returns the path as yargs' own usage shows it: after an asynchronous middleware, yargs has already left the command for its parent. */
function shownPath(yargs: YargsInstance | undefined, argv: ParsedArguments): string[] {
  const { handlers = {}, aliasMap = {} } = topCommands(yargs) ?? {}
  const first = String(argv._[0] ?? '')
  const name = Object.hasOwn(handlers, first)
    ? first
    : Object.hasOwn(aliasMap, first)
      ? aliasMap[first]
      : undefined
  if (name === undefined) return []
  const [usage = ''] = internalsOf(yargs)?.getUsageInstance?.()?.getUsage?.()[0] ?? []
  const [script, ...words] = usage.split(' ')
  if (script !== '$0') return [name]
  // The arguments of parent commands come between the names.
  const names = words.filter((word) => !/^[<[]/u.test(word))
  return [name, ...names.slice(1, argv._.length)]
}

/** Returns whether yargs has left the command for its parent, as after an asynchronous middleware: it awaits what follows. */
export function isLeft(yargs: YargsInstance | undefined, argv: ParsedArguments): boolean {
  const { length } = declaredPath(yargs) ?? []
  return (pathNames(yargs, argv) ?? []).length > length
}

/** Returns the names of the running command and its parents; `undefined` if yargs does not expose them. */
function pathNames(yargs: YargsInstance | undefined, argv: ParsedArguments): string[] | undefined {
  const declared = declaredPath(yargs)
  if (declared === undefined) return undefined
  const shown = shownPath(yargs, argv)
  const isBelow = shown.length > declared.length && declared.every((name, i) => name === shown[i])
  return isBelow ? shown : declared
}

function declaredPath(yargs: YargsInstance | undefined): string[] | undefined {
  return internalsOf(yargs)
    ?.getContext?.()
    ?.fullCommands?.map((command) => command.trim().split(/\s/u, 1)[0] ?? '')
    .filter((name) => !DEFAULT_COMMANDS.has(name))
}
