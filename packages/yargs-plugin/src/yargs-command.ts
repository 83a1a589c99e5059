import { internalsOf, type ParsedArguments, type YargsInstance } from './yargs-instance.js'

/** How yargs marks the default command. */
const DEFAULT_COMMANDS: ReadonlySet<string> = new Set(['$0', '*'])

/** What yargs takes for the handler of a command that was declared without one. */
const NO_HANDLER = /^\(\)\s*=>\s*\{\s*\}$/u

/**
 * Path of the command that runs, by the names under which its parts were declared, whatever alias was typed; empty for
 * the default command. Where yargs does not tell, the first word stands for it.
 */
export function commandPath(yargs: YargsInstance | undefined, argv: ParsedArguments): string {
  const declared = declaredPath(yargs)
  return declared === undefined ? String(argv._[0] ?? '') : declared.join(' ')
}

/**
 * Tells whether yargs is about to call a handler. Where there is none, the program itself acts on the arguments that
 * `parse()` returns. `true` where yargs does not tell.
 */
export function hasHandler(yargs: YargsInstance | undefined): boolean {
  const internals = internalsOf(yargs)
  const path = declaredPath(yargs)
  if (path === undefined) return true
  // yargs sets this when it has found a handler to call, the default command's included.
  if (path.length === 0) return internals?.getHasOutput?.() !== false
  if (path.length > 1) return true
  const handlers = internals?.getCommandInstance?.().frozens?.at(-1)?.handlers
  const { handler } = handlers?.[path[0] ?? ''] ?? {}
  return (
    typeof handler !== 'function' || !NO_HANDLER.test(Function.prototype.toString.call(handler))
  )
}

/** Tells whether yargs has answered `--help` or `--version` itself and, asked not to exit, goes on without a command. */
export function isHelpRun(yargs: YargsInstance | undefined, argv: ParsedArguments): boolean {
  if (argv['help'] !== true && argv['version'] !== true) return false
  return declaredPath(yargs)?.length === 0 && internalsOf(yargs)?.getHasOutput?.() === true
}

function declaredPath(yargs: YargsInstance | undefined): string[] | undefined {
  return internalsOf(yargs)
    ?.getContext?.()
    ?.fullCommands?.map((command) => command.trim().split(/\s/u, 1)[0] ?? '')
    .filter((name) => !DEFAULT_COMMANDS.has(name))
}
